package fsa_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestClientAddress: who is counted when a proxy has passed a request on. What a
// client says of itself, at the left, does not count.
func TestClientAddress(t *testing.T) {
	const proxy, other = "10.0.0.1:5000", "10.0.0.2:5000"
	type fields []string
	for _, c := range []struct {
		what      string
		from, to  string // peers
		said, now fields // header fields of those who fail, and of who comes then; %d is a number
		same      bool   // they are counted together
	}{
		{"no proxy: what it says is nothing", home, home, fields{"X-Forwarded-For", "203.0.%d.1"}, fields{"X-Forwarded-For", "192.0.2.1"}, true},
		{"by the proxy", proxy, other, fields{"X-Forwarded-For", "203.0.113.%d"}, fields{"X-Forwarded-For", "203.0.113.200"}, true},
		{"others by the proxy", proxy, proxy, fields{"X-Forwarded-For", "203.0.113.%d"}, fields{"X-Forwarded-For", "192.0.2.1"}, false},
		{"leftmost made up", proxy, proxy, fields{"X-Forwarded-For", "192.0.%d.1, 203.0.113.1"}, fields{"X-Forwarded-For", "198.51.100.1,203.0.113.1"}, true},
		{"a field made up", proxy, proxy, fields{"X-Forwarded-For", "192.0.%d.1", "X-Forwarded-For", "203.0.113.1"}, fields{"X-Forwarded-For", "203.0.113.1"}, true},
		{"two proxies", proxy, proxy, fields{"X-Forwarded-For", "192.0.%d.1, 203.0.113.1, 10.0.0.7"}, fields{"X-Forwarded-For", "203.0.113.1, 10.1.0.8"}, true},
		{"others by two proxies", proxy, proxy, fields{"X-Forwarded-For", "203.0.113.1, 10.0.0.7"}, fields{"X-Forwarded-For", "192.0.2.1, 10.0.0.7"}, false},
		{"a proxy is the client", proxy, proxy, fields{"X-Forwarded-For", "10.0.0.9"}, fields{"X-Forwarded-For", "10.0.0.9"}, true},
		{"with a port", proxy, proxy, fields{"X-Forwarded-For", "203.0.113.1:%d"}, fields{"X-Forwarded-For", "203.0.113.1"}, true},
		{"IPv6", proxy, proxy, fields{"X-Forwarded-For", "[2001:db8::%d]"}, fields{"X-Forwarded-For", "2001:db8::1"}, true},
		{"IPv6 with a port", proxy, proxy, fields{"X-Forwarded-For", "[2001:db8::%d]:9"}, fields{"X-Forwarded-For", "2001:db8::1"}, true},
		{"no address", proxy, proxy, fields{"X-Forwarded-For", "unknown%d"}, fields{"X-Forwarded-For", ""}, true},
		{"nobody named", proxy, proxy, nil, nil, false},
		{"Forwarded", proxy, proxy, fields{"Forwarded", "for=192.0.2.%d, for=203.0.113.1;proto=https"}, fields{"Forwarded", `proto=https;For="203.0.113.1:99"`}, true},
		{"Forwarded, IPv6", proxy, proxy, fields{"Forwarded", `for="[2001:db8::%d]:1"`}, fields{"Forwarded", `for="[2001:db8::1]"`}, true},
		{"Forwarded, a string left open", proxy, proxy, fields{"Forwarded", `for="192.0.2.%d, for=203.0.113.1`}, fields{"Forwarded", `for="198.51.100.1, for=203.0.113.2`}, true},
		{"both agree", proxy, proxy, fields{"X-Forwarded-For", "203.0.113.%d", "Forwarded", "for=203.0.113.%d"}, fields{"X-Forwarded-For", "203.0.113.1"}, true},
		{"the other is made up", proxy, proxy, fields{"X-Forwarded-For", "203.0.113.1", "Forwarded", "for=192.0.%d.1"}, fields{"X-Forwarded-For", "203.0.113.1", "Forwarded", "for=198.51.100.1"}, true},
		{"one is made up", proxy, proxy, fields{"X-Forwarded-For", "192.0.%d.1", "Forwarded", "for=203.0.113.1"}, fields{"X-Forwarded-For", "198.51.100.1", "Forwarded", "for=203.0.113.1"}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := throttled()
				cfg.TrustedProxies = []string{"10.0.0.0/8"}
				d := newDoor(t, cfg)
				for i := range 50 {
					var said fields
					for _, s := range c.said {
						said = append(said, strings.ReplaceAll(s, "%d", fmt.Sprint(i)))
					}
					d.expect("401", c.from, fmt.Sprint("user", i), "wrong", said...)
				}
				want := "200"
				if c.same {
					want = "429 1"
				}
				d.expect(want, c.to, "calvin", calvinPass, c.now...)
				time.Sleep(time.Second)
				d.expect("200", c.to, "calvin", calvinPass, c.now...)
			})
		})
	}
}

// TestUnixSocket: its peer has no address, and is no network.
func TestUnixSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t, throttled())
		for i := range 60 {
			d.fail(1, "@", fmt.Sprint("user", i))
		}
		d.fail(5, "@", "calvin")
		d.expect("429 1", "@", "calvin", calvinPass)
	})
}

// TestBehindProxy (S17): whoever lets the proxy's fields contradict each other is
// not taken for those who stand beside the proxy, and keeps none of them out.
func TestBehindProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := throttled()
		cfg.TrustedProxies = []string{"10.0.0.5/32"}
		d := newDoor(t, cfg)
		d.expect("200", "10.0.0.7:5000", "calvin", calvinPass)
		for range 8 {
			d.knock("10.0.0.5:5000", "calvin", "wrong", "X-Forwarded-For", "203.0.113.9", "Forwarded", "for=192.0.2.1")
		}
		d.expect("429 1", "10.0.0.5:5000", "calvin", calvinPass, "X-Forwarded-For", "203.0.113.9", "Forwarded", "for=192.0.2.1")
		d.expect("200", "10.0.0.7:5000", "calvin", calvinPass)
	})
}
