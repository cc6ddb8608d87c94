package fsa

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestBackgroundPauses: what fails in the background is begun again after a pause that
// doubles up to a minute, and begins at a second again for what has run for longer than
// that. App.Run needs a real socket, and so can't be run in a test's own time.
func TestBackgroundPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := New("acme", Config{Auth: []string{"none"}, Mode: "dev", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		var began []time.Duration
		start := time.Now()
		app.Background("worker", func(context.Context) error {
			began = append(began, time.Since(start).Round(time.Second))
			switch len(began) {
			case 9: // runs for a minute, which is not long enough
				time.Sleep(time.Minute)
			case 10:
				time.Sleep(time.Minute + time.Second)
			case 12:
				return nil
			}
			return errors.New("fails")
		})
		end := app.inBackground(t.Context())
		time.Sleep(time.Hour)
		synctest.Wait()
		var pauses []int
		for i, at := range began[1:] {
			pauses = append(pauses, int((at - began[i]).Seconds()))
		}
		if want := []int{1, 2, 4, 8, 16, 32, 60, 60, 120, 62, 2}; !slices.Equal(pauses, want) {
			t.Errorf("the pauses are %v, want %v", pauses, want)
		}
		if err := end(t.Context()); err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "the background has failed"); n != 11 {
			t.Errorf("%d failures are logged, want 11: %s", n, &log)
		}
	})
}

// TestBackgroundEnds: at the end of the server, what returns its context's error or nothing
// has done so as it should; anything else is logged, and what does not end is not waited
// for longer than others are patient.
func TestBackgroundEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		run    func(context.Context) error
		logged bool
	}{
		{"nil", func(context.Context) error { return nil }, false},
		{"canceled", func(ctx context.Context) error { return ctx.Err() }, false},
		{"fails", func(context.Context) error { return errors.New("half of it is written") }, true},
		{"panics", func(ctx context.Context) error { panic(ctx.Err()) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				app := New("acme", Config{Auth: []string{"none"}, Mode: "dev", Logger: slog.New(slog.NewTextHandler(&log, nil))})
				app.Background("worker", func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(time.Second)
					return c.run(ctx)
				})
				end := app.inBackground(t.Context())
				patience, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				if err := end(patience); err == nil || !strings.Contains(err.Error(), "did not end within") {
					t.Errorf("%v", err)
				}
				if err := end(context.Background()); err != nil {
					t.Error(err)
				}
				if logged := strings.Contains(log.String(), "has failed at its end"); logged != c.logged {
					t.Errorf("the log is %q", &log)
				}
			})
		})
	}
}
