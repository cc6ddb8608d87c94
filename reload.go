package fsa

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/fastsimpleauth/fsa/token"
)

// live is what [App.Reload] replaces, as a whole.
type live struct {
	tokens   token.Format // nil if there are none
	signKeys []*token.Key // FSA_TOKEN_SIGN
	proxies  []netip.Prefix
	maxBody  int64            // of routes that do not say
	cert     *tls.Certificate // nil until Server has read it
}

// reloadable are the fields of Config that may change while the application runs.
var reloadable = []string{"TokenSecret", "TokenSign", "TrustedProxies", "MaxBody", "LoginThrottle", "LoggingLevel", "TLSCert", "TLSKey"}

// Reload reads the configuration once more, from the file of [Load] and the
// environment, and makes what has changed hold from the next request on. Requests
// under way are not disturbed. These can change:
//
//   - FSA_TOKEN_SECRET and FSA_TOKEN_SIGN. To rotate, put the new one in front and
//     reload; take the old one out when its last token has ended, and reload. Tokens
//     whose secret is gone are refused at once, also where they were known to be good.
//   - FSA_TRUSTED_PROXIES
//   - FSA_MAX_BODY and the numbers of FSA_LOGIN_THROTTLE. What has been counted stays.
//   - FSA_LOGGING_LEVEL, unless Config.Logger is set
//   - FSA_TLS_CERT and FSA_TLS_KEY, of the server of [App.Run] and [App.Server]. Their
//     files are read anew, whether their names have changed or not; new connections
//     get the new certificate.
//
// Any other directive that has changed is an error, since it needs a restart, and so
// is a configuration that would not start. Then nothing changes: the error joins all
// faults, each a *[ConfigError].
//
// What code has set after Load stays as it is; a change in the file of the same
// directive replaces it. Functions given to Reload change the configuration further,
// such as a secret that comes from elsewhere than a file.
func (a *App) Reload(ctx context.Context, change ...func(*Config)) error {
	if _, err := a.Handler(); err != nil {
		return err
	}
	a.reloading.Lock()
	defer a.reloading.Unlock()
	cfg, read, faults := a.reread()
	for _, f := range change {
		before := cfg
		before.TokenSecret, before.TokenSign = slices.Clone(cfg.TokenSecret), slices.Clone(cfg.TokenSign)
		before.TrustedProxies = slices.Clone(cfg.TrustedProxies)
		f(&cfg)
		for _, name := range changedFields(before, cfg) {
			if !slices.Contains(reloadable, name) {
				faults = append(faults, &ConfigError{Problem: "Config." + name + " cannot change while the application runs", Remedy: "restart it"})
			}
		}
	}
	if len(faults) > 0 {
		return faults.asError()
	}
	next, faults := newSettings(a.settings.name, cfg)
	now, n := a.settings.now(), next.now()
	if cert, err := next.certificate(); err != nil {
		faults = append(faults, &ConfigError{Directive: "FSA_TLS_CERT", Source: cfg.source("FSA_TLS_CERT"), Problem: "cannot be used: " + err.Error(), Remedy: "check FSA_TLS_CERT and FSA_TLS_KEY"})
	} else {
		n.cert = cert
	}
	if (next.TLSCert == "") != (a.settings.TLSCert == "") {
		faults = append(faults, &ConfigError{Directive: "FSA_TLS_CERT", Source: cfg.source("FSA_TLS_CERT"), Problem: "cannot come or go while the application runs", Remedy: "restart it"})
	}
	if len(faults) > 0 {
		return faults.asError()
	}
	if len(cfg.TokenSecret) == 0 && len(cfg.TokenSign) == 0 || a.settings.sameSecrets(next) {
		n.tokens, n.signKeys = now.tokens, now.signKeys // a random secret stays, and what is known to be good with it
	}
	for _, w := range next.warnings {
		w.log(a.settings.logger)
	}
	a.settings.live.Store(n)
	a.settings.given, a.settings.read, a.settings.holds = cfg, read, next.holds
	if a.throttle != nil {
		a.throttle.paces.Store(newPaces(next.LoginThrottle))
	}
	if a.settings.level != nil && next.level != nil {
		a.settings.level.Set(next.level.Level())
	}
	a.settings.logger.InfoContext(context.WithoutCancel(ctx), "reloaded", "application", a.settings.name)
	return nil
}

