package convert

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/password/legacyhash"
)

// ask shows package fsa what has been written, and notes what it says. What can't be
// read becomes a comment; what would stop the start stays, with the reason above it.
func (c *converter) ask() {
	cfg, err := c.load()
	for err != nil {
		off := 0
		for _, fault := range faults(err) {
			off += c.refuse(fault)
		}
		if off == 0 {
			return // of nothing that this package has written
		}
		cfg, err = c.load()
	}
	for _, fault := range faults(start(cfg)) {
		c.tell(fault)
	}
	for _, it := range c.items {
		if it.hook && len(it.notes) == 0 {
			it.note("%s is no directive of the original, and left out", it.name)
		}
	}
}

// load reads what has been written, and each hook as if it were a directive.
func (c *converter) load() (fsa.Config, error) {
	var b strings.Builder
	var written []string
	write := func(name string, value any) {
		if !slices.Contains(written, name) {
			written = append(written, name)
			b.WriteString(name + " = " + encode(value) + "\n")
		}
	}
	for _, it := range c.items {
		for _, s := range it.settings {
			// What is no key in PEM would be the path of one, to be read.
			key, _ := s.value.(string)
			if (!s.off || s.secret) && (s.name != "FSA_TOKEN_SIGN" || strings.Contains(key, "-----BEGIN ")) {
				write(s.name, s.value)
			}
		}
	}
	for _, it := range c.items {
		if it.hook {
			write(it.name, true)
		}
	}
	return fsa.LoadFS(memoryFile(b.String()), "converted")
}

// refuse takes a directive back that can't be read. It returns how many lines that were.
func (c *converter) refuse(fault *fsa.ConfigError) (n int) {
	for _, it := range c.items {
		for i, s := range it.settings {
			if s.name == fault.Directive && (!s.off || s.secret) {
				it.settings[i].off, it.settings[i].secret = true, false
				if n++; s.secret {
					it.settings = slices.Delete(it.settings, i, i+1)
				}
				it.note("%s: %s", fault.Directive, said(fault))
				return n
			}
		}
		if it.hook && it.name == fault.Directive {
			it.hook = false
			it.note("%s is a directive of FSA that the original does not have: write it by hand", it.name)
			return 1
		}
	}
	return 0
}

// tell notes what would stop the start.
func (c *converter) tell(fault *fsa.ConfigError) {
	for _, it := range c.items {
		if it.hook && it.name == fault.Directive {
			of := ""
			if len(it.of) > 0 {
				of = " (of " + strings.Join(it.of, ", ") + ")"
			}
			it.note("%s: %s%s", it.name, said(fault), of)
			return
		}
		for _, s := range it.settings {
			if s.name == fault.Directive {
				it.note("%s would stop the start: %s", s.name, said(fault))
				return
			}
		}
	}
	if fault.Directive == "FSA_AUTH" || fault.Directive == "FSA_TOKEN_SECRET" || fault.Directive == "FSA_TOKEN_SIGN" {
		return // they have been told of
	}
	c.items = append(c.items, &item{notes: []string{fault.Directive + ": " + said(fault)}})
}

func said(fault *fsa.ConfigError) string {
	if fault.Remedy == "" {
		return fault.Problem
	}
	return fault.Problem + "; " + fault.Remedy
}

// start gives the faults of an application with a configuration that has the hooks for
// all schemes, and no routes.
func start(cfg fsa.Config) error {
	cfg.Logger = slog.New(slog.DiscardHandler)
	cfg.PasswordLegacy = append(legacyhash.All(), legacyhash.OTP(nil))
	app := fsa.New("converted", cfg)
	app.UserPass(func(context.Context, string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.UserHA1(func(context.Context, string, string, string) (string, error) { return "", fsa.ErrNoSuchUser })
	app.APIKey(func(context.Context, string) (fsa.APIKey, error) { return fsa.APIKey{}, fsa.ErrNoSuchKey })
	_, err := app.Handler()
	return err
}

// faults takes an error of package fsa apart.
func faults(err error) []*fsa.ConfigError {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var all []*fsa.ConfigError
	for _, e := range joined.Unwrap() {
		var fault *fsa.ConfigError
		if errors.As(e, &fault) {
			all = append(all, fault)
		}
	}
	return all
}

// memoryFile is a file system of one file.
type memoryFile string

func (f memoryFile) ReadFile(string) ([]byte, error) { return []byte(f), nil }

func (f memoryFile) Open(string) (fs.File, error) { return nil, fs.ErrNotExist }
