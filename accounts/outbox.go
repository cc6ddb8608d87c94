package accounts

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/mail"
)

// prepareMail chooses how mails are sent.
func (a *Accounts) prepareMail() error {
	a.mailer = a.opts.Mailer
	switch {
	case a.smtpFault != nil:
		return a.smtpFault
	case a.mailer == nil && a.dev():
		a.mailbox = mail.NewMailbox(mail.MailboxOptions{})
		a.mailer = a.mailbox
		if a.opts.From == "" {
			a.opts.From = a.app.Name() + "@localhost"
		}
	case a.mailer == nil && a.links():
		return &fsa.ConfigError{Problem: "accounts.New: links are to be mailed, and there is no mailer",
			Remedy: `add FSA_ACCOUNTS_SMTP = "smtp.example.com:587", give Options.Mailer one, as mail.NewSMTP makes it, or switch off what sends mails (FSA_ACCOUNTS_RECOVERABLE = false, no FSA_ACCOUNTS_REGISTERABLE)`}
	case a.mailer == nil:
		return nil // there is nothing to send but notices, which nobody wants
	}
	if _, err := mail.ParseAddress(a.opts.From); err != nil {
		return fault("MAIL_FROM", "is not an address that mails can come from: "+err.Error(), `add FSA_ACCOUNTS_MAIL_FROM = "Example <accounts@example.com>"`)
	}
	var err error
	a.worker, err = mail.NewWorker(mail.WorkerOptions{Queue: queue{a}, Mailer: a.mailer, Logger: a.logger})
	return err
}

// laid is the layout of mails, for links to base.
type laid struct {
	base   string
	layout *mail.Layout
}

// layout gives the layout of mails. In mode dev, the address of the application is known
// only once it runs.
func (a *Accounts) layout() (*mail.Layout, error) {
	base := a.link("/")
	if l := a.laid.Load(); l != nil && l.base == base {
		return l.layout, nil
	}
	layout, err := mail.NewLayout(mail.LayoutOptions{Name: a.pages.name, BaseURL: base, From: a.opts.From})
	if err == nil {
		a.laid.Store(&laid{base, layout})
	}
	return layout, err
}

// write puts a mail to a user into the outbox, in the transaction of what it tells, in the
// language of who has asked for it.
func (a *Accounts) write(ctx context.Context, tx Tx, r *http.Request, u *User, kind string, d letterData) error {
	if a.mailer == nil {
		return nil
	}
	lang := ""
	if r != nil {
		lang, d.Agent = a.pages.language(r), agentOf(r)
	}
	d.To, d.At, d.Address = u.Email, time.Now(), fsa.ClientAddress(ctx)
	if u.Confirmed() { // else the address, and who chose the name, may be anybody's
		d.Called = u.Called()
	}
	return a.post(ctx, tx, u.ID, lang, kind, d)
}

// decoy puts a mail to nobody into the outbox, and asks the store for a ticket that
// nobody has: as much is to be done for who has no account as for who has (S13). The mail
// is never sent.
func (a *Accounts) decoy(ctx context.Context, tx Tx, r *http.Request, w asking, now time.Time) error {
	secret, hash := newSecret()
	if _, err := tx.UseTicket(ctx, hash, w.purpose, now); !errors.Is(err, ErrNotFound) {
		return err
	}
	return a.post(ctx, tx, "", a.pages.language(r), w.kind, letterData{
		To: "nobody@example.com", Path: w.path + "/" + secret, Within: w.within, At: now, Agent: agentOf(r), Address: fsa.ClientAddress(ctx),
	})
}

// sealed is what the outbox holds of a mail, encrypted.
type sealed struct {
	Message mail.Message
	Expires time.Time // when its link ends; zero if it has none
}

