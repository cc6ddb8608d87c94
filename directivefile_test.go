package fsa_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa"
)

// TestDirectiveFile: a secret of a directive of the application's own may stand in a file,
// which NAME_FILE names. S74.
func TestDirectiveFile(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	for file, text := range map[string]string{secret: "hidden-in-a-file\n", secret + "2": "another\r\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name  string
		file  string // the lines of the configuration file
		env   map[string]string
		want  string
		fault string
	}{
		{"nothing", "", nil, "", ""},
		{"itself", `FSA_OTHER_KEY = "plain"`, nil, "plain", ""},
		{"a path of its own", `FSA_OTHER_KEY_FILE = "` + filepath.ToSlash(secret) + `"`, nil, "hidden-in-a-file", ""},
		{"a path beside the configuration", `FSA_OTHER_KEY_FILE = "secret"`, nil, "hidden-in-a-file", ""},
		{"the environment", "", map[string]string{"FSA_OTHER_KEY_FILE": secret}, "hidden-in-a-file", ""},
		{"the environment wins", `FSA_OTHER_KEY_FILE = "secret"`, map[string]string{"FSA_OTHER_KEY_FILE": secret + "2"}, "another", ""},
		{"the environment wins by itself", `FSA_OTHER_KEY_FILE = "secret"`, map[string]string{"FSA_OTHER_KEY": "plain"}, "plain", ""},
		{"the environment wins by a file", `FSA_OTHER_KEY = "plain"`, map[string]string{"FSA_OTHER_KEY_FILE": secret}, "hidden-in-a-file", ""},
		{"both in the file", "FSA_OTHER_KEY = \"plain\"\nFSA_OTHER_KEY_FILE = \"secret\"", nil, "", "FSA_OTHER_KEY_FILE (ACME.toml:3): FSA_OTHER_KEY is set too"},
		{"both in the environment", "", map[string]string{"FSA_OTHER_KEY": "plain", "FSA_OTHER_KEY_FILE": secret}, "", "FSA_OTHER_KEY_FILE (environment): FSA_OTHER_KEY is set too"},
		{"no such file", `FSA_OTHER_KEY_FILE = "none"`, nil, "", "FSA_OTHER_KEY_FILE (ACME.toml:2): the file cannot be read"},
		{"no path", `FSA_OTHER_KEY_FILE = 1`, nil, "", "must be the path of a file"},
		{"of what is no secret", `FSA_OTHER_NAME_FILE = "secret"`, nil, "", "FSA_OTHER_NAME_FILE (ACME.toml:2): unknown directive"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := filepath.Join(dir, "acme.toml")
			if err := os.WriteFile(config, []byte("FSA_AUTH = \"none\"\n"+c.file+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			cfg, err := fsa.Load(config)
			if err != nil {
				t.Fatal(err)
			}
			app := fsa.New("acme", cfg)
			var key fsa.Secret
			var name string
			app.Directive("FSA_OTHER_KEY", &key)
			app.Directive("FSA_OTHER_NAME", &name)
			_, err = app.Handler()
			if c.fault != "" {
				fault := strings.ReplaceAll(c.fault, "ACME.toml", config)
				if err == nil || !strings.Contains(err.Error(), fault) || strings.Contains(err.Error(), "hidden-in-a-file") || strings.Contains(err.Error(), "plain") {
					t.Errorf("%v\nwant %q", err, fault)
				}
				return
			}
			if err != nil || string(key) != c.want {
				t.Errorf("%q, %v", string(key), err)
			}
			for _, d := range app.Directives() {
				if d.Name == "FSA_OTHER_KEY" && (d.Source == "default") != (c.want == "") {
					t.Error(d)
				}
			}
		})
	}
}
