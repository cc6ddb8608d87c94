package convert_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/internal/convert"
)

var update = flag.Bool("update", false, "write the results of testdata/*.conf beside them")

// environment are the variables that the tests' files find.
var environment = map[string]string{
	"ACME_SECRET": "0k3sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i",
	"ACME_DELAY":  "15",
	"ACME_MODE":   "dev",
}

func lookup(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

// cases are statements, and what becomes of them: lines of the result, or parts of
// lines that begin with #!.
var cases = []struct {
	name, source string
	want         []string
}{
	// Values.
	{"string", `FSA_REALM = "acme"`, []string{`FSA_REALM = "acme"`}},
	{"single quotes", `FSA_REALM = 'ac"me'`, []string{`FSA_REALM = "ac\"me"`}},
	{"triple quotes", "FSA_REALM = '''a\nb'''", []string{`FSA_REALM = "a\nb"`}},
	{"raw", `FSA_PASSWORD_RE = [r"[A-Z]\d"]`, []string{`FSA_PASSWORD_RE = ['[A-Z]\d']`}},
	{"bytes", `FSA_REALM = b"acme"`, []string{`FSA_REALM = "acme"`}},
	{"unicode", `FSA_REALM = u"\u0061\x63\155e\
"`, []string{`FSA_REALM = "acme"`}},
	{"an escape that Python does not know", `FSA_PASSWORD_RE = "\d"`, []string{`FSA_PASSWORD_RE = '\d'`}},
	{"control characters", `FSA_REALM = "a\x1b\x7f\tb"`, []string{`FSA_REALM = "a\u001B\u007F\tb"`, `#! line 1: FSA_REALM would stop the start: holds a character`}},
	{"strings beside each other", "FSA_REALM = ('ac'\n  \"me\")", []string{`FSA_REALM = "acme"`}},
	{"numbers", "FSA_CACHE_SIZE = 10_000 ; FSA_TOKEN_RENEWAL = .5; FSA_TOKEN_DELAY = 1e2", []string{"FSA_CACHE_SIZE = 10000", "FSA_TOKEN_RENEWAL = 0.5", "FSA_TOKEN_DELAY = 100.0"}},
	{"hexadecimal", "FSA_CACHE_SIZE = 0x10", []string{"FSA_CACHE_SIZE = 16"}},
	{"tuple", `FSA_AUTH = ("token", "none",)`, []string{`FSA_AUTH = ["token", "none"]`}},
	{"tuple without brackets", `FSA_AUTH = "token", "none"`, []string{`FSA_AUTH = ["token", "none"]`}},
	{"scalar", `FSA_AUTH = "password"`, []string{`FSA_AUTH = "password"`}},
	{"dict", `FSA_ADD_HEADERS = {"A": "1", 'B c': "2"}`, []string{`FSA_ADD_HEADERS = { A = "1", "B c" = "2" }`}},
	{"many lines", "FSA_AUTH = [  # all\n  'token',\n\n  'none', # open\n]", []string{"# all", "# open", `FSA_AUTH = ["token", "none"]`}},
	{"continued", "FSA_REALM \\\n = 'acme'", []string{`FSA_REALM = "acme"`}},
	{"annotated", `FSA_AUTH: list[str] = ["token"]`, []string{`FSA_AUTH = ["token"]`}},
	{"None", "FSA_TOKEN_ISSUER = None", []string{"#! line 1: FSA_TOKEN_ISSUER was None, which is its default"}},
	{"CRLF and BOM", "\ufeffFSA_REALM = 'a'\r\nFSA_MODE = 'dev'\r\n", []string{`FSA_REALM = "a"`, `FSA_MODE = "dev"`}},
	{"comment of what is left out", "FSA_LOCAL = 'thread'  # not gevent", []string{"# not gevent"}},
	{"comments", "# how\nFSA_MODE = 'dev'  # for now", []string{"# how", `FSA_MODE = "dev"  # for now`}},
	{"a text about the file", "\"\"\"The configuration\nof Acme.\"\"\"\nFSA_MODE = 'dev'", []string{`FSA_MODE = "dev"`}},

	// Operators and names.
	{"operators", "FSA_TOKEN_DELAY = 24 * 60.0 / 2 - 1", []string{"FSA_TOKEN_DELAY = 719.0"}},
	{"names", "minutes = 5\nFSA_TOKEN_DELAY = minutes + 1", []string{"FSA_TOKEN_DELAY = 6"}},
	{"lists", "base = ['token']\nFSA_AUTH = base + ['none']", []string{`FSA_AUTH = ["token", "none"]`}},
	{"format", "name = 'acme'\nFSA_REALM = '%s-%d' % (name, 1)", []string{`FSA_REALM = "acme-1"`}},
	{"conditional", "dev = True\nFSA_MODE = 'dev' if dev and not False else 'prod'", []string{`FSA_MODE = "dev"`}},
	{"or", "FSA_MODE = '' or 'dev'", []string{`FSA_MODE = "dev"`}},
	{"comparison", "FSA_SECURE = 1 < 2", []string{"FSA_SECURE = true"}},
	{"index", "all = {'a': ['x', 'dev']}\nFSA_MODE = all['a'][-1]", []string{`FSA_MODE = "dev"`}},
	{"augmented", "FSA_AUTH = ['token']\nFSA_AUTH += ['none']", []string{`FSA_AUTH = ["token", "none"]`, "!FSA_AUTH = [\"token\"]\n"}},
	{"dict union", "FSA_ADD_HEADERS = {'A': '1'}\nFSA_ADD_HEADERS |= {'B': '2'}", []string{`FSA_ADD_HEADERS = { A = "1", B = "2" }`}},
	{"twice", "FSA_MODE = 'dev'\nFSA_MODE = 'prod'", []string{`FSA_MODE = "prod"`, `!FSA_MODE = "dev"`}},
	{"format of code", "FSA_REALM = '%s' % (auth.realm,)", []string{"#! line 1: FSA_REALM: its value is of the program (auth.realm)", "!FSA_REALM ="}},
	{"comparison of code", "FSA_SECURE = [f] == [f]", []string{"#! line 1: FSA_SECURE: its value is of the program (f)"}},
	{"wrong operands", "FSA_MODE = 'a' - 1", []string{"#! line 1: FSA_MODE: its value can't be computed: - of a string and a int"}},
	{"division by zero", "FSA_TOKEN_DELAY = 1 / 0", []string{"#! line 1: FSA_TOKEN_DELAY: its value can't be computed"}},

	// The environment.
	{"environ", "import os\nFSA_MODE = os.environ['ACME_MODE']", []string{`#! line 2: FSA_MODE was made of os.environ["ACME_MODE"]`, `FSA_MODE = "dev"`}},
	{"environ without import", "FSA_MODE = os.environ['ACME_MODE']", []string{`FSA_MODE = "dev"`}},
	{"environ renamed", "import os as o, sys\nFSA_MODE = o.environ.get('ACME_MODE')", []string{`FSA_MODE = "dev"`}},
	{"from os", "from os import environ as env, getenv\nFSA_MODE = env['ACME_MODE']\nFSA_TOKEN_DELAY = int(getenv('ACME_DELAY', '1'))", []string{`FSA_MODE = "dev"`, "FSA_TOKEN_DELAY = 15"}},
	{"default", "import os\nFSA_REALM = os.environ.get('GONE', 'acme')", []string{`FSA_REALM = "acme"`, `#! line 2: FSA_REALM was made of os.environ["GONE"]`}},
	{"not set", "import os\nFSA_REALM = os.environ['GONE']", []string{`#! line 2: FSA_REALM is os.environ["GONE"], which is not set: set FSA_REALM in the environment`, "!FSA_REALM ="}},
	{"not set, through a name", "import os\nx = os.environ['GONE'] + 'x'\nFSA_REALM = x", []string{`#! line 3: FSA_REALM is os.environ["GONE"]`}},
	{"os that is a value", "os = {}\nFSA_MODE = os.environ['ACME_MODE']", []string{"#! line 2: FSA_MODE: its value", "!FSA_MODE ="}},
	{"another os", "import fake as os\nFSA_MODE = os.environ['ACME_MODE']", []string{"#! line 2: FSA_MODE: its value is of the program", "!FSA_MODE ="}},

	// Secrets.
	{"secret of the environment", "import os\ns = os.environ['ACME_SECRET']\nFSA_TOKEN_SECRET = s", []string{`#! line 3: FSA_TOKEN_SECRET is a secret, left out. It was made of os.environ["ACME_SECRET"]: give it as FSA_TOKEN_SECRET in the environment`, "!0k3sYd1c"}},
	{"secret", "FSA_TOKEN_SECRET = 'u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i'", []string{"#! line 1: FSA_TOKEN_SECRET is a secret, left out", "!u4T7qk0s"}},
	{"short secret", "FSA_AUTH = 'basic'\nFSA_TOKEN_SECRET = 'hobbes'", []string{"#! line 2: FSA_TOKEN_SECRET would stop the start: secret 1 of 1 has 6 bytes, under 32", "!hobbes"}},
	{"secret in a header", "import os\nFSA_ADD_HEADERS = {'X-Key': os.environ['ACME_SECRET']}", []string{`#! line 2: FSA_ADD_HEADERS was made of os.environ["ACME_SECRET"], which may be a secret: it is left out`, "!0k3sYd1c"}},
	{"secret of another type", "FSA_TOKEN_SECRET = 271828", []string{"#! line 1: FSA_TOKEN_SECRET: must be a string or a list of strings", "!271828"}},
	{"secret in a comment", "# FSA_TOKEN_SECRET = 'hobbes'\nFSA_MODE = 'dev'  # pass: hobbes", []string{`FSA_MODE = "dev"`, "!hobbes"}},
	{"secret that is put together", "FSA_TOKEN_SECRET = f'hobbes{1}'", []string{"#! line 1: FSA_TOKEN_SECRET: its statement has a string that is put together at run time", "!hobbes"}},
	{"secret of code", "FSA_TOKEN_SECRET = make()", []string{"#! line 1: FSA_TOKEN_SECRET is a secret that the program makes"}},
	{"key pairs", "FSA_TOKEN_SECRET = '-----BEGIN PUBLIC KEY-----'\nFSA_TOKEN_TYPE = 'jwt'\nFSA_TOKEN_ALGO = 'RS256'\nFSA_TOKEN_SIGN = 'hobbes'", []string{"#! line 1: FSA_TOKEN_SECRET was the public key", "#! line 4: FSA_TOKEN_SIGN is a secret, left out", `FSA_TOKEN_ALGO = "RS256"`, "!hobbes"}},
	{"no key pairs", "FSA_TOKEN_SIGN = 'hobbes'", []string{"#! line 1: FSA_TOKEN_SIGN is left out", "!hobbes"}},

	// What differs.
	{"level", "import logging\nFSA_LOGGING_LEVEL = logging.WARNING", []string{`FSA_LOGGING_LEVEL = "warn"`}},
	{"level by number", "FSA_LOGGING_LEVEL = 50", []string{`FSA_LOGGING_LEVEL = "error"`}},
	{"level by name", "from logging import DEBUG\nFSA_LOGGING_LEVEL = DEBUG", []string{`FSA_LOGGING_LEVEL = "debug"`}},
	{"no TLS", "FSA_SECURE = False", []string{"FSA_SECURE = false", "#! line 1: FSA_SECURE = false lets everybody in"}},
	{"no tokens", "FSA_AUTH = 'basic'\nFSA_TOKEN_TYPE = None", []string{`FSA_TOKEN_TYPE = "none"`}},
	{"weak hash", "FSA_TOKEN_ALGO = 'md5'", []string{`FSA_TOKEN_ALGO = "insecure-md5"`, "#! line 1: FSA_TOKEN_ALGO: md5 is broken"}},
	{"no hash", "FSA_TOKEN_ALGO = 'none'", []string{"#! line 1: FSA_TOKEN_ALGO was none", "!FSA_TOKEN_ALGO ="}},
	{"short signatures", "FSA_TOKEN_LENGTH = 8", []string{"FSA_INSECURE_TOKEN_LENGTH = 8", "!\nFSA_TOKEN_LENGTH"}},
	{"length", "FSA_TOKEN_LENGTH = 16", []string{"FSA_TOKEN_LENGTH = 16"}},
	{"cookie", "FSA_TOKEN_CARRIER = 'cookie'", []string{`FSA_TOKEN_CARRIER = "cookie"`, "#! line 1: FSA_TOKEN_CARRIER: the cookie's name has the prefix __Host-"}},
	{"passlib's names", "FSA_PASSWORD_SCHEME = 'pbkdf2_sha256'", []string{`FSA_PASSWORD_SCHEME = "pbkdf2-sha256"`}},
	{"no scheme", "FSA_PASSWORD_SCHEME = None", []string{`FSA_PASSWORD_SCHEME = "none"`}},
	{"no schemes", "FSA_PASSWORD_SCHEME = []\nFSA_PASSWORD_OPTS = {'rounds': 12}", []string{"FSA_PASSWORD_SCHEME = []", "FSA_PASSWORD_OPTS = { rounds = 12 }"}},
	{"old scheme", "FSA_PASSWORD_SCHEME = 'sha512_crypt'", []string{`FSA_PASSWORD_SCHEME = ["argon2id", "sha512-crypt"]`, "#! line 1: FSA_PASSWORD_SCHEME: sha512-crypt makes no new hashes", "cfg.PasswordLegacy = legacyhash.All()"}},
	{"plaintext", "FSA_PASSWORD_SCHEME = 'plaintext'", []string{`FSA_PASSWORD_SCHEME = ["argon2id", "insecure-plaintext"]`}},
	{"unknown scheme", "FSA_AUTH = 'basic'\nFSA_PASSWORD_SCHEME = 'rot13'", []string{"#! line 2: FSA_PASSWORD_SCHEME would stop the start"}},
	{"4 rounds", "FSA_PASSWORD_OPTS = {'rounds': 4, 'ident': '2y'}", []string{"#! line 1: FSA_PASSWORD_OPTS: 4 rounds are too few", `#! line 1: FSA_PASSWORD_OPTS: "ident" is not an option of bcrypt`, "!FSA_PASSWORD_OPTS ="}},
	{"rounds of the default scheme", "FSA_PASSWORD_OPTS = {'rounds': 13}", []string{"FSA_PASSWORD_OPTS = { rounds = 13 }", `FSA_PASSWORD_SCHEME = "bcrypt"`}},
	{"options before their scheme", "FSA_PASSWORD_OPTS = {'memory_cost': 65536}\nFSA_PASSWORD_SCHEME = 'argon2'", []string{"FSA_PASSWORD_OPTS = { memory = 65536 }", `FSA_PASSWORD_SCHEME = "argon2id"`}},
	{"not RE2", "FSA_PASSWORD_RE = ['(?=x)']", []string{"#! line 1: FSA_PASSWORD_RE would stop the start", `FSA_PASSWORD_RE = ["(?=x)"]`}},
	{"Flask-HTTPAuth", "FSA_HTTP_AUTH_OPTS = {'use_ha1_pw': True}", []string{"#! line 1: FSA_HTTP_AUTH_OPTS is left out"}},
	{"Flask-CORS", "FSA_CORS_OPTS = {'CORS_ORIGINS': ['https://a.example'], 'vary_header': True}", []string{`FSA_CORS_OPTS = { origins = ["https://a.example"] }`, `#! line 1: FSA_CORS_OPTS: "vary_header" is not there`}},
	{"CORS contradiction", "FSA_AUTH = 'basic'\nFSA_CORS = True\nFSA_CORS_OPTS = {'supports_credentials': True}", []string{"#! line 3: FSA_CORS_OPTS would stop the start: supports_credentials"}},
	{"groups that are numbers", "FSA_AUTHZ_GROUPS = [1, 'two']", []string{`FSA_AUTHZ_GROUPS = ["1", "two"]`}},
	{"Flask's limit of bodies", "MAX_CONTENT_LENGTH = 2 * 1024", []string{"FSA_MAX_BODY = 2048"}},
	{"wrong type", "FSA_AUTH = 'basic'\nFSA_TOKEN_DELAY = 'long'\nFSA_MODE = 3", []string{`#! line 2: FSA_TOKEN_DELAY: must be a number of minutes`, `# FSA_TOKEN_DELAY = "long"`, "# FSA_MODE = 3", `FSA_AUTH = "basic"`}},
	{"unsupported", "FSA_CACHE = 'quantum'", []string{`#! line 1: FSA_CACHE would stop the start: "quantum" is not supported`}},
	{"prefix", "FSA_CACHE_PREFIX = 'acme.'", []string{`FSA_CACHE_PREFIX = "acme."`}},
	{"no proxy", "FSA_AUTH = 'httpd'", []string{"FSA_TRUSTED_PROXIES"}},
	{"contradiction", "FSA_AUTH = ['basic']\nFSA_AUTH_DEFAULT = 'token'", []string{`#! line 2: FSA_AUTH_DEFAULT would stop the start: scheme "token" is not enabled`}},

	// What is gone, and what needs code.
	{"gone", "FSA_LOCAL = 'thread'", []string{"#! line 1: FSA_LOCAL: has no meaning here", "!FSA_LOCAL ="}},
	{"hook", "import auth\nFSA_GET_USER_PASS = auth.get_user_pass", []string{"#! line 2: FSA_GET_USER_PASS: is a hook, which code sets, not a file; register the hook by app.UserPass"}},
	{"hook that is None", "FSA_GET_USER_PASS = None", []string{"#! line 1: FSA_GET_USER_PASS was None"}},
	{"hooks", "FSA_GROUP_CHECK = {'admin': is_admin, 'boss': lambda u: u == 'calvin'}", []string{"#! line 1: FSA_GROUP_CHECK: is a hook, which code sets, not a file; register the hooks by app.GroupCheck (of admin, boss)"}},
	{"hook or name", "FSA_ERROR_RESPONSE = make_error", []string{"#! line 1: FSA_ERROR_RESPONSE is code here, too: register the hook by app.ErrorResponse"}},
	{"object or name", "FSA_CACHE = TTLCache(100)", []string{"#! line 1: FSA_CACHE was an object"}},
	{"headers of code", "FSA_ADD_HEADERS = {'A': '1', 'Now': now}", []string{`FSA_ADD_HEADERS = { A = "1" }`, "#! line 1: FSA_ADD_HEADERS: the value of Now is code here, too: register it by app.AddHeaderFunc"}},
	{"headers of code only", "FSA_ADD_HEADERS = {'Now': now}", []string{"register it by app.AddHeaderFunc", "!FSA_ADD_HEADERS ="}},
	{"computed", "FSA_TOKEN_DELAY = minutes(5)", []string{"#! line 1: FSA_TOKEN_DELAY: its value is computed by code (minutes(…)): write the value here"}},
	{"method", "FSA_AUTH = 'token none'.split()", []string{"#! line 1: FSA_AUTH: its value is computed by code"}},
	{"comprehension", "FSA_AUTH = [a for a in ['none']]", []string{"#! line 1: FSA_AUTH: its value is computed by code"}},
	{"unknown", "FSA_TOKEN_SECERT = 'hobbes'", []string{"#! line 1: FSA_TOKEN_SECERT: unknown directive; did you mean FSA_TOKEN_SECRET?", "!hobbes"}},
	{"of ours", "FSA_TRUSTED_PROXIES = ['10.0.0.1']\nFSA_TOKEN_SECRET_FILE = '/etc/passwd'\nFSA_INSECURE_PASSWORD_COST = True", []string{"#! line 1: FSA_TRUSTED_PROXIES is a directive of FSA that the original does not have", "#! line 2: FSA_TOKEN_SECRET_FILE is a directive", "#! line 3: FSA_INSECURE_PASSWORD_COST is no directive of the original"}},
	{"of the program", "ACME_LIMIT = 5\nSECRET_KEY = 'hobbes'\nACME_DB = 'postgres://calvin:hobbes@db'\n", []string{"#! line 1: ACME_LIMIT is no directive of FSA", "# ACME_LIMIT = 5", "#! line 2: SECRET_KEY is no", "!hobbes"}},
	{"a block", "FSA_MODE = 'dev'\nif True:\n    FSA_MODE = 'prod'\nelse:\n  pass\n", []string{`FSA_MODE = "dev"`, "#! line 3: FSA_MODE is set in a block"}},
	{"a block on one line", "if True: FSA_MODE = 'prod'", []string{"#! line 1: FSA_MODE is set in a block", "!FSA_MODE ="}},
	{"a function", "@cache\ndef f(x):\n    '''doc'''\n    return f'{x}'\nFSA_MODE = 'dev'", []string{`FSA_MODE = "dev"`}},
	{"an element", "FSA_ADD_HEADERS = {}\nFSA_ADD_HEADERS['A'] = '1'", []string{"#! line 2: FSA_ADD_HEADERS: its statement is not of the form NAME = VALUE"}},
	{"two at once", "FSA_MODE, FSA_REALM = 'dev', 'acme'", []string{"#! line 1: FSA_MODE: its statement is not of the form", "#! line 1: FSA_REALM: its statement is not of the form"}},
	{"two names", "FSA_MODE = x = 'dev'", []string{"#! line 1: FSA_MODE: its statement is in a form of Python that is not read here"}},
	{"update", "app.config.update(FSA_MODE='dev')", []string{"#! line 1: FSA_MODE: its statement is not of the form"}},
	{"statement", "print('hello')", []string{"#! line 1: a statement is left out"}},

	// What is not set.
	{"nothing", "", []string{"#! FSA_AUTH is not set"}},
	{"passwords", "FSA_AUTH = 'basic'", []string{"#! FSA_PASSWORD_LENGTH is not set", "#! FSA_PASSWORD_SCHEME is not set", "#! FSA_TOKEN_ALGO is not set", "#! FSA_TOKEN_SECRET is not set"}},
	{"JWTs", "FSA_AUTH = ['token']\nFSA_TOKEN_TYPE = 'jwt'", []string{"!FSA_TOKEN_ALGO", "!FSA_PASSWORD", "#! FSA_TOKEN_SECRET is not set"}},

	// Traps.
	{"long text", "FSA_REALM = 'a' * 1000000000", []string{"#! line 1: FSA_REALM: its value is larger than a setting can be"}},
	{"long list", "FSA_AUTH = ['none'] * 1000000000", []string{"#! line 1: FSA_AUTH: its value is larger than a setting can be"}},
	{"large numbers", "FSA_CACHE_SIZE = " + strings.Repeat("9", 400), []string{"#! line 1: FSA_CACHE_SIZE: its value is larger"}},
	{"powers", "x = 9999999999999999999\n" + strings.Repeat("x = x * x\n", 60) + "FSA_CACHE_SIZE = x", []string{"FSA_CACHE_SIZE: its value is larger"}},
	{"lists of lists", "x = ['a']\n" + strings.Repeat("x = [x, x]\n", 60) + "FSA_AUTH = x", []string{"FSA_AUTH: its value is larger"}},
	{"format of format", "x = 'aaaaaaaaaaaaaaaa'\n" + strings.Repeat("x = '%s%s%s%s' % (x, x, x, x)\n", 40) + "FSA_REALM = x", []string{"FSA_REALM: its value is larger"}},
	{"steps", "x = " + strings.Repeat("1 + ", 2000) + "1\n" + strings.Repeat("y = "+strings.Repeat("1 + ", 2000)+"1\n", 10) + "FSA_CACHE_SIZE = 1", []string{"FSA_CACHE_SIZE: its value is beyond the 20000 steps"}},
}

// TestConvert: each statement becomes what its line says. All that is written is TOML
// that fsa.Load takes.
func TestConvert(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r, err := convert.Convert(c.source, convert.Options{Name: "acme.conf", Lookup: lookup})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				has := slices.ContainsFunc(strings.Split(r.Text, "\n"), func(l string) bool {
					return l == want || strings.HasPrefix(l, "#!") && strings.Contains(l, want)
				})
				if absent, not := strings.CutPrefix(want, "!"); not {
					if strings.Contains(r.Text, absent) {
						t.Errorf("it has %q:\n%s", absent, r.Text)
					}
				} else if !has {
					t.Errorf("it has not %q:\n%s", want, r.Text)
				}
			}
			loads(t, r)
		})
	}
}

