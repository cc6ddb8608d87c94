package accounts

import (
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fastsimpleauth/fsa"
)

// wantsJSON reports whether a client is answered in JSON: it sends JSON, or the best
// of what it accepts is JSON. Browsers get pages.
func wantsJSON(r *http.Request) bool {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && t == "application/json" {
		return true
	}
	json, page := -1.0, 0.0
	for _, field := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(field, ",") {
			t, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			q := 1.0
			if text, ok := params["q"]; ok {
				if q, err = strconv.ParseFloat(text, 64); err != nil {
					continue
				}
			}
			switch {
			case t == "application/json" || strings.HasSuffix(t, "+json"):
				json = max(json, q)
			case t == "text/html" || t == "text/*" || t == "*/*":
				page = max(page, q)
			}
		}
	}
	return json > 0 && json >= page
}

// envelope is the form of all answers in JSON. Flask-Security has the same.
type envelope struct {
	Meta     meta `json:"meta"`
	Response any  `json:"response"`
}

type meta struct {
	Code int `json:"code"`
}

// faulty is the response of a failure: texts about the whole, and by field.
type faulty struct {
	Errors      []string            `json:"errors"`
	FieldErrors map[string][]string `json:"field_errors,omitempty"`
	ConfirmURL  string              `json:"confirm_url,omitempty"` // as confirmURL
}

// success answers in JSON.
func success(response any) fsa.Response {
	if response == nil {
		response = struct{}{}
	}
	return envelop(http.StatusOK, response)
}

// envelop makes an answer in JSON. No cache keeps it, whoever has asked.
func envelop(status int, response any) fsa.Response {
	return fsa.Response{Status: status, Header: http.Header{"Cache-Control": {"no-store"}}, Body: envelope{meta{status}, response}}
}

// refusal answers with what is wrong with a form: in JSON, or as the form again.
func (a *Accounts) refusal(r *http.Request, v *view, status int) (fsa.Response, error) {
	if wantsJSON(r) {
		return a.failure(r, v.form, status), nil
	}
	if status == http.StatusBadRequest {
		status = http.StatusUnprocessableEntity // as browsers and their users know forms
	}
	v.status = status
	return a.pages.answer(r, v)
}

// failure answers in JSON with what is wrong with a form.
func (a *Accounts) failure(r *http.Request, f *form, status int) fsa.Response {
	lang := a.pages.language(r)
	out := faulty{Errors: []string{}, FieldErrors: map[string][]string{}, ConfirmURL: f.confirmURL}
	say := func(name string, m message) {
		text := a.pages.text(lang, m)
		out.Errors = append(out.Errors, text)
		out.FieldErrors[name] = append(out.FieldErrors[name], text)
	}
	for _, m := range f.errors {
		say("", m)
	}
	for _, field := range f.fields {
		for _, m := range field.errors {
			say(field.name, m)
		}
	}
	return envelop(status, out)
}

// refusedBy adds to a view's form what an error says that is the client's: too many tries.
// Other errors are given back.
func (a *Accounts) refusedBy(v *view, err error) (status int, header http.Header, failure error) {
	f := v.form
	var e *fsa.Error
	if !errors.As(err, &e) || e.Status >= 500 {
		return 0, nil, err
	}
	if e.Status == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(e.Header.Get("Retry-After"))
		f.errors = append(f.errors, message{a.pages.texts.of(v.page, "fault", "throttled"), []any{max(1, (seconds+59)/60)}})
		return e.Status, http.Header{"Retry-After": {e.Header.Get("Retry-After")}}, nil
	}
	f.errors = append(f.errors, message{"fault.other", []any{e.Public}})
	return http.StatusBadRequest, nil, nil
}

// at gives a field of a form by its name.
func (f *form) at(name string) *field {
	i := slices.IndexFunc(f.fields, func(x field) bool { return x.name == name })
	return &f.fields[i]
}

// wrong notes what is wrong with a field.
func (f *form) wrong(name, key string, args ...any) {
	x := f.at(name)
	x.errors = append(x.errors, message{key, args})
}

// maxTyped is how many bytes of a login or a password are looked at ([fsa.App.CheckUserPassword]).
const maxTyped = 1024

// typed notes what is wrong with a login or a password before it is looked at: it is not
// there, or so long that the try would be refused without being counted. Of such tries there
// may be any number, so nothing is written of them.
func (f *form) typed(name, value, tooLong string) {
	switch {
	case value == "":
		f.wrong(name, "fault.required")
	case len(value) > maxTyped:
		f.wrong(name, tooLong)
	}
}

// ok reports whether nothing is wrong.
func (f *form) ok() bool {
	return len(f.errors) == 0 && !slices.ContainsFunc(f.fields, func(x field) bool { return len(x.errors) > 0 })
}

// done answers that a flow has come to its end: in JSON, or by sending the browser to
// where it wanted to go, or else to a page of the configuration.
func (a *Accounts) done(r *http.Request, next, view string, response any) (fsa.Response, error) {
	if wantsJSON(r) {
		return success(response), nil
	}
	if _, ok := fsa.LocalTarget(next); !ok {
		next = view
	}
	to, err := fsa.Redirect(next)
	if err != nil {
		to, err = fsa.Redirect("/")
	}
	if to.Header == nil {
		to.Header = http.Header{}
	}
	return to, err
}
