package fsa_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestBackground: what runs in the background begins with the server, learns of its
// end, and is waited for; what has failed is begun again; what is done is left.
func TestBackground(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	log := &logBuffer{}
	app := fsa.New("acme", fsa.Config{Auth: []string{"none"}, Mode: "dev", Logger: slog.New(slog.NewTextHandler(log, nil))})
	began := make(chan *string, 10)
	var ended, failures, done atomic.Int64
	app.Background("worker", func(ctx context.Context) error {
		base := app.BaseURL().String()
		began <- &base
		<-ctx.Done()
		time.Sleep(10 * time.Millisecond) // there is something to be finished
		ended.Add(1)
		return ctx.Err()
	})
	again := make(chan bool, 10)
	app.Background("fails", func(ctx context.Context) error {
		again <- true
		if failures.Add(1) == 1 {
			panic("the first time")
		}
		<-ctx.Done()
		return nil
	})
	app.Background("late", func(ctx context.Context) error {
		<-ctx.Done()
		return errors.New("the last page is not written")
	})
	app.Background("done", func(context.Context) error { done.Add(1); return nil })
	fsa.Get(app, "/x", authz.Open(), func(context.Context, fsa.None) (string, error) { return "there", nil })
	if app.BaseURL() != nil {
		t.Error(app.BaseURL())
	}
	stopped := make(chan error, 1)
	go func() { stopped <- app.Run(ctx, "127.0.0.1:0") }()
	base := *<-began
	if !strings.HasPrefix(base, "http://localhost:") {
		t.Error(base)
	}
	answer, err := http.Get(strings.Replace(base, "localhost", "127.0.0.1", 1) + "/x")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	if string(body) != "there" {
		t.Errorf("%q", body)
	}
	<-again
	<-again
	stop()
	if err := <-stopped; err != nil || ended.Load() != 1 || failures.Load() != 2 || done.Load() != 1 {
		t.Errorf("%v, ended %d, failed %d, done %d", err, ended.Load(), failures.Load(), done.Load())
	}
	if !contains(log.String(), "the background has failed", "name=fails", "the first time", "again in", "name=late", "the last page is not written") || strings.Contains(log.String(), "name=worker") {
		t.Error(log.String())
	}
}

// TestCheckAlso: what other packages find wrong stands beside all other faults.
func TestCheckAlso(t *testing.T) {
	app := fsa.New("acme", fsa.Config{Auth: []string{"basic"}})
	app.CheckAlso(func() error {
		return errors.Join(&fsa.ConfigError{Directive: "FSA_MINE", Problem: "is wrong", Remedy: "mend it"}, errors.New("something is wrong; mend that, too"))
	})
	app.CheckAlso(func() error { panic("mine") })
	app.CheckAlso(func() error { return nil })
	app.CheckAlso(nil)
	app.Background("", nil)
	got := faultsOf(t, app)
	all := strings.Join(got, "\n")
	if !contains(all, "FSA_MINE: is wrong", "mend it", "something is wrong", "mend that, too", "mine", "app.CheckAlso is nil", `app.Background("") is nil`, "nothing knows passwords") {
		t.Error(all)
	}
}

// TestAccessors: what other packages may know of an application.
func TestAccessors(t *testing.T) {
	app := fsa.New("acme", fsa.Config{Auth: []string{"none"}, Mode: "debug2", BaseURL: "https://www.example.com"})
	base := app.BaseURL()
	base.Host = "evil.example"
	if app.Name() != "acme" || app.Mode() != "debug2" || app.BaseURL().String() != "https://www.example.com" {
		t.Error(app.Name(), app.Mode(), app.BaseURL())
	}
	if app := fsa.New("acme", fsa.Config{Auth: []string{"none"}}); app.Mode() != "prod" || app.BaseURL() != nil {
		t.Error(app.Mode(), app.BaseURL())
	}
}
