package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/accounts"
	"github.com/fastsimpleauth/fsa/authz"
)

// maxContent is how many characters an entry has at most.
const maxContent = 280

// routes says who may call what.
func (d *diary) routes() {
	// Whoever has written an entry may read it; Admin reads all.
	fsa.ObjectPerms(d.app, "entry", func(ctx context.Context, login string, id int64, mode string) (bool, error) {
		e, err := d.entries.get(ctx, id)
		return err == nil && e.UserID == login, err
	})
	fsa.Get(d.app, "/", authz.Auth(), d.list)
	fsa.Get(d.app, "/entry/{entry_id}", authz.Any(authz.Group("Admin"), authz.Object("entry", "entry_id", "read")), d.show)
	fsa.Get(d.app, "/new_entry", authz.Permission("entry:create"), d.newForm)
	fsa.Post(d.app, "/new_entry", authz.Permission("entry:create"), d.create)
	fsa.Get(d.app, "/edit_entry/{entry_id}", authz.Permission("entry:edit"), d.editForm)
	fsa.Post(d.app, "/edit_entry/{entry_id}", authz.Permission("entry:edit"), d.edit)
	fsa.Get(d.app, "/delete_entry/{entry_id}", authz.Permission("entry:delete"), d.deleteForm)
	fsa.Post(d.app, "/delete_entry/{entry_id}", authz.Permission("entry:delete"), d.delete)
	fsa.Get(d.app, "/diary.css", authz.Open(), file("pages/diary.css"), fsa.Authn("none"))
	fsa.Get(d.app, "/favicon.ico", authz.Open(), file("pages/icon.svg"), fsa.Authn("none"))
	d.app.ErrorResponse(d.failed)
}

// visit is a page that is asked for by who is logged in.
type visit struct{ User *accounts.User }

// page has what all pages need.
type page struct {
	Style   string
	Title   string
	User    *accounts.User
	Admin   bool // what the user may do
	Writes  bool
	Entries []entry
	Next    int64 // the entry before which the next page begins, 0 for none
	Entry   *entry
	Content string // of a form
	Action  string // where it goes
	Fault   string // what is wrong with it
}

func (d *diary) page(ctx context.Context, u *accounts.User, title string) (*page, error) {
	admin, err := d.acc.Store().HasRole(ctx, u.ID, "Admin")
	if err != nil {
		return nil, err
	}
	writes, err := d.acc.Store().HasPermission(ctx, u.ID, "entry:create")
	return &page{Style: d.acc.Stylesheet(), Title: title, User: u, Admin: admin, Writes: writes}, err
}

func (d *diary) list(ctx context.Context, in struct {
	visit
	Before int64 `default:"0"`
}) (fsa.HTML, error) {
	p, err := d.page(ctx, in.User, "Your diary")
	if err != nil {
		return "", err
	}
	whose := in.User.ID
	if p.Admin {
		whose, p.Title = "", "All entries"
	}
	if p.Entries, p.Next, err = d.entries.of(ctx, whose, in.Before); err != nil {
		return "", err
	}
	return fsa.Template(pages, "list.html", p)
}

// oneEntry names an entry.
type oneEntry struct {
	EntryID int64
	User    *accounts.User
}

func (d *diary) show(ctx context.Context, in oneEntry) (fsa.HTML, error) {
	return d.about(ctx, in, "Entry", "entry.html")
}

func (d *diary) deleteForm(ctx context.Context, in oneEntry) (fsa.HTML, error) {
	return d.about(ctx, in, "Delete this entry?", "delete.html")
}

// about makes a page about an entry.
func (d *diary) about(ctx context.Context, in oneEntry, title, template string) (fsa.HTML, error) {
	p, err := d.page(ctx, in.User, title)
	if err != nil {
		return "", err
	}
	if p.Entry, err = d.entries.get(ctx, in.EntryID); err != nil {
		return "", notFound(err)
	}
	return fsa.Template(pages, template, p)
}

// notFound gives an error of the entries the status that it has for clients.
func notFound(err error) error {
	if errors.Is(err, fsa.ErrNoSuchObject) {
		return fsa.Errorf(http.StatusNotFound, "there is no such entry")
	}
	return err
}

func (d *diary) newForm(ctx context.Context, in visit) (fsa.Response, error) {
	return d.form(ctx, in.User, "New entry", "/new_entry", "", "")
}

func (d *diary) editForm(ctx context.Context, in oneEntry) (fsa.Response, error) {
	e, err := d.entries.get(ctx, in.EntryID)
	if err != nil {
		return fsa.Response{}, notFound(err)
	}
	return d.form(ctx, in.User, "Edit entry", path("/edit_entry/", in.EntryID), e.Content, "")
}

// form is the page on which an entry is written; with a fault, it comes back.
func (d *diary) form(ctx context.Context, u *accounts.User, title, action, content, fault string) (fsa.Response, error) {
	p, err := d.page(ctx, u, title)
	if err != nil {
		return fsa.Response{}, err
	}
	p.Action, p.Content, p.Fault = action, content, fault
	status := http.StatusOK
	if fault != "" {
		status = http.StatusUnprocessableEntity
	}
	html, err := fsa.Template(pages, "form.html", p)
	return fsa.Response{Status: status, Body: html}, err
}

// written is what a form sends.
type written struct {
	Content string `param:"content" in:"form"`
	User    *accounts.User
}

// fault says what is wrong with what somebody has written, "" if nothing is.
func (w *written) fault() string {
	// Browsers send two characters for the end of a line.
	w.Content = strings.TrimSpace(strings.ReplaceAll(w.Content, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(w.Content); {
	case n == 0:
		return "Please write something."
	case n > maxContent:
		return "Please use at most 280 characters."
	}
	return ""
}

func (d *diary) create(ctx context.Context, in written) (fsa.Response, error) {
	if fault := in.fault(); fault != "" {
		return d.form(ctx, in.User, "New entry", "/new_entry", in.Content, fault)
	}
	if err := d.entries.add(ctx, in.User.ID, in.Content); err != nil {
		return fsa.Response{}, err
	}
	return fsa.Redirect("/")
}

func (d *diary) edit(ctx context.Context, in struct {
	written
	EntryID int64
}) (fsa.Response, error) {
	if fault := in.fault(); fault != "" {
		return d.form(ctx, in.User, "Edit entry", path("/edit_entry/", in.EntryID), in.Content, fault)
	}
	if err := d.entries.edit(ctx, in.EntryID, in.Content); err != nil {
		return fsa.Response{}, notFound(err)
	}
	return fsa.Redirect(path("/entry/", in.EntryID))
}

func (d *diary) delete(ctx context.Context, in struct{ EntryID int64 }) (fsa.Response, error) {
	if err := d.entries.remove(ctx, in.EntryID); err != nil {
		return fsa.Response{}, notFound(err)
	}
	return fsa.Redirect("/")
}