func (a *Accounts) post(ctx context.Context, tx Tx, userID, lang, kind string, d letterData) error {
	draft, err := a.pages.letter(lang, kind, d)
	if err != nil {
		return err
	}
	layout, err := a.layout()
	if err != nil {
		return err
	}
	content := sealed{}
	if content.Message, err = layout.Message(draft); err != nil {
		return err
	}
	id, now := newID(), time.Now()
	if d.Within > 0 {
		content.Expires = now.Add(d.Within)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return tx.AddLetter(ctx, &Letter{ID: id, UserID: userID, Kind: kind, Sealed: a.sealer.seal(text, id), CreatedAt: now, NextAt: now})
}

// queue is the outbox as the worker sees it.
type queue struct{ a *Accounts }

// Claim gives letters to the worker. Those to nobody, and those that can't be opened, are
// at their end here; others are claimed in their place, since the worker pauses if it gets
// less than it has asked for: or many to nobody would delay those to somebody.
func (q queue) Claim(ctx context.Context, n int, until time.Time) (jobs []mail.Job, err error) {
	for more := true; more && err == nil && len(jobs) < n; {
		var some []mail.Job
		some, more, err = q.claim(ctx, n-len(jobs), until)
		jobs = append(jobs, some...)
	}
	if len(jobs) > 0 {
		err = nil // they are claimed; the next claim will tell
	}
	return jobs, err
}

// claim gives those of up to n letters that are to be sent. There may be more if it got as
// many as it wanted.
func (q queue) claim(ctx context.Context, n int, until time.Time) (jobs []mail.Job, more bool, err error) {
	lease, now := newID(), time.Now()
	letters, err := q.a.store.Claim(ctx, n, lease, now, until)
	if err != nil {
		return nil, false, err
	}
	for _, l := range letters {
		var content sealed
		text, err := q.a.sealer.open(l.Sealed, l.ID)
		if err == nil {
			err = json.Unmarshal(text, &content)
		}
		end := Settlement{}
		switch {
		case l.UserID == "":
			end.SentAt = now
		case err != nil:
			end.FailedAt, end.Problem = now, err.Error()
			q.a.logger.Error("a mail in the outbox can't be read", "kind", l.Kind, "id", l.ID, "error", err)
		default:
			jobs = append(jobs, mail.Job{ID: l.ID, Lease: lease, Message: content.Message, Attempt: l.Attempts, Enqueued: l.CreatedAt, Expires: content.Expires})
			continue
		}
		if err := q.a.store.Settle(ctx, l.ID, lease, end); err != nil && !errors.Is(err, ErrNotFound) {
			return jobs, false, err
		}
	}
	return jobs, len(letters) == n, nil
}

// Done notes that a letter has been sent.
func (q queue) Done(ctx context.Context, j mail.Job) error {
	return q.settle(ctx, j, Settlement{SentAt: time.Now()})
}

// Retry notes that a letter is to be sent later.
func (q queue) Retry(ctx context.Context, j mail.Job, at time.Time, reason string) error {
	return q.settle(ctx, j, Settlement{RetryAt: at, Problem: reason})
}

// Fail notes that a letter has been given up.
func (q queue) Fail(ctx context.Context, j mail.Job, reason string) error {
	return q.settle(ctx, j, Settlement{FailedAt: time.Now(), Problem: reason})
}

func (q queue) settle(ctx context.Context, j mail.Job, s Settlement) error {
	err := q.a.store.Settle(ctx, j.ID, j.Lease, s)
	if errors.Is(err, ErrNotFound) {
		return mail.ErrLeaseLost
	}
	return err
}

// commit is [Store.Write] for a change that comes with mails: the worker looks into the
// outbox once they are stored.
func (a *Accounts) commit(ctx context.Context, f func(Tx) error) error {
	err := a.store.Write(ctx, f)
	if err == nil && a.worker != nil {
		a.worker.Wake()
	}
	return err
}

// purgeEvery is how often what has had its time is removed.
const purgeEvery = time.Hour

// Work sends mails, and removes what has had its time, until ctx ends. [fsa.App.Run]
// does it; who serves the handler by other means does it too.
func (a *Accounts) Work(ctx context.Context) error {
	if err := a.Seed(ctx); err != nil {
		return err
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	if a.worker != nil {
		sending.Go(func() {
			if err := a.worker.Run(ctx); err != nil && ctx.Err() == nil {
				a.logger.Error("mails are not sent any more", "error", err)
			}
		})
	}
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		now := time.Now()
		if _, err := a.store.Purge(ctx, now, now.Add(-a.opts.Keep)); err != nil && ctx.Err() == nil {
			a.logger.Error("what has expired could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
