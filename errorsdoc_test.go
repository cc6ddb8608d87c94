package fsa_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

// TestErrorsDocument: the examples of docs/errors.md are what comes out, and it
// names all fields of a line and all steps of a trace.
func TestErrorsDocument(t *testing.T) {
	document, err := os.ReadFile("docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := regexp.MustCompile("(?s)<!-- checked: (\\S+) -->\n```text\n(.*?)```").FindAllStringSubmatch(string(document), -1)
	if len(checked) != 5 {
		t.Errorf("the document has %d examples", len(checked))
	}
	id := regexp.MustCompile(`"request_id":"[0-9a-f]{24}"`)
	for _, example := range checked {
		name, want := example[1], example[2]
		cfg := base()
		got := ""
		if name == "trace" {
			cfg.Mode, cfg.LoggingLevel = "debug1", slog.LevelDebug
			w := newWorld(t, cfg)
			hash, err := w.HashPasswordUnchecked(context.Background(), "susie-pass")
			if err != nil {
				t.Fatal(err)
			}
			w.set(func() { w.hashes["susie"] = hash })
			w.GroupCheck("employee", func(context.Context, string) (bool, error) { return true, nil })
			fsa.ObjectPerms(w.App, "store", func(context.Context, string, int, string) (bool, error) { return false, nil })
			fsa.Get(w, "/store/{sid}", authz.All(authz.Group("employee"), authz.Object("store", "sid", "manager")), takes[struct{ SID int }])
			got = traceOf(w, request("GET", "/store/7", withBasic("susie", "susie-pass")))
			want = strings.ReplaceAll(varying.ReplaceAllString(want, ""), " \n", "\n")
		} else {
			cfg.ErrorResponse = name
			w := newWorld(t, cfg)
			fsa.Get(w, "/x", authz.Open(), takes[struct{ Price float64 }])
			got = strings.TrimRight(serve(handlerOf(t, w), httptest.NewRequest("GET", "/x?price=cheap&colour=red", nil)).Body.String(), "\n") + "\n"
			got, want = id.ReplaceAllString(got, ""), id.ReplaceAllString(want, "")
		}
		if got != want {
			t.Errorf("%s: the document has\n%s\nbut it is\n%s", name, want, got)
		}
	}
	for _, file := range []string{"logline.go", "trace.go", "traced.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:slog\.\w+\("(\w+)"|\.step\(trace\w+, "(\w+)")`).FindAllStringSubmatch(string(source), -1) {
			if word := m[1] + m[2]; !regexp.MustCompile(`\b`+word+`\b`).Match(document) && file == "logline.go" || m[2] != "" && !regexp.MustCompile("`"+word+"`|step="+word).Match(document) {
				t.Errorf("%s: the document does not name %q", file, word)
			}
		}
	}
}
