package ldap_test

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/fastsimpleauth/fsa/password/ldap"
	ber "github.com/go-asn1-ber/asn1-ber"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func open(t *testing.T, o ldap.Options) *ldap.Directory {
	t.Helper()
	d, err := ldap.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// fake is a server that answers as it is told, and notes what it is asked.
type fake struct {
	net.Listener
	mu       sync.Mutex
	asked    []string // "bind DN PASSWORD", "search", "other"
	bound    []string // for each search, as whom its connection was bound
	conns    []net.Conn
	entries  []string                             // names that a search finds
	bind     func(dn, password string) (code int) // nil: all is right
	search   int                                  // result code
	silent   bool                                 // does not answer searches
	startTLS int                                  // result code
}

func newFake(t *testing.T) *fake {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{Listener: l, entries: []string{"uid=calvin,dc=acme"}}
	t.Cleanup(func() { l.Close(); f.hangUp() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns = append(f.conns, c)
			f.mu.Unlock()
			go f.serve(c)
		}
	}()
	return f
}

func (f *fake) options() ldap.Options {
	return ldap.Options{URL: "ldap://" + f.Addr().String(), BindDN: "cn=reader,dc=acme", BindPassword: "reader-secret",
		BaseDN: "dc=acme", InsecurePlaintext: true, Logger: quiet, Timeout: time.Minute}
}

// hangUp closes all connections.
func (f *fake) hangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.conns {
		c.Close()
	}
	f.conns = nil
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) notes() (asked, bound []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...), append([]string(nil), f.bound...)
}

func (f *fake) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

func (f *fake) serve(c net.Conn) {
	defer c.Close()
	as := "nobody"
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		id, request := p.Children[0].Value.(int64), p.Children[1]
		f.mu.Lock()
		var answers []*ber.Packet
		silent := false
		switch request.Tag {
		case 0: // bind
			dn, password := request.Children[1].Value.(string), request.Children[2].Data.String()
			f.asked = append(f.asked, "bind "+dn+" "+password)
			code := 0
			if f.bind != nil && dn != "cn=reader,dc=acme" {
				judge := f.bind
				f.mu.Unlock()
				code = judge(dn, password)
				f.mu.Lock()
			}
			if as = dn; code != 0 {
				as = "nobody"
			}
			answers = append(answers, result(1, code))
		case 3: // search
			f.asked, f.bound = append(f.asked, "search"), append(f.bound, as)
			silent = f.silent
			for _, dn := range f.entries {
				e := ber.Encode(ber.ClassApplication, ber.TypeConstructed, 4, nil, "")
				e.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, dn, ""))
				e.AppendChild(ber.NewSequence(""))
				answers = append(answers, e)
			}
			answers = append(answers, result(5, f.search))
		case 23: // extended: StartTLS
			f.asked = append(f.asked, "extended")
			answers = append(answers, result(24, f.startTLS))
		default:
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		if silent {
			continue
		}
		for _, a := range answers {
			m := ber.NewSequence("")
			m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
			m.AppendChild(a)
			if _, err := c.Write(m.Bytes()); err != nil {
				return
			}
		}
	}
}

func result(tag ber.Tag, code int) *ber.Packet {
	r := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	r.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	r.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	return r
}
