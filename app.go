package fsa

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fastsimpleauth/fsa/authz"
	"github.com/fastsimpleauth/fsa/cache"
	"github.com/fastsimpleauth/fsa/httperr"
	"github.com/fastsimpleauth/fsa/identity"
	"github.com/fastsimpleauth/fsa/param"
)

// The types that handlers and hooks meet, from the packages that own them.
type (
	// Error is an error with a status, a public text and a private cause.
	Error = httperr.Error

	// Identity is who is calling and how they proved it. A field of this
	// type in a handler's input is a special parameter.
	Identity = identity.Identity

	// Date is a day, without a time: YYYY-MM-DD.
	Date = param.Date

	// JSON is a parameter that takes any JSON value.
	JSON = param.JSON

	// Header is a parameter that takes the value of a header field:
	// user_agent that of User-Agent.
	Header = param.Header

	// Cookie is a parameter that takes the value of the cookie of its name.
	Cookie = param.Cookie

	// File is a file of a multipart form. A field of type *File in a
	// handler's input takes one, of type []*File several.
	File = param.File
)

// NewFile makes a file, for tests that call a handler as the function that it is.
func NewFile(name, contentType string, content []byte) *File {
	return param.NewFile(name, contentType, content)
}

// DateOf gives the day of t, in t's location.
func DateOf(t time.Time) Date { return param.DateOf(t) }

// None is the input of handlers without parameters, and the output of those
// without an answer: 204.
type None struct{}

// Errorf makes an error that the client reads: a status and a text formatted as
// by [fmt.Sprintf]. Any other error of a handler or a hook is answered as a
// failure of the server, and its text stays in the log.
func Errorf(status int, format string, args ...any) *Error {
	return httperr.Errorf(status, format, args...)
}

// App is an application: its configuration, its hooks and its routes. Register
// these first, from one goroutine; [App.Handler] then checks and compiles all of
// it.
type App struct {
	settings      *settings
	faults        faults // of configuration and registration
	root          Prefix
	registrations []*registration
	use           []func(http.Handler) http.Handler

	canonicalLogin func(ctx context.Context, typed string) (string, error)
	userPass       func(ctx context.Context, login string) (string, error)
	passwordCheck  func(ctx context.Context, login, password string) (bool, error)
	passwordRehash func(ctx context.Context, login, old, new string) error
	userInGroup    func(ctx context.Context, login, group string) (bool, error)

	userHasPermission func(ctx context.Context, login, permission string) (bool, error)

	admits        []func(ctx context.Context, id Identity) error
	loginFailed   []func(ctx context.Context, e FailedLogin) error
	schemes       []*ownScheme
	groupChecks   map[string]func(ctx context.Context, login string) (bool, error)
	groups        []string // declared
	scopes        []string // declared
	permissions   []string // declared; none: any
	domains       map[string]*domain
	directives    []ownDirective // registered by other packages
	casts         []param.Cast
	specials      map[reflect.Type]provider
	claimed       map[reflect.Type]string // the types of these, and what claims them
	converters    []*converter
	hooksTraced   bool
	hooksObserved bool
	observers     *observers // nil if there are none
	more          moreHooks
	protections   []*protection
	cookies       []*HostCookie

	userHA1    func(ctx context.Context, login, realm, algorithm string) (string, error)
	userByHash func(ctx context.Context, userhash, realm, algorithm string) (string, error)
	findKey    func(ctx context.Context, id string) (APIKey, error)

	logins         *hookCache[string, string] // by what was typed
	passwordHashes *hookCache[string, string]
	proofs         *hookCache[proofKey, proof]
	credentials    *cache.Near[digest, credentials] // nil: nothing is kept
	prover         *prover
	tries          *hookCache[digest, tried]
	throttle       *throttle // nil if there is none
	rehashing      sync.Map  // logins
	watch          watch
	digest         *digestState
	revocations    *revocations
	keys           *hookCache[keyKey, *keyEntry]
	memberships    *hookCache[namedKey, bool]
	granted        *hookCache[namedKey, bool] // permissions
	identities     *hookCache[tokenKey, *tokenEntry]
	access         *hookCache[tokenKey, *accessEntry]

	stopping stopping

	checks      []func() error // of other packages
	backgrounds []background
	local       atomic.Pointer[url.URL] // where Run serves, in modes dev and debug

	reloading sync.Mutex // of Reload, and of whoever else changes settings.live

	mu       sync.Mutex
	compiled *handler
	warnings []warning
	warned   bool   // they are in the log
	late     faults // registered after compilation
}

