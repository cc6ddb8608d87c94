// Package fsa is a web framework on net/http in which every route declares who
// may call it, the configuration says how callers prove who they are, and the
// framework enforces both.
//
//	cfg, err := fsa.Load("acme.toml")
//	…
//	app := fsa.New("acme", cfg)
//	app.UserPass(passwordHash)           // hook: the stored hash of a user's password
//	app.GroupCheck("employee", employed) // hook: is the user a member?
//	fsa.ObjectPerms(app, "store", canDo) // hook: may the user do that with this store?
//
//	fsa.Get(app, "/store", authz.Group("employee"), getStores)
//	fsa.Post(app, "/store/{sid}/product", authz.Object("store", "sid", "manager"), addProduct, fsa.Status(201))
//
//	log.Fatal(app.Run(ctx, "localhost:5000"))
//
// A handler is a function of the request's parameters, in a struct, to an answer
// or an error. It has nothing to do with authentication, so it can be read and
// tested as the function that it is:
//
//	func addProduct(ctx context.Context, in struct {
//		SID      int             // of the path
//		Product  string          // of query, form or JSON; mandatory
//		Quantity int             `default:"1"`
//		By       fsa.CurrentUser // who is calling
//	}) (Added, error)
//
// A route without a rule does not compile. All other mistakes of wiring and
// configuration are found by [App.Handler], which reports all of them together,
// each with its place and a remedy.
//
// # The life of a request
//
//  1. The server of [App.Run] limits the time and the size of requests.
//     Middleware of [App.Use] comes next.
//  2. Secure? A request that came neither over TLS nor from this machine is
//     refused: 403 (FSA_SECURE). One with traces of a proxy is not of this
//     machine.
//  3. If a browser asks whether a page of another origin may send a request (a
//     preflight), it is told (FSA_CORS). Whatever else the answer is, it says
//     whether such a page may read it. Hooks of [App.BeforeRequest] may answer in
//     the place of what follows.
//  4. Route: [http.ServeMux] finds it. A path that is not clean is redirected
//     before, so that the path that is authorized is the path that is served.
//     Unknown paths are 404, known ones with another method 405; OPTIONS tells
//     the methods of a path to everybody.
//  5. A route that is closed refuses: 403. If the route's rule asks who is
//     calling, its schemes are tried in their order; the first one that yields
//     an identity wins, and [App.Admit] is asked about it. If none does: 401,
//     with the challenges of the schemes, or 303 to the log-in page
//     (FSA_401_REDIRECT). A password is not looked at while its login or its
//     network is delayed by failures: 429 (FSA_LOGIN_THROTTLE).
//  6. An unsafe request whose credential the browser sent by itself must not
//     come from another origin, but for those that are trusted (FSA_BASE_URL,
//     FSA_CORS_OPTS): 403. On routes with [SameOrigin] no unsafe request must,
//     which is checked before authentication.
//  7. The rule is asked what it says about the caller: 403; or, if only another
//     log-in is missing ([authz.Fresh], [authz.Factors]), 401, or 303 to the page
//     for that (FSA_REAUTH_REDIRECT).
//  8. The parameters are bound, and those with a method Validate asked whether
//     they are right: 400, with all that is wrong with them.
//  9. The rule is asked what it says about objects, with the values that the
//     handler will get: 404 if they are not there, else 403.
//  10. Hooks of [App.BeforeExec] may answer in the handler's place. The handler
//     runs, within the time of [Timeout], and its answer is encoded, or sent as it
//     comes.
//  11. Refusals and failures, also those above, are written in one form
//     (FSA_ERROR_RESPONSE, [App.ErrorResponse]). Hooks of [App.AfterRequest] see
//     each answer before it is sent.
//  12. No answer below 400 leaves a route for which nothing has been decided.
//
// Answers of the hooks for password hashes, groups and objects are cached
// (FSA_CACHE). They must depend on nothing but the hook's arguments, and so the
// context of these hooks holds no values. A change in the application's data
// is seen when the answer expires, or at once if the application says so, by
// [App.PasswordUncache], [App.GroupUncache], [ObjectPermsUncache] and their kin.
//
// # Parameters
//
// Package param says where the fields of a handler's input come from, how they are
// converted, and how tags limit them (minimum, maxLength, pattern, format, enum
// and others, named as in JSON Schema). What tags can't say, a type says by a
// method:
//
//	func (in StayIn) Validate(ctx context.Context) error {
//		if in.To.Sub(in.From) <= 0 {
//			return fsa.Errorf(400, "a stay ends after it begins")
//		}
//		return nil
//	}
//
// It is asked before objects are, so it must not look at what the caller may not
// see. An error made by [Errorf] is the answer; of any other, the client is told
// only that the parameters are not valid, and the log reads why.
//
// A field of type *[File] takes a file of a multipart form. [Cast] makes parameters
// of types that have no text form. A map with the tag param:",rest" takes the
// parameters that no other field takes; with in:"body", a field is the whole body:
// a JSON value, or as it comes for []byte and [io.Reader].
//
// # Special parameters
//
// Some fields of a handler's input do not come from the request's parameters, and
// are known by their types: [CurrentUser] is the login of who is calling,
// [Identity] all that is known of them, [*http.Request] the request itself, [*App]
// the application. [Header] and [Cookie] take the value of a header field or a
// cookie. The value of a [Secret] is never shown.
//
// An application adds its own by [Special], and by [SpecialWithRelease] those that
// must be given back, such as a transaction for each request: it is committed
// before the answer is given, and rolled back if there is no success.
//
// # Errors
//
// What a handler returns by [Errorf] is what the client reads. All other
// errors, and panics, are a 500 whose cause is in the log only, under the
// request id that the client has been given ([RequestID]). FSA_MODE = "debug"
// lets the log tell how each decision came about.
package fsa
