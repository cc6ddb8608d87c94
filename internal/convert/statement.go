package convert

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// statement is a logical line of the file.
type statement struct {
	line     int
	comments []string // the lines above it: comments, and "" for those that are empty
	trailing string   // the comment behind it
	tokens   []token
	nested   bool   // it is indented, or begins a block
	problem  string // why it can't be read, "" if it can
}

// token is a word of a statement, as Starlark spells it.
type token struct {
	kind byte // n a name, s a string, 0 a number, p punctuation
	text string
}

// Bounds on what is read. A configuration has some dozens of lines; the parser calls
// itself for each level of nesting.
const (
	MaxSize   = 256 << 10 // bytes of a file
	maxTokens = 5000      // of a statement
	maxNested = 50        // brackets in brackets
)

// SyntaxError says where the file is not Python.
type SyntaxError struct {
	Line    int
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// split takes a file apart into its statements. Comments behind the last one are those
// of an empty statement.
func split(source string) ([]statement, error) {
	s := scanner{rest: strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n"), line: 1, fresh: true}
	for s.rest != "" {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	if s.depth > 0 {
		return nil, &SyntaxError{s.current.line, "a bracket is not closed"}
	}
	s.finish()
	s.all = append(s.all, s.current)
	return s.all, nil
}

type scanner struct {
	rest    string
	line    int
	depth   int  // of brackets
	fresh   bool // nothing of the line has been seen yet
	indent  bool // the line is indented
	current statement
	all     []statement
}

// finish ends the statement, if there is one.
func (s *scanner) finish() {
	if len(s.current.tokens) > 0 {
		s.all = append(s.all, s.current)
		s.current = statement{}
	}
}

// next takes the next word, comment or line break.
func (s *scanner) next() error {
	c := s.rest[0]
	switch {
	case c == '\n':
		s.newline()
		return nil
	case c == ' ' || c == '\t' || c == '\f':
		s.indent = s.indent || s.fresh && s.depth == 0
		s.rest = s.rest[1:]
		return nil
	case c == '#':
		s.comment()
		return nil
	case strings.HasPrefix(s.rest, "\\\n"):
		s.rest = s.rest[2:]
		s.line++
		return nil
	case c == ';' && s.depth == 0:
		s.rest = s.rest[1:]
		s.finish()
		return nil
	}
	if len(s.current.tokens) == 0 {
		s.current.line, s.current.nested = s.line, s.indent
	}
	s.fresh = false
	if len(s.current.tokens) == maxTokens {
		return &SyntaxError{s.current.line, fmt.Sprintf("the statement has over %d words", maxTokens)}
	}
	return s.word()
}

func (s *scanner) newline() {
	s.rest = s.rest[1:]
	s.line++
	if s.depth > 0 {
		return
	}
	if n := len(s.current.comments); s.fresh && (n == 0 || s.current.comments[n-1] != "") {
		s.current.comments = append(s.current.comments, "")
	}
	s.finish()
	s.fresh, s.indent = true, false
}

// comment takes a comment. It belongs to the statement that it follows or is in, else
// to the next.
func (s *scanner) comment() {
	text, _, _ := strings.Cut(s.rest, "\n")
	s.rest = s.rest[len(text):]
	text = strings.TrimSpace(strings.TrimLeft(text, "#"))
	switch {
	case len(s.current.tokens) == 0:
		s.current.comments = append(s.current.comments, "# "+text)
		s.fresh = false // the line is not an empty one
	case s.depth > 0:
		s.current.comments = append(s.current.comments, "# "+text)
	default:
		s.current.trailing = text
	}
}

var (
	numberRE = regexp.MustCompile(`^(?:0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?)`)
	prefixRE = regexp.MustCompile(`^[rRbBuUfFtT]{0,2}["']`)
)

func (s *scanner) word() error {
	if p := prefixRE.FindString(s.rest); p != "" {
		return s.quoted(strings.ToLower(p[:len(p)-1]), len(p)-1)
	}
	if n := numberRE.FindString(s.rest); n != "" {
		s.take('0', strings.ReplaceAll(n, "_", ""), len(n))
		return nil
	}
	if n := nameLength(s.rest); n > 0 {
		s.take('n', s.rest[:n], n)
		return nil
	}
	r, size := utf8.DecodeRuneInString(s.rest)
	switch {
	case strings.ContainsRune("([{", r):
		if s.depth++; s.depth > maxNested {
			return &SyntaxError{s.line, fmt.Sprintf("over %d brackets in brackets", maxNested)}
		}
	case strings.ContainsRune(")]}", r):
		if s.depth--; s.depth < 0 {
			return &SyntaxError{s.line, "a bracket is closed that was not opened"}
		}
	case r > '~' || r < ' ':
		return &SyntaxError{s.line, fmt.Sprintf("%q is not Python", r)}
	}
	for _, op := range []string{"==", "!=", "<=", ">=", "//", "**", "<<", ">>", "+=", "|=", "-=", "*=", "/=", ":=", "->"} {
		if strings.HasPrefix(s.rest, op) {
			size = 2
		}
	}
	s.take('p', s.rest[:size], size)
	return nil
}

// take takes size bytes as a token.
func (s *scanner) take(kind byte, text string, size int) {
	s.rest = s.rest[size:]
	s.current.tokens = append(s.current.tokens, token{kind, text})
}

func nameLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return i
		}
	}
	return len(s)
}

// blockWords begin statements that hold others.
var blockWords = []string{"if", "elif", "else", "for", "while", "def", "class", "try", "except", "finally", "with", "async", "match", "@"}

// block reports whether the statement is of a block: what it sets depends on more than
// its text.
func (s statement) block() bool {
	return s.nested || slices.Contains(blockWords, s.tokens[0].text)
}

var directiveRE = regexp.MustCompile(`^FSA_[A-Z0-9_]+$`)

// sets lists the directives that a statement gives a value, wherever in it.
func (s statement) sets() []string {
	var names []string
	for i, t := range s.tokens[:len(s.tokens)-1] {
		if t.kind != 'n' || !directiveRE.MatchString(t.text) {
			continue
		}
		next := s.tokens[i+1].text
		assigned := strings.HasSuffix(next, "=") && !slices.Contains([]string{"==", "!=", "<=", ">="}, next)
		if assigned || i == 0 && (next == "[" || next == "," || next == ":") {
			names = append(names, t.text)
		}
	}
	return names
}

// text gives the statement in Starlark: without the type of an annotated name, with a
// plus between strings that stand beside each other.
func (s statement) text() string {
	tokens := s.tokens
	if len(tokens) > 2 && tokens[0].kind == 'n' && tokens[1].text == ":" {
		depth := 0
		for i, t := range tokens {
			switch {
			case strings.Contains("([{", t.text):
				depth++
			case strings.Contains(")]}", t.text):
				depth--
			}
			if t.text == "=" && depth == 0 {
				tokens = append([]token{tokens[0]}, tokens[i:]...)
				break
			}
		}
	}
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && t.kind == 's' && tokens[i-1].kind == 's' {
			b.WriteString("+ ")
		}
		b.WriteString(t.text)
		b.WriteByte(' ')
	}
	return b.String()
}
