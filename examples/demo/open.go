package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"mime"
	"time"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// text is a string in JSON, with its quotes; a plain string would be text/plain.
type text string

// addOpen declares what is open to anybody.
func (d *demo) addOpen() {
	fsa.Get(d, "/version", authz.Open(), version)
	fsa.Get(d, "/now", authz.Open(), d.getNow)
	fsa.Get(d, "/who", authz.Open(), d.getWho)
	fsa.Post(d, "/upload", authz.Open(), d.postUpload, fsa.Status(201), fsa.MaxBody(16<<20))
}

func version(context.Context, fsa.None) (text, error) { return text(fsa.Version()), nil }

func (d *demo) getNow(ctx context.Context, _ fsa.None) (time.Time, error) { return d.db.now(ctx) }

// getWho tells who is calling, though nobody needs to be anybody here.
func (d *demo) getWho(ctx context.Context, _ fsa.None) (*text, error) {
	id, err := d.Authenticate(ctx)
	if errors.Is(err, fsa.ErrUnauthenticated) {
		return nil, nil
	}
	login := text(id.Login)
	return &login, err
}

type upload struct{ File *fsa.File }

func (d *demo) postUpload(ctx context.Context, in upload) (string, error) {
	name := newUUID() + ".tmp"
	if err := in.File.Save(d.dir, name); err != nil {
		return "", err
	}
	kind, _, err := mime.ParseMediaType(in.File.ContentType)
	if err != nil {
		kind = in.File.ContentType
	}
	return fmt.Sprintf("%s (%s) saved as %s", in.File.Name, kind, name), nil
}

// newUUID makes a random one (RFC 9562, 5.4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
