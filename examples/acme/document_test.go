package main

import (
	"fmt"
	"regexp"
	"strings"
)

// block is a fenced block of the tutorial.
type block struct {
	line int // of its first line of text
	lang string
	text string

	// restart is set for the first block after a comment
	//
	//	<!-- restart FSA_ERROR_RESPONSE=plain -->
	//
	// Its commands, and those of the blocks that follow, are for a program
	// that is started afresh. The settings in the comment are what the finished
	// program needs to behave as the one of that section.
	restart  bool
	settings []string
}

// blocks takes the fenced blocks out of a Markdown text.
func blocks(text string) []block {
	var all []block
	var next block
	inside := false
	for i, line := range strings.Split(text, "\n") {
		fence, fenced := strings.CutPrefix(line, "```")
		comment, restart := strings.CutPrefix(line, "<!-- restart")
		switch {
		case fenced && !inside:
			inside, next.line, next.lang = true, i+2, fence
		case fenced:
			all = append(all, next)
			inside, next = false, block{}
		case inside:
			next.text += line + "\n"
		case restart:
			next.restart, next.settings = true, strings.Fields(strings.TrimSuffix(comment, "-->"))
		}
	}
	return all
}

// command is a command of a shell block.
type command struct {
	line   int
	text   string
	status string // expected, "" if it captures
	sets   string // the variable that it captures
}

var (
	statusRE  = regexp.MustCompile(`\s#\s*([1-5][0-9][0-9])\b`)
	captureRE = regexp.MustCompile(`^([A-Z_]+)=\$\(.*\)$`)
)

// commands takes a shell block with curl apart; a block without has none. Each
// command must say which status it prints, as in "curl … # 200", or capture
// something, as in "TOKEN=$(curl …)".
func commands(b block) ([]command, error) {
	if b.lang != "shell" || !strings.Contains(b.text, "curl") {
		return nil, nil
	}
	var all []command
	var text string
	for i, line := range strings.Split(b.text, "\n") {
		if text == "" && (line == "" || strings.HasPrefix(line, "#")) {
			continue
		}
		text += line
		if strings.HasSuffix(line, `\`) {
			text += "\n"
			continue
		}
		c := command{line: b.line + i, text: text}
		text = ""
		if m := statusRE.FindStringSubmatch(c.text); m != nil {
			c.status = m[1]
		} else if m := captureRE.FindStringSubmatch(c.text); m != nil {
			c.sets = m[1]
		} else {
			return nil, fmt.Errorf("line %d: the command does not say which status it prints: %s", c.line, c.text)
		}
		if !strings.Contains(c.text, "curl") {
			return nil, fmt.Errorf("line %d: the command is not curl: %s", c.line, c.text)
		}
		all = append(all, c)
	}
	return all, nil
}
