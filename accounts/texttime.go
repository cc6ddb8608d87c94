package accounts

import (
	"fmt"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// duration writes how long something takes, in the largest unit of which it is two
// at least, so that no language needs to tell one from many. Parts of a unit are
// rounded up: who waits for that long has waited enough.
func (c *catalog) duration(lang string, d time.Duration) (string, error) {
	for _, u := range []struct {
		unit time.Duration
		key  string
	}{{day, "time.days"}, {time.Hour, "time.hours"}, {time.Minute, "time.minutes"}} {
		if d >= 2*u.unit && (u.unit == time.Minute || d%u.unit == 0) {
			return c.say(lang, u.key, int((d+u.unit-1)/u.unit))
		}
	}
	if d > time.Minute {
		return c.say(lang, "time.minutes", 2)
	}
	return c.say(lang, "time.seconds", max(1, int((d+time.Second-1)/time.Second)))
}

// ago writes a time as seen from now: "5 min ago", after thirty days the date.
func (c *catalog) ago(lang string, t, now time.Time) (string, error) {
	d := now.Sub(t)
	switch {
	case d < time.Minute: // the clock of another instance may be ahead
		return c.say(lang, "time.now")
	case d < time.Hour:
		return c.say(lang, "time.ago", message{"time.minutes", []any{int(d / time.Minute)}})
	case d < 2*day:
		return c.say(lang, "time.ago", message{"time.hours", []any{int(d / time.Hour)}})
	case d < 30*day:
		return c.say(lang, "time.ago", message{"time.days", []any{int(d / day)}})
	}
	return c.date(lang, t)
}

// date writes a day, in UTC.
func (c *catalog) date(lang string, t time.Time) (string, error) {
	t = t.UTC()
	return c.say(lang, "time.date", t.Day(), message{key: "month." + strconv.Itoa(int(t.Month()))}, t.Year())
}

// exact writes a day and a time to the minute, in UTC, as it says.
func (c *catalog) exact(lang string, t time.Time) (string, error) {
	date, err := c.date(lang, t)
	if err != nil {
		return "", err
	}
	return c.say(lang, "time.exact", date, fmt.Sprintf("%02d:%02d", t.UTC().Hour(), t.UTC().Minute()))
}
