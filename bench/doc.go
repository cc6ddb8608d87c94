// Command bench compares a secured request through FSA with the same request
// through other routers and frameworks, each written as its own users would write
// it well, and with a handler that has no security at all. It prints one table:
//
//	go run .
//
// All contestants serve the same two requests, decide by the same hooks in memory
// and give the same answers; [bench] does not measure before it has seen that. What
// each of them does and does not do for it is in README.md.
package main
