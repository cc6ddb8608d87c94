package fsa

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// properties are the security properties that comments in tests name by an S and their
// numbers. Those that this module has nothing to do with yet are missing here, and
// named as missing in docs/security.md.
var properties = map[int]string{
	1:  "A new password has a minimum length, which is configured",
	2:  "All characters of a password count: none is cut off",
	3:  "No rules of composition unless they are configured",
	4:  "Passwords that everybody has are refused, by a list that needs no network",
	5:  "And those that are made of the application's name or the user's own address and name",
	6:  "Passwords are normalized once, when they are set and when they are checked",
	7:  "No password has to be changed because of its age",
	8:  "Who changes a password knows the present one",
	9:  "Hashes of an old scheme or cost are replaced at log-in",
	10: "Hashing at the same time is bounded, in number and in waiting",
	11: "Passwords and hashes have a size limit that is looked at before hashing",
	12: "A log-in answers the same whether there is such a user or not",
	13: "And takes the same time",
	14: "That an account is locked, inactive or not confirmed is told only after a right credential",
	15: "The time is that of the slowest scheme in use, whatever the stored hash is",
	16: "Failed log-ins are delayed, longer each time; accounts are not locked",
	17: "An attacker elsewhere cannot keep the owner out",
	18: "Failures are counted exactly, also 1,000 at the same time",
	19: "Every way in that takes a password is counted",
	20: "Failures are counted by account and by network",
	21: "Who comes too early is told 429, and when to come again",
	22: "One place decides about an account, whichever way somebody has come in",
	23: "When failures cannot be counted, no password is looked at",
	24: "What is mailed has 256 random bits, is stored as a hash, ends, and is bound to the user, the purpose, the address and the password",
	25: "What may be used once is used once, also by 100 at the same time",
	26: "A page that is looked at uses no link up: programs that check mails follow links",
	28: "A link from a mail does not log in",
	29: "Links lead to the configured address, whatever a request says of its host",
	30: "A page whose URL holds a secret gives its URL to no other",
	32: "A second link does not void the first; using one voids both",
	33: "A code of an authenticator is good for one log-in, also if many come at once",
	34: "It may be one step early or late, and no more",
	38: "A log-in that is not complete opens nothing",
	50: "A session has 256 random bits, is stored as a hash, and changes at log-in, with the password and when its user proves anew who they are",
	51: "A log-out ends the session where it is kept",
	52: "A new password ends the other sessions and all tokens",
	53: "Sessions end when they are not used, and at an age",
	54: "Users and administrators list sessions and end them",
	55: "Cookies are __Host-, Secure, HttpOnly and SameSite",
	57: "Who proves anew who they are is the one who is logged in",
	58: "Unsafe requests with a credential that browsers send by themselves must be of the same origin",
	59: "That is decided by Sec-Fetch-Site, and by Origin where there is none",
	60: "Redirects stay on this host, however the target is written",
	61: "What a client sends wrongly is a 4xx, never a 5xx",
	63: "Who somebody is, is said by the issuer and its subject: users of two issuers are never one by accident",
	68: "An API key is taken from the header alone, never from a query or a form",
	70: "No secret in a log, an error, a trace or a panic",
	72: "Users are told by mail of new passwords and new devices",
	73: "An administrator starts a recovery, and never picks a password",
	74: "No account is there by default; a placeholder or a missing secret stops the start",
	75: "A client sets no field that is not meant for it",
	76: "Addresses and names are unique, however they are spelt, also if many come at once",
	78: "Who owns an object is declared by the route",
	79: "What happens to accounts is in the audit trail, without secrets",
	80: "Secrets are rotated while the application runs; the tokens of one that is gone are refused at once",
	81: "Answers that are kept never get to somebody else; concurrent log-ins each get their own identity",
	82: "Rules are decided on every request, also when who is calling is known from before",
	83: "The permission on an object is asked for the very value that the handler gets",
	84: "The path that is authorized is the path that is served",
	85: "How stale a kept decision can be has a bound, by kind",
	86: "Without randomness the program stops; nothing gets weaker",
	87: "A token that is cut short is refused, wherever it is cut",
	88: "A panic or an error of a hook is a refusal",
	89: "Nothing that a client sends can forge a line of the log",
	90: "What a route declares, what is enforced and what is documented agree",
}

var propertyRE = regexp.MustCompile(`\bS(\d{1,2})\b`)

// TestSecurityPage: the table of docs/security.md is what comments in tests name.
func TestSecurityPage(t *testing.T) {
	provedBy := provers(t)
	table := "| property | proved by |\n|---|---|\n"
	for _, n := range slices.Sorted(maps.Keys(properties)) {
		if tests := provedBy[n]; len(tests) > 0 {
			table += fmt.Sprintf("| %s | %s |\n", properties[n], strings.Join(tests, ", "))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(provedBy)) {
		if properties[n] == "" {
			t.Errorf("%s name property S%d, of which securitypage_internal_test.go has no words", provedBy[n], n)
		}
	}
	generated(t, "docs/security.md", "properties", table)
	table = ""
	for _, n := range slices.Sorted(maps.Keys(properties)) {
		if len(provedBy[n]) == 0 {
			table += "- " + properties[n] + ".\n"
		}
	}
	generated(t, "docs/security.md", "unproved", table)
}

// provers finds the tests whose comments, or those in them, name a property. A comment
// elsewhere counts for the function that follows it.
func provers(t *testing.T) map[int][]string {
	t.Helper()
	found := map[int][]string{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"testdata", "bench"}, d.Name()) || path != "." && strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = "fsa"
		}
		for _, c := range f.Comments {
			for _, m := range propertyRE.FindAllStringSubmatch(c.Text(), -1) {
				n, _ := strconv.Atoi(m[1])
				name := fmt.Sprintf("`%s` %s", dir, enclosing(f, c))
				if !slices.Contains(found[n], name) {
					found[n] = append(found[n], name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tests := range found {
		slices.Sort(tests)
	}
	return found
}

// enclosing gives the name of the function that a comment is in or in front of.
func enclosing(f *ast.File, c *ast.CommentGroup) string {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && c.Pos() < fn.End() {
			return fn.Name.Name
		}
	}
	return filepath.Base(f.Name.Name)
}
