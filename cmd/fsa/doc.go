// Command fsa is for those who write an application with FSA: it begins one, and makes
// what goes into its files.
//
//	fsa new acme               # a project that builds, runs and is tested
//	fsa hash                   # the hash of a password, for a store of users
//	fsa token make calvin      # a token, for tests and scripts
//	fsa token check            # whether one is good, and what it says
//	fsa token show             # what one says
//	fsa convert acme.conf      # a configuration of FlaskSimpleAuth, as TOML
//
// Passwords, tokens and secrets are never arguments, which other users of the machine
// can see and shells remember: they come from the terminal, from standard input, from
// files or from the environment.
//
// What is wrong is said on standard error, in a line that begins with "error:", and what
// to do about it in one that begins with "hint:". The exit status is 1 for a failure, and
// 2 for wrong usage.
package main