// loads demands that fsa.Load takes a result, and that it sets what it says.
func loads(t *testing.T, r convert.Result) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "acme.toml")
	if err := os.WriteFile(file, []byte(r.Text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fsa.Load(file); err != nil {
		t.Errorf("it does not load: %v\n%s", err, r.Text)
	}
	values := map[string]any{}
	if _, err := toml.Decode(r.Text, &values); err != nil {
		t.Errorf("it is not TOML: %v\n%s", err, r.Text)
	}
	for name := range values {
		if !slices.Contains(r.Set, name) {
			t.Errorf("it sets %s, and does not say so", name)
		}
	}
	if len(values) != len(r.Set) {
		t.Errorf("it sets %d directives, and says %q", len(values), r.Set)
	}
}

func TestKeepSecrets(t *testing.T) {
	const secret = "u4T7qk0sYd1cVh9eRj3fKw6pZx8bNn2aSg5mLo7i"
	r, err := convert.Convert("import os\nFSA_AUTH = 'token'\nFSA_TOKEN_SECRET = '"+secret+"'\nX = 1", convert.Options{Name: "acme.conf", Lookup: lookup, KeepSecrets: true})
	if err != nil || !strings.Contains(r.Text, `FSA_TOKEN_SECRET = "`+secret+`"`) || !strings.Contains(r.Text, "#! line 3: FSA_TOKEN_SECRET is a secret, which does not belong") {
		t.Errorf("%v\n%s", err, r.Text)
	}
	loads(t, r)
	r, err = convert.Convert("import os\nFSA_TOKEN_SECRET = os.environ['ACME_SECRET']", convert.Options{Lookup: lookup, KeepSecrets: true})
	if err != nil || strings.Contains(r.Text, environment["ACME_SECRET"]) {
		t.Errorf("a secret of the environment is written: %v\n%s", err, r.Text)
	}
}

// TestSyntaxErrors: what is no Python is said with its line.
func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"string", "FSA_MODE = 'dev'\n\nFSA_REALM = 'acme", "line 3: a string is not closed"},
		{"string of lines", "x = '''a\nb\n", "line 1: a string is not closed"},
		{"bracket", "x = 1\nFSA_AUTH = ['a',\n'b'\n", "line 2: a bracket is not closed"},
		{"other bracket", "x = 1]", "line 1: a bracket is closed that was not opened"},
		{"nesting", strings.Repeat("[", 51), "line 1: over 50 brackets in brackets"},
		{"words", "x = " + strings.Repeat("1+", 3000), "line 1: the statement has over 5000 words"},
		{"character", "x = 1\n\nx = €", "line 3: '€' is not Python"},
		{"NUL", "x\x00", "no text in UTF-8"},
		{"UTF-8", "x = '\xff'", "no text in UTF-8"},
		{"size", strings.Repeat("# a comment\n", 30_000), "over 256 KiB"},
	} {
		r, err := convert.Convert(c.source, convert.Options{Name: "acme.conf"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, r.Text)
		}
		var syntax *convert.SyntaxError
		if strings.HasPrefix(c.want, "line ") && !errors.As(err, &syntax) {
			t.Errorf("%s: %T", c.name, err)
		}
	}
}

// TestDocuments: whole files, of which two are as the original's documents show them,
// become what stands beside them.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := convert.Convert(string(source), convert.Options{Name: filepath.Base(file), Lookup: lookup})
			if err != nil {
				t.Fatal(err)
			}
			file = strings.TrimSuffix(file, ".conf") + ".toml"
			if *update {
				if err := os.WriteFile(file, []byte(r.Text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(file)
			if err != nil || string(golden) != r.Text {
				t.Errorf("%v: want\n%s\ngot\n%s", err, golden, r.Text)
			}
			loads(t, r)
		})
	}
}

// FuzzConvert: whatever the file, the result is TOML that fsa.Load takes, and it
// is all over in a moment.
func FuzzConvert(f *testing.F) {
	for _, c := range cases {
		if len(c.source) < 200 {
			f.Add(c.source)
		}
	}
	f.Fuzz(func(t *testing.T, source string) {
		r, err := convert.Convert(source, convert.Options{Name: "acme.conf", Lookup: lookup})
		if err != nil {
			return
		}
		loads(t, r)
	})
}
