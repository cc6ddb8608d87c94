// Package cli makes a program of an application: it serves, lists its routes, checks
// and shows its configuration, hashes passwords, makes and checks tokens, and does
// what other packages add.
//
//	func main() {
//		cfg, err := fsa.Load("acme.toml")
//		…
//		app := fsa.New("acme", cfg)
//		…
//		cli.Main(app)
//	}
//
//	acme                     # serves at localhost:5000
//	acme serve -addr :8443   # elsewhere
//	acme routes              # who may call what
//	acme check               # all faults and warnings; exit code 1 if there are faults
//	acme config --changed    # what is set, and where
//	acme hash                # of a password, read from the terminal or a pipe
//	acme token create calvin
//	acme token check         # of a token that is piped in
//
// Flags can be written with one dash or two. What goes wrong is told on standard error,
// by a line "error: …", and mostly a line "hint: …" with what to do about it. The exit
// code is 0, 1 for a failure, or 2 if the command can't be understood.
//
// A [Program] says more: it opens the application only once the command line is
// understood, has flags of its own, and closes what it has opened. Other packages add
// commands by [Command].
//
// While it serves, SIGHUP reads the configuration anew ([fsa.App.Reload]). SIGINT and
// SIGTERM end it, and the context of whatever other command runs: no further requests
// are taken, event streams end, others are finished. A second signal ends it at once.
package cli
