package fsa

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/cache"
)

// LoginThrottle says how failed log-ins delay further ones. The zero value of a
// field is its default.
type LoginThrottle struct {
	// Free (free) is after how many failures of a login the delays begin, 1 to
	// 20. Default 5.
	Free int

	// Delay (delay, in seconds or as "2s") is the first delay. Each further
	// failure doubles it. At least 1 s. Default 1 s.
	Delay time.Duration

	// MaxDelay (max_delay, in seconds or as "15m") is the longest delay, from
	// 1 min to 24 h. Default 15 min.
	MaxDelay time.Duration

	// NetworkFactor (network_factor) is how many times as many failures a
	// network has as a login before it is delayed, 1 to 100. Default 10.
	NetworkFactor int

	// Counter keeps the counts. Several instances of an application that share
	// one count together. When it fails, no password is checked: 503. Default:
	// the memory of this process.
	Counter cache.Counter

	// Known keeps who has logged in from which network. When it fails, nobody
	// has. Default: the memory of this process.
	Known cache.Once
}

// bounds of LoginThrottle: beyond them it would be another name for no throttle,
// or for locked accounts.
const (
	mostFree          = 20
	leastDelay        = time.Second
	leastMaxDelay     = time.Minute
	mostDelay         = day
	mostNetworkFactor = 100
)

// throttle checks FSA_LOGIN_THROTTLE.
func (c *checker) throttle() {
	const directive = "FSA_LOGIN_THROTTLE"
	o := &c.LoginThrottle
	if c.InsecureNoLoginThrottle && (o.Free != 0 || o.Delay != 0 || o.MaxDelay != 0 || o.NetworkFactor != 0 || o.Counter != nil || o.Known != nil) {
		c.fault(directive, "is off, and has settings", "drop InsecureNoLoginThrottle or the settings of LoginThrottle")
	}
	orDefault(&o.Free, 5)
	orDefault(&o.Delay, time.Second)
	orDefault(&o.MaxDelay, 15*time.Minute)
	orDefault(&o.NetworkFactor, 10)
	if o.Free < 1 || o.Free > mostFree {
		c.fault(directive, fmt.Sprintf("free in it is %d", o.Free), fmt.Sprintf("use 1 to %d failures, or leave the default of 5", mostFree))
	}
	if o.Delay < leastDelay || o.Delay > mostDelay {
		c.fault(directive, fmt.Sprintf("delay in it is %v", o.Delay), fmt.Sprintf("use %v or more, or leave the default of 1s", leastDelay))
	}
	if o.MaxDelay < leastMaxDelay || o.MaxDelay > mostDelay {
		c.fault(directive, fmt.Sprintf("max_delay in it is %v", o.MaxDelay), fmt.Sprintf("use %v to %v, or leave the default of 15m", leastMaxDelay, mostDelay))
	}
	if o.Delay > o.MaxDelay {
		c.fault(directive, fmt.Sprintf("delay in it is %v, over the max_delay of %v", o.Delay, o.MaxDelay), "let the delays begin with a shorter one")
	}
	if o.NetworkFactor < 1 || o.NetworkFactor > mostNetworkFactor {
		c.fault(directive, fmt.Sprintf("network_factor in it is %d", o.NetworkFactor), fmt.Sprintf("use 1 to %d, or leave the default of 10", mostNetworkFactor))
	}
}

// throttleKeys are what a table of FSA_LOGIN_THROTTLE can hold.
var throttleKeys = []string{"free", "delay", "max_delay", "network_factor"}

func setLoginThrottle(c *Config, v any) error {
	switch v {
	case "off", false:
		c.InsecureNoLoginThrottle, c.LoginThrottle = true, LoginThrottle{}
		return nil
	case "on", true:
		c.InsecureNoLoginThrottle, c.LoginThrottle = false, LoginThrottle{}
		return nil
	}
	t, ok := v.(map[string]any)
	if !ok {
		return errors.New(`must be "off", or a table, as in {free = 5, delay = "1s", max_delay = "15m", network_factor = 10}`)
	}
	var o LoginThrottle
	for _, name := range slices.Sorted(maps.Keys(t)) {
		var err error
		switch v := t[name]; name {
		case "free":
			o.Free, err = positive(v)
		case "delay":
			o.Delay, err = positiveDuration(v)
		case "max_delay":
			o.MaxDelay, err = positiveDuration(v)
		case "network_factor":
			o.NetworkFactor, err = positive(v)
		default:
			return fmt.Errorf("%q in it is not known; it has %s", name, strings.Join(throttleKeys, ", "))
		}
		if err != nil {
			return fmt.Errorf(`%s in it %w, not %s; to have no throttle, set it to "off"`, name, err, shown(t[name]))
		}
	}
	c.InsecureNoLoginThrottle, c.LoginThrottle = false, o
	return nil
}

// positive reads a number that may not be 0: in a table of a file, 0 would be
// taken for "none".
func positive(v any) (int, error) {
	n, ok := v.(int64)
	if !ok || n <= 0 || n > math.MaxInt32 {
		return 0, errors.New("must be a positive integer")
	}
	return int(n), nil
}

func positiveDuration(v any) (time.Duration, error) {
	d, err := readDuration(time.Second, v)
	if err == nil && d == 0 {
		err = errors.New("must be more than 0")
	}
	return d, err
}
