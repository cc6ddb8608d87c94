// Package tutorial does what the reader of a tutorial does: it puts the pieces of code of a
// document together, step by step, builds the program and runs the commands that the document
// has, which must give what the document says. It is for tests.
package tutorial

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// Block is a fenced block of a document.
type Block struct {
	Line int // of its first line of text
	Lang string
	Text string

	// Restart is set for the first block after a comment
	//
	//	<!-- restart FSA_ERROR_RESPONSE=plain -->
	//
	// Its commands, and those of the blocks that follow, are for a program
	// that is started afresh. The settings in the comment are what the finished
	// program needs to behave as the one of that section.
	Restart  bool
	Settings []string
}

// Blocks takes the fenced blocks out of a Markdown text.
func Blocks(text string) []Block {
	var all []Block
	var next Block
	inside := false
	for i, line := range strings.Split(text, "\n") {
		fence, fenced := strings.CutPrefix(line, "```")
		comment, restart := strings.CutPrefix(line, "<!-- restart")
		switch {
		case fenced && !inside:
			inside, next.Line, next.Lang = true, i+2, fence
		case fenced:
			all = append(all, next)
			inside, next = false, Block{}
		case inside:
			next.Text += line + "\n"
		case restart:
			next.Restart, next.Settings = true, strings.Fields(strings.TrimSuffix(comment, "-->"))
		}
	}
	return all
}

// Command is a command of a shell block.
type Command struct {
	Line   int
	Text   string
	Status string // that curl must print, "" if the command captures or is of the program
	Sets   string // the variable that it captures
	Args   string // of the program, of "go run . ARGS"
	Prints string // what the program must print somewhere
}

var (
	statusRE  = regexp.MustCompile(`\s#\s*([1-5][0-9][0-9])\b`)
	captureRE = regexp.MustCompile(`^([A-Z_]+)=\$\(`)
	programRE = regexp.MustCompile(`^go run \. (\S.*?)\s+#\s*(.+)$`)
)

// Commands takes a shell block with curl, or with commands of the program, apart; another
// block has none. A command must say which status it prints, as in "curl … # 200", what
// the program prints, as in "go run . users list # calvin", or capture something, as in
// "TOKEN=$(curl …)".
func Commands(b Block) ([]Command, error) {
	if b.Lang != "shell" || !strings.Contains(b.Text, "curl") && !strings.Contains(b.Text, "go run . ") {
		return nil, nil
	}
	var all []Command
	var text string
	for i, line := range strings.Split(b.Text, "\n") {
		if text == "" && (line == "" || strings.HasPrefix(line, "#")) {
			continue
		}
		text += line
		if strings.HasSuffix(line, `\`) {
			text += "\n"
			continue
		}
		c := Command{Line: b.Line + i, Text: text}
		text = ""
		if m := programRE.FindStringSubmatch(c.Text); m != nil {
			c.Args, c.Prints = m[1], m[2]
			all = append(all, c)
			continue
		}
		if m := statusRE.FindStringSubmatch(c.Text); m != nil {
			c.Status = m[1]
		} else if m := captureRE.FindStringSubmatch(c.Text); m != nil && strings.HasSuffix(c.Text, ")") {
			c.Sets = m[1]
		} else {
			return nil, fmt.Errorf("line %d: the command does not say which status it prints: %s", c.Line, c.Text)
		}
		if !strings.Contains(c.Text, "curl") {
			return nil, fmt.Errorf("line %d: the command is not curl: %s", c.Line, c.Text)
		}
		all = append(all, c)
	}
	return all, nil
}

// Run runs the commands of a document. fresh starts a program.
func Run(t *testing.T, document []Block, fresh func(settings []string) *Program) {
	t.Helper()
	var p *Program
	ran := 0
	for _, b := range document {
		all, err := Commands(b)
		if err != nil {
			t.Error(err)
		}
		if b.Restart {
			if p != nil {
				p.Stop(t)
			}
			p = fresh(b.Settings)
		}
		if len(all) > 0 && p == nil {
			t.Fatalf("line %d: no comment <!-- restart --> before the first command", b.Line)
		}
		for _, c := range all {
			p.Run(t, c)
			ran++
		}
	}
	if p != nil {
		p.Stop(t)
	}
	if ran == 0 {
		t.Error("the document has no command")
	}
}
