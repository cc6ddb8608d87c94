package param

import (
	"errors"
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar, without a time and without a zone.
// As text and in JSON it is YYYY-MM-DD; YYYYMMDD is read too. Dates are
// comparable with ==. The zero Date is no day at all.
type Date struct {
	Year  int        // 1 to 9999
	Month time.Month // 1 to 12
	Day   int        // 1 to 31
}

// DateOf gives the day of t in t's location.
func DateOf(t time.Time) Date {
	var d Date
	d.Year, d.Month, d.Day = t.Date()
	return d
}

// ParseDate reads YYYY-MM-DD or YYYYMMDD.
func ParseDate(s string) (Date, error) {
	if t, err := time.Parse(dateLayout(s), s); err == nil && t.Year() > 0 {
		return DateOf(t), nil
	}
	return Date{}, errors.New("not a date of the form YYYY-MM-DD")
}

// Time gives the beginning of the day in UTC, where every day has 24 hours.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Sub gives the number of days from e to d.
func (d Date) Sub(e Date) int { return int(d.Time().Sub(e.Time()) / (24 * time.Hour)) }

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// String gives YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText gives YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDate] reads.
func (d *Date) UnmarshalText(b []byte) error {
	e, err := ParseDate(string(b))
	if err == nil {
		*d = e
	}
	return err
}