// sameSecrets reports whether the secrets of tokens have not changed. Of private keys
// that is not known: their files may have.
func (s *settings) sameSecrets(next *settings) bool {
	return len(s.given.TokenSign) == 0 && len(next.given.TokenSign) == 0 && slices.Equal(s.given.TokenSecret, next.given.TokenSecret)
}

// readCertificate reads the certificate for a server.
func (a *App) readCertificate() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	cert, err := a.settings.certificate()
	if err == nil && cert != nil {
		n := *a.settings.now()
		n.cert = cert
		a.settings.live.Store(&n)
	}
	return err
}

// reread gives the configuration with what has changed in its file and the
// environment; read is what stands there now.
func (a *App) reread() (cfg Config, read *Config, faults faults) {
	s := a.settings
	cfg = s.given
	if s.read == nil || s.read.load == nil {
		return cfg, s.read, nil // it was made by code
	}
	fresh, err := s.read.load()
	for _, e := range parts(err) {
		c, ok := e.(*ConfigError)
		if !ok {
			c = &ConfigError{Problem: e.Error(), Err: e}
		}
		faults = append(faults, c)
	}
	if err != nil {
		return cfg, s.read, faults
	}
	to, from := reflect.ValueOf(&cfg).Elem(), reflect.ValueOf(fresh)
	for _, name := range changedFields(*s.read, fresh) {
		if !slices.Contains(reloadable, name) {
			faults = append(faults, &ConfigError{Problem: "Config." + name + " has changed, and cannot while the application runs", Remedy: "restart it, or change it back"})
			continue
		}
		to.FieldByName(name).Set(from.FieldByName(name))
	}
	for _, name := range changedOthers(s.read.others, fresh.others) {
		faults = append(faults, &ConfigError{Directive: name, Source: fresh.source(name), Problem: "has changed, and cannot while the application runs", Remedy: "restart it, or change it back"})
	}
	cfg.sources = fresh.sources
	return cfg, &fresh, faults
}

// changedFields lists the exported fields in which two configurations differ.
func changedFields(a, b Config) (names []string) {
	v, w := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !same(v.Field(i), w.Field(i)) {
			names = append(names, f.Name)
		}
	}
	return names
}

// same reports whether two values are the same. Unlike [reflect.DeepEqual] it takes a
// function, or what lies behind a pointer, for the same as itself.
func same(v, w reflect.Value) bool {
	switch v.Kind() {
	case reflect.Func, reflect.Chan, reflect.Pointer, reflect.UnsafePointer:
		return v.Pointer() == w.Pointer()
	case reflect.Interface:
		if v.IsNil() || w.IsNil() || v.Elem().Type() != w.Elem().Type() {
			return v.IsNil() && w.IsNil()
		}
		return same(v.Elem(), w.Elem())
	case reflect.Slice, reflect.Array:
		if v.Len() != w.Len() {
			return false
		}
		for i := range v.Len() {
			if !same(v.Index(i), w.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if v.Len() != w.Len() {
			return false
		}
		for _, key := range v.MapKeys() {
			if other := w.MapIndex(key); !other.IsValid() || !same(v.MapIndex(key), other) {
				return false
			}
		}
		return true
	case reflect.Struct:
		for i := range v.NumField() {
			if !same(v.Field(i), w.Field(i)) {
				return false
			}
		}
		return true
	}
	return v.Equal(w)
}

// changedOthers lists the directives of other packages in which two configurations
// differ.
func changedOthers(a, b []other) (names []string) {
	values := map[string]any{}
	for _, o := range a {
		values[o.name] = o.value()
	}
	for _, o := range b {
		if before, ok := values[o.name]; !ok || !reflect.DeepEqual(before, o.value()) {
			names = append(names, o.name)
		}
		delete(values, o.name)
	}
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// certificate reads the files of FSA_TLS_CERT and FSA_TLS_KEY; nil if there are none.
func (s *settings) certificate() (*tls.Certificate, error) {
	if s.TLSCert == "" || s.TLSKey == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate and its key: %w", err)
	}
	return &cert, nil
}
