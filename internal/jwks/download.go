package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/fastsimpleauth/fsa/internal/jsondepth"
	"github.com/fastsimpleauth/fsa/token"
	"github.com/go-json-experiment/json"
)

// For how long keys are fresh: as Cache-Control says, within bounds. An issuer
// that withdraws a key is believed after so long.
const (
	minFresh     = time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = time.Hour
)

// parseAddress takes an address that keys may be fetched from.
func parseAddress(text string, plain bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("it is not an address such as https://idp.example/keys")
	case u.User != nil:
		return nil, errors.New("an address with a user or a password in it")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("an address with a fragment")
	case u.Scheme == "https", u.Scheme == "http" && plain && local(u.Hostname()):
		return u, nil
	case u.Scheme == "http" && local(u.Hostname()):
		return nil, errors.New("keys are fetched by https, and by http in modes dev and debug only")
	}
	return nil, errors.New("keys are fetched by https, since whoever changes them on their way can make tokens")
}

// local reports whether a host is this machine.
func local(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// download fetches the keys, and tells for how long they are fresh. A panic of a
// transport is an error.
func (s *Source) download(ctx context.Context) (keys *token.KeySet, fresh time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			keys, err = nil, fmt.Errorf("the transport panics: %v", p)
		}
	}()
	address := s.o.URL
	if address == "" {
		if address, err = s.discover(ctx); err != nil {
			return nil, 0, fmt.Errorf("discovery: %w", err)
		}
	}
	text, header, err := s.get(ctx, address)
	if err != nil {
		return nil, 0, err
	}
	keys, err = token.ParseKeySet(text, s.o.Algorithms)
	return keys, freshness(header), err
}

// discover finds the address of the keys (OpenID Connect Discovery 1.0, section 4).
func (s *Source) discover(ctx context.Context) (string, error) {
	text, _, err := s.get(ctx, strings.TrimSuffix(s.o.Issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	return readDiscovery(text, s.o.Issuer, s.o.Plain)
}

// readDiscovery reads what an issuer says about itself. The keys must be on its own
// host: whoever gets to change this one document gets no further.
func readDiscovery(text []byte, issuer string, plain bool) (string, error) {
	var doc struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if jsondepth.Exceeds(text, 64) || json.Unmarshal(text, &doc) != nil {
		return "", errors.New("not a strict JSON object")
	}
	if doc.Issuer != issuer { // section 4.3
		return "", errors.New("it is the document of another issuer: compare them letter by letter")
	}
	u, err := parseAddress(doc.JWKS, plain)
	if err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	if own, err := url.Parse(issuer); err != nil || !strings.EqualFold(own.Host, u.Host) || own.Scheme != u.Scheme {
		return "", fmt.Errorf("the keys are not on the issuer's own host: if that is right, configure their address, %q", u.Redacted())
	}
	return doc.JWKS, nil
}

// get fetches a JSON text.
func (s *Source) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, errors.New("it is not an address")
	}
	req.Header.Set("Accept", "application/json, application/jwk-set+json")
	resp, err := s.client.Do(req)
	if err != nil {
		// What it says of the address could hold a key in the query.
		if u := (*url.Error)(nil); errors.As(err, &u) {
			err = u.Err
		}
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %v", timeout)
		}
		return nil, nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		return nil, nil, fmt.Errorf("it redirects (%d), and that is not followed", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("it answers with status %d", resp.StatusCode)
	case !isJSON(resp.Header.Get("Content-Type")):
		return nil, nil, fmt.Errorf("it answers with %.60q and not with JSON", resp.Header.Get("Content-Type"))
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, token.MaxKeySetSize+1))
	switch {
	case err != nil:
		return nil, nil, errors.New("its answer breaks off")
	case len(text) > token.MaxKeySetSize:
		return nil, nil, fmt.Errorf("its answer has over %d bytes", token.MaxKeySetSize)
	}
	return text, resp.Header, nil
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// freshness reads Cache-Control (RFC 9111, 5.2.2) and Age.
func freshness(h http.Header) time.Duration {
	fresh := defaultFresh
	for directive := range strings.SplitSeq(strings.ToLower(strings.Join(h.Values("Cache-Control"), ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return minFresh
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err != nil {
				return minFresh
			}
			age, _ := strconv.ParseUint(h.Get("Age"), 10, 31) // 0 if it is none
			fresh = time.Duration(int64(seconds)-int64(age)) * time.Second
		}
	}
	return min(max(fresh, minFresh), maxFresh)
}
