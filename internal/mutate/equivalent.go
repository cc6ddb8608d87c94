package main

import (
	"fmt"
	"os"
	"strings"
)

// equivalent is a survivor that is known: no test can tell it from the original,
// or none need. It is found by what it says, not by its line, so that it
// outlives changes elsewhere in the file.
type equivalent struct{ file, function, kind, text, why string }

func (e equivalent) matches(m mutant) bool {
	return e.file == m.file && e.function == m.function && e.kind == m.kind && e.text == m.text
}

func (e equivalent) String() string {
	return fmt.Sprintf("%s: %s: %s: %s", e.file, e.function, e.kind, e.text)
}

// readEquivalent reads the known survivors. A line of the file is empty, a
// comment (#), a reason ("why: …", for the lines up to the next one), or a
// mutant as it is listed: "file: function: kind: check".
func readEquivalent(name string) ([]equivalent, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var list []equivalent
	why := ""
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if reason, ok := strings.CutPrefix(line, "why: "); ok {
			why = reason
			continue
		}
		f := strings.SplitN(line, ": ", 4)
		if len(f) != 4 {
			return nil, fmt.Errorf("%s:%d: %q is not of the form \"file: function: kind: check\"", name, i+1, line)
		}
		if why == "" {
			return nil, fmt.Errorf("%s:%d: the mutant has no reason: put a line \"why: …\" above it", name, i+1)
		}
		list = append(list, equivalent{f[0], f[1], f[2], f[3], why})
	}
	return list, nil
}