// New makes an application. The name is its default realm.
//
// Faults of the configuration are reported by [App.Handler], with those of the
// routes.
func New(name string, cfg Config) *App {
	s, faults := newSettings(name, cfg)
	a := &App{
		settings:    s,
		faults:      faults,
		groupChecks: map[string]func(context.Context, string) (bool, error){},
		groups:      slices.Clone(s.AuthzGroups),
		scopes:      slices.Clone(s.AuthzScopes),
		permissions: slices.Clone(s.AuthzPermissions),
		domains:     map[string]*domain{},
	}
	a.root.app = a
	a.passwordHashes = newHookCache(s, cache.NearOptions[string, string]{
		Bytes: hookCacheBytes(s),
		Weigh: func(login, hash string) int { return len(login) + len(hash) + 256 },
	})
	a.logins = newLoginCache(s)
	a.prover = newProver()
	a.proofs = newHookCache(s, cache.NearOptions[proofKey, proof]{
		Bytes: hookCacheBytes(s),
		Weigh: func(k proofKey, p proof) int { return len(k.login) + len(k.client) + len(p.hash) + 256 },
	})
	a.credentials = newCredentials(s)
	a.tries = &hookCache[digest, tried]{near: cache.NewNear(cache.NearOptions[digest, tried]{})}
	a.throttle = newThrottle(s)
	a.digest = newDigestState(s)
	a.keys = newKeyCache(s)
	a.revocations = newRevocations(s)
	a.access = newAccessCache(s)
	a.memberships = newHookCache(s, cache.NearOptions[namedKey, bool]{})
	a.granted = newHookCache(s, cache.NearOptions[namedKey, bool]{})
	a.identities = newHookCache(s, cache.NearOptions[tokenKey, *tokenEntry]{
		Hash:  hashToken,
		Bytes: hookCacheBytes(s),
		Weigh: func(k tokenKey, e *tokenEntry) int { return len(k.raw) + len(k.realm) + 256 },
	})
	return a
}

// hookCacheBytes bounds each cache whose keys a client can make long, since the
// bound on entries then does not bound memory enough: a token may have 8 KiB. There
// is room for as many entries of a usual size as FSA_CACHE_SIZE says, and for some
// long ones when that is small.
func hookCacheBytes(s *settings) int64 { return max(64<<20, 512*int64(s.CacheSize)) }

