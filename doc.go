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
//  3. Route: [http.ServeMux] finds it. Unknown paths are 404, known ones with
//     another method 405.
//  4. A route that is closed refuses: 403. If the route's rule asks who is
//     calling, its schemes are tried in their order; the first one that yields
//     an identity wins, and [App.Admit] is asked about it. If none does: 401,
//     with the challenges of the schemes.
//  5. An unsafe request whose credential the browser sent by itself must not
//     come from another origin: 403.
//  6. The rule is asked what it says about the caller: 403.
//  7. The parameters are bound: 400, with all that is wrong with them.
//  8. The rule is asked what it says about objects, with the values that the
//     handler will get: 404 if they are not there, else 403.
//  9. The handler runs, and its answer is encoded.
//  10. No answer below 400 leaves a route for which nothing has been decided.
//
// Answers of the hooks for password hashes, groups and objects are cached
// (FSA_CACHE). They must depend on nothing but the hook's arguments, and so the
// context of these hooks holds no values. A change in the application's data
// is seen when the answer expires, or at once if the application says so, by
// [App.PasswordUncache], [App.GroupUncache], [ObjectPermsUncache] and their kin.
//
// # Special parameters
//
// Some fields of a handler's input do not come from the request's parameters, and
// are known by their types: [CurrentUser] is the login of who is calling,
// [Identity] all that is known of them, [*http.Request] the request itself, [*App]
// the application. [Header] and [Cookie] take the value of a header field or a
// cookie. What package param says of all other fields holds for the rest.
//
// # Errors
//
// What a handler returns by [Errorf] is what the client reads. All other
// errors, and panics, are a 500 whose cause is in the log only, under the
// request id that the client has been given.
package fsa
