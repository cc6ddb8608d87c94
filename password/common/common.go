// Package common refuses the passwords that everybody has: a list of nearly 20,000
// that occur most often in what has been leaked. An attacker who may try a hundred
// begins there (NIST SP 800-63B-4, 3.1.1.2, asks for such a list).
//
//	app.PasswordQuality(common.Check)
//
// The list is the one that Django has, whose licence is in LICENSE.passwords. It takes
// 160 KB of the binary, and no memory beyond it.
package common

import (
	"context"
	_ "embed" // the list
	"net/http"
	"strings"

	"github.com/fastsimpleauth/fsa/httperr"
	"golang.org/x/text/unicode/norm"
)

// list has a password in each line, in the order of their bytes, in lower case.
//
//go:embed passwords.txt
var list string

// longest is more than the longest of them, in bytes, in any form of Unicode that
// becomes it.
const longest = 256

// Check is a hook for app.PasswordQuality: it refuses, by a 400, what is in the list.
// See [password.AllOf] for how to ask others too.
//
// [password.AllOf]: https://pkg.go.dev/github.com/fastsimpleauth/fsa/password#AllOf
func Check(_ context.Context, password string) error {
	if Contains(password) {
		return httperr.Errorf(http.StatusBadRequest, "password is too common: it is among those that are tried first")
	}
	return nil
}

// Contains reports whether a password is in the list, whatever its case and its width
// (NFKC), and whatever spaces are around it.
func Contains(password string) bool {
	if len(password) > longest {
		return false
	}
	password = strings.TrimSpace(strings.ToLower(norm.NFKC.String(password)))
	return password != "" && contains(list, password)
}

// contains looks for a line in sorted lines, each of which ends with a line break.
func contains(lines, line string) bool {
	for lines != "" {
		middle := len(lines) / 2
		start := strings.LastIndexByte(lines[:middle], '\n') + 1
		end := start + strings.IndexByte(lines[start:], '\n')
		switch found := lines[start:end]; {
		case found == line:
			return true
		case found < line:
			lines = lines[end+1:]
		default:
			lines = lines[:start]
		}
	}
	return false
}
