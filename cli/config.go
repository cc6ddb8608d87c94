package cli

import (
	"context"
	"slices"

	"github.com/fastsimpleauth/fsa"
)

type config struct {
	Output
	Changed bool `help:"Only those that are not at their default."`
}

// directiveRow is a directive as it is printed.
type directiveRow struct {
	Name   string `json:"name"`
	Value  any    `json:"value"` // null if there is none
	Source string `json:"source"`
	Secret bool   `json:"secret,omitempty"`
	text   string
}

// Run shows the directives as they are in effect. If something is wrong with them,
// that is told too, and a failure.
func (o *config) Run(ctx context.Context, c *Call) error {
	_, faults := c.App.Check()
	infos := c.App.Directives()
	if o.Changed {
		infos = slices.DeleteFunc(infos, func(d fsa.DirectiveInfo) bool { return d.Source == "default" })
	}
	rows := make([]directiveRow, len(infos))
	for i, d := range infos {
		rows[i] = directiveRow{d.Name, d.Value, d.Source, d.Secret, d.Text()}
	}
	err := Print(c.Stdout, o.Output, rows,
		Column[directiveRow]{"DIRECTIVE", func(d directiveRow) string { return d.Name }},
		Column[directiveRow]{"VALUE", func(d directiveRow) string { return d.text }},
		Column[directiveRow]{"SOURCE", func(d directiveRow) string { return d.Source }})
	if err != nil {
		return err
	}
	return faults
}
