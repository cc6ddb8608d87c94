package fsa

import (
	"fmt"
	"log/slog"
	"strings"
)

// warning is what is allowed, and is seldom what is meant.
type warning struct {
	about *ConfigError
	more  []any // names and values, as slog has them
}

// warn notes a warning about a directive.
func (c *checker) warn(directive, problem, remedy string, more ...any) {
	c.warnings = append(c.warnings, warning{&ConfigError{Directive: directive, Source: c.source(directive), Problem: problem, Remedy: remedy}, more})
}

// warn notes a warning about a directive that can be seen with the routes alone.
func (c *compiler) warn(directive, problem, remedy string, more ...any) {
	c.warnings = append(c.warnings, warning{&ConfigError{Directive: directive, Source: c.app.settings.source(directive), Problem: problem, Remedy: remedy}, more})
}

// log writes the warning into the log.
func (w warning) log(logger *slog.Logger) {
	var attrs []any
	for _, a := range []struct{ name, value string }{
		{"directive", w.about.Directive}, {"route", strings.TrimSpace(w.about.Method + " " + w.about.Path)},
		{"source", w.about.Source}, {"remedy", w.about.Remedy},
	} {
		if a.value != "" {
			attrs = append(attrs, a.name, a.value)
		}
	}
	logger.Warn(w.about.Problem, append(attrs, w.more...)...)
}

// asError gives the warning in the form of a fault.
func (w warning) asError() *ConfigError {
	e := *w.about
	var more []string
	for i := 0; i+1 < len(w.more); i += 2 {
		more = append(more, fmt.Sprint(w.more[i], " ", w.more[i+1]))
	}
	if len(more) > 0 {
		e.Problem += " (" + strings.Join(more, ", ") + ")"
	}
	return &e
}

// Check checks the whole application, as [App.Handler] does, and compiles it. Besides
// the faults it gives the warnings, which are about what is allowed and seldom meant,
// such as scheme fake. Handler writes them into the log, unless Check has given them.
func (a *App) Check() (warnings []*ConfigError, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err = a.compile()
	a.warned = true
	for _, w := range a.warnings {
		warnings = append(warnings, w.asError())
	}
	return warnings, err
}

// Logger gives the application's log: Config.Logger, or the one in its place.
func (a *App) Logger() *slog.Logger { return a.settings.logger }
