package accounts

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// oneIn is one session of a list.
type oneIn struct {
	ID string `param:"id"`
	R  *http.Request
}

// getSessions lists the sessions of who is calling (S54).
func (a *Accounts) getSessions(ctx context.Context, in pageIn) (fsa.Response, error) {
	rows, err := a.store.SessionsOf(ctx, fsa.User(ctx), time.Now())
	if err != nil {
		return fsa.Response{}, err
	}
	here, err := a.sessionOf(in.R)
	if err != nil {
		return fsa.Response{}, err
	}
	page := &sessionsPage{Sessions: []sessionLine{}}
	for _, s := range rows {
		if a.over(&s, time.Now()) {
			continue
		}
		page.Sessions = append(page.Sessions, sessionLine{
			ID: s.ID, Agent: s.Agent, Address: s.Address, Since: s.CreatedAt, Seen: s.SeenAt, Current: here != nil && s.ID == here.ID,
		})
	}
	for i, s := range page.Sessions {
		if !s.Current {
			page.Sessions[i].End = a.opts.Paths.Sessions + "/" + s.ID + "/end"
			page.Others = a.opts.Paths.Sessions + "/others/end"
		}
	}
	if wantsJSON(in.R) {
		list := []map[string]any{}
		for _, s := range page.Sessions {
			list = append(list, map[string]any{"id": s.ID, "agent": s.Agent, "address": s.Address, "since": s.Since, "seen": s.Seen, "current": s.Current})
		}
		return success(map[string]any{"sessions": list}), nil
	}
	return a.pages.answer(in.R, &view{page: "sessions", data: page, banner: banner(in.Done)})
}

// banner is the word for what has been done, as the page that was asked for it has put
// it into the URL; nil for anything else.
func banner(done string) *message {
	switch done {
	case "change", "confirm", "reset", "logout":
		return &message{key: done + ".done"}
	case "session-end":
		return &message{key: "sessions.ended"}
	case "sessions-end":
		return &message{key: "sessions.others.ended"}
	}
	return nil
}

// getEndSession asks whether to end a session, and getEndOthers all others.
func (a *Accounts) getEndSession(ctx context.Context, in oneIn) (fsa.Response, error) {
	rows, err := a.store.SessionsOf(ctx, fsa.User(ctx), time.Now())
	if err != nil {
		return fsa.Response{}, err
	}
	for _, s := range rows {
		if s.ID == in.ID {
			device, err := a.pages.device(in.R, s.Agent)
			if err != nil {
				return fsa.Response{}, err
			}
			return a.askEnd(in.R, "/"+s.ID, "session-end.heading", "session-end.submit", message{"session-end.confirm", []any{device}})
		}
	}
	return fsa.Response{}, fsa.Errorf(http.StatusNotFound, "no such session")
}

func (a *Accounts) getEndOthers(_ context.Context, in pageIn) (fsa.Response, error) {
	return a.askEnd(in.R, "/others", "session-end.others.heading", "session-end.others.submit", message{key: "session-end.others.confirm"})
}

func (a *Accounts) askEnd(r *http.Request, what, title, submit string, question message) (fsa.Response, error) {
	sessions := a.opts.Paths.Sessions
	if wantsJSON(r) {
		return success(map[string]any{"fields": []string{}}), nil
	}
	return a.pages.answer(r, &view{page: "session-end", title: title, form: &form{action: sessions + what + "/end", submit: submit, danger: true, confirm: &question, cancel: sessions}})
}

// endSession ends one session of who is calling.
func (a *Accounts) endSession(ctx context.Context, in oneIn) (fsa.Response, error) {
	userID, ev := fsa.User(ctx), event(ctx, EventSessionsEnded, fsa.User(ctx), "session", in.ID)
	err := a.store.Write(ctx, func(tx Tx) error {
		return firstOf(
			func() error { return tx.EndSession(ctx, userID, in.ID) },
			func() error { return tx.AddEvent(ctx, ev) })
	})
	if errors.Is(err, ErrNotFound) {
		return fsa.Response{}, fsa.Errorf(http.StatusNotFound, "no such session")
	}
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	a.memory.forgetUser(userID)
	return a.done(in.R, "", a.opts.Paths.Sessions+"?done=session-end", map[string]any{"ended": 1})
}

// endOthers ends all sessions of who is calling but the one that asks, and the user's
// tokens.
func (a *Accounts) endOthers(ctx context.Context, in pageIn) (fsa.Response, error) {
	userID := fsa.User(ctx)
	here, err := a.sessionOf(in.R)
	if err != nil {
		return fsa.Response{}, err
	}
	but, n := "", 0
	if here != nil && here.UserID == userID {
		but = here.ID
	}
	var ev *Event
	err = a.store.Write(ctx, func(tx Tx) (err error) {
		if n, err = tx.EndSessions(ctx, userID, but); err != nil {
			return err
		}
		ev = event(ctx, EventSessionsEnded, userID, "session", strconv.Itoa(n))
		return tx.AddEvent(ctx, ev)
	})
	if err != nil {
		return fsa.Response{}, err
	}
	a.tell(ctx, ev)
	if err := a.ended(ctx, userID); err != nil {
		return fsa.Response{}, err
	}
	return a.done(in.R, "", a.opts.Paths.Sessions+"?done=sessions-end", map[string]any{"ended": n})
}
