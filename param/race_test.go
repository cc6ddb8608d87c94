//go:build race

package param_test

// raceSlack is how many limits more what is compiled for the race detector
// allocates: there, less stays on the stack.
const raceSlack = 2