// caller gives the file and line of whoever called the exported function.
func caller(skip int) string {
	_, file, line, ok := runtime.Caller(skip + 1)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// hook notes the registration of a hook, and reports whether it may go on.
func (a *App) hook(name string, missing, twice bool, skip int) bool {
	e := &ConfigError{Source: caller(skip + 1)}
	if !a.open(name, e.Source) {
		return false
	}
	switch {
	case missing:
		e.Problem, e.Remedy = "the hook of "+name+" is nil", "give a function"
	case twice:
		e.Problem, e.Remedy = name+" is called twice", "register one hook"
	default:
		return true
	}
	a.faults = append(a.faults, e)
	return false
}

// open reports whether the application still takes registrations. What comes
// after compilation would not be served, and is a fault of the next Handler.
func (a *App) open(what, source string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.compiled == nil {
		return true
	}
	e := &ConfigError{Source: source, Problem: what + " comes after app.Handler() has compiled the application, and has no effect",
		Remedy: "register everything before app.Handler() or app.Run()"}
	a.late = append(a.late, e)
	a.settings.logger.Error(e.Problem, "source", source, "remedy", e.Remedy)
	return false
}

// UserPass sets the hook that gives the stored password hash of a user, or
// [ErrNoSuchUser]. Its answers are cached; see [App.PasswordUncache]. An empty
// hash matches no password.
func (a *App) UserPass(get func(ctx context.Context, login string) (hash string, err error)) {
	if a.hook("app.UserPass", get == nil, a.userPass != nil, 1) {
		a.userPass = get
	}
}

// PasswordCheck sets a hook that checks a password itself. It is asked when
// there is no stored hash, no such user, or the hash does not match. Its answers
// are not cached. It is part of the try that FSA_LOGIN_THROTTLE counts. A try that it
// fails for (an error that is no [Errorf] of a status below 500) is not counted, unless
// [App.UserPass] is set, too: it tells that the password is not the stored one's, and
// such guesses are not to be free.
func (a *App) PasswordCheck(check func(ctx context.Context, login, password string) (bool, error)) {
	if a.hook("app.PasswordCheck", check == nil, a.passwordCheck != nil, 1) {
		a.passwordCheck = check
	}
}

// PasswordQuality sets a hook that judges new passwords, after the rules of
// FSA_PASSWORD_LENGTH and FSA_PASSWORD_RE. It returns nil for a good one; of an
// error made by [Errorf], the user reads the text.
func (a *App) PasswordQuality(judge func(ctx context.Context, password string) error) {
	if a.hook("app.PasswordQuality", judge == nil, a.settings.quality.Check != nil, 1) {
		a.settings.quality.Check = judge
	}
}

// GroupCheck sets the hook that tells whether a user is a member of the group,
// and so declares the group. Its answers are cached; see [App.GroupUncache].
func (a *App) GroupCheck(group string, check func(ctx context.Context, login string) (bool, error)) {
	if a.hook(fmt.Sprintf("app.GroupCheck(%q)", group), check == nil, a.groupChecks[group] != nil, 1) {
		a.groupChecks[group] = check
	}
}

// UserInGroup sets the hook that is asked about groups that have no check of
// their own. These must be declared by [App.AddGroup] or FSA_AUTHZ_GROUPS.
func (a *App) UserInGroup(check func(ctx context.Context, login, group string) (bool, error)) {
	if a.hook("app.UserInGroup", check == nil, a.userInGroup != nil, 1) {
		a.userInGroup = check
	}
}

// AddGroup declares groups, as FSA_AUTHZ_GROUPS does.
func (a *App) AddGroup(names ...string) {
	if a.open("app.AddGroup", caller(1)) {
		a.groups = append(a.groups, names...)
	}
}

// Admit adds a hook that is asked about every identity, after each successful
// authentication and also when that was cached. Its error refuses the request:
// one made by [Errorf] as it says, any other as a failure. Several hooks are asked in
// the order in which they were added, until one refuses.
func (a *App) Admit(admit func(ctx context.Context, id Identity) error) {
	if a.hook("app.Admit", admit == nil, false, 1) {
		a.admits = append(a.admits, admit)
	}
}

// AddHeader adds a header field to each answer, as FSA_ADD_HEADERS does.
func (a *App) AddHeader(name, value string) {
	source := caller(1)
	if !a.open("app.AddHeader", source) {
		return
	}
	if e := badHeader(name, value); e != nil {
		e.Source = source
		a.faults = append(a.faults, e)
		return
	}
	a.settings.headers = append(a.settings.headers, header{http.CanonicalHeaderKey(name), value})
}

// Use adds middleware around the whole application, the first one outermost. It
// runs before anything is known of the request.
func (a *App) Use(middleware ...func(http.Handler) http.Handler) {
	if a.open("app.Use", caller(1)) {
		a.use = append(a.use, middleware...)
	}
}

// The sentinels of hooks.
var (
	// ErrNoSuchUser is what the hook of [App.UserPass] returns for a login
	// that nobody has.
	ErrNoSuchUser = fmt.Errorf("no such user")

	// ErrNoSuchObject is what an object permission returns when there is no
	// such object: the answer is 404 instead of 403.
	ErrNoSuchObject = authz.ErrNoSuchObject

	// ErrUnauthenticated says that nobody is authenticated.
	ErrUnauthenticated = fmt.Errorf("nobody is authenticated")
)
