// Package door is for the tests of command mutate: its tests kill some mutants
// and not others.
package door

import "errors"

// ErrClosed says that somebody may not enter.
var ErrClosed = errors.New("closed")

// Enter is tested but for the member that is too young.
func Enter(age int, member bool) error {
	if age < 18 || !member {
		return ErrClosed
	}
	return nil
}

// Steps is tested; without its end it would not return.
func Steps(n int) int {
	steps := 0
	for {
		if steps == n {
			return steps
		}
		steps++
	}
}

// Colour is tested for one kind of door.
func Colour(kind string) string {
	switch kind {
	case "front", "back":
		return "green"
	}
	return "white"
}

// Locked is not tested at all.
func Locked(bolts int) bool { return bolts > 0 }
