package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// step is a request and its answer.
type step struct {
	do     string // "GET /stuff"
	as     string // "foo:bla" for Basic, "token NAME" for one that an earlier answer gave; "" for nobody
	send   string // a form; or, if it begins with a brace, JSON; or "file NAME TYPE"
	status int
	want   string // the body: as it is; or, between slashes, what it matches; "" for none, "*" for any
	// What a name in the expression matches, later steps have as $NAME.
}

const (
	foo = "foo:bla"
	bla = "bla:foo"

	hash = `"\$argon2id\$[^"]*"`
	row  = `\["foo","foo@school\.org",` + hash + `,true\]` // of foo
)

// open routes, and those for whoever is authenticated.
var steps = map[string][]step{
	"open": {
		{"GET /version", "", "", 200, `/^"[^"]+"\n$/`},
		{"GET /now", "", "", 200, `/^"2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"\n$/`},
		{"POST /now", "", "", 405, "*"},
		{"PUT /now", foo, "", 405, "*"},
		{"PATCH /now", "", "", 405, "*"},
		{"DELETE /now", "", "", 405, "*"},
		{"TRACE /now", "", "", 405, "*"},
		{"GET /who", "", "", 200, "null\n"},
		{"GET /who", foo, "", 200, "\"foo\"\n"},
		{"GET /who", "foo@school.org:bla", "", 200, "\"foo@school.org\"\n"},
		{"GET /who", "foo:wrong", "", 200, "null\n"},
		{"POST /who", "", "", 405, "*"},
		{"GET /nowhere", "", "", 404, "*"},
	},
	"stuff": {
		{"GET /stuff", "", "", 401, "*"},
		{"GET /stuff", "foo:wrong", "", 401, "*"},
		{"GET /stuff", foo, "", 200, `[[1,"Hello"],[2,"World"],[3,"!"]]` + "\n"},
		{"GET /stuff", "bla@school.org:foo", "", 200, `[[1,"Hello"],[2,"World"],[3,"!"]]` + "\n"},
		{"GET /stuff", foo, "pattern=H%25", 200, `[[1,"Hello"]]` + "\n"},
		{"GET /stuff", foo, "pattern=H%", 200, `[[1,"Hello"]]` + "\n"}, // as the original's own examples
		{"GET /stuff?pattern=%25o%25", foo, "", 200, `[[1,"Hello"],[2,"World"]]` + "\n"},
		{"GET /stuff?pattern=%o%", foo, "", 200, `[[1,"Hello"],[2,"World"]]` + "\n"},
		{"GET /stuff", foo, `{"pattern":"_"}`, 200, `[[3,"!"]]` + "\n"},
		{"GET /stuff", foo, "pattern=", 200, `[[1,"Hello"],[2,"World"],[3,"!"]]` + "\n"},
		{"GET /stuff", foo, "pattern=nothing", 200, "[]\n"},
		{"GET /stuff", foo, "petter=x", 400, "*"},
		{"POST /stuff", "", "sname=Chair", 401, "*"},
		{"POST /stuff", foo, "", 400, `/parameter "sname" is missing/`},
		{"POST /stuff", foo, "sname=Chair", 201, "4\n"},
		{"POST /stuff", bla, `{"sname":"100%"}`, 201, "5\n"},
		{"GET /stuff/4", foo, "", 200, `["Chair"]` + "\n"},
		{"GET /stuff/4", "", "", 401, "*"},
		{"GET /stuff/0", foo, "", 404, "*"},
		{"GET /stuff/four", foo, "", 404, "*"},
		{"PATCH /stuff/4", foo, "", 400, "*"},
		{"PATCH /stuff/4", "", "sname=Table", 401, "*"},
		{"PATCH /stuff/4", foo, "sname=Table", 204, ""},
		{"PATCH /stuff/0", foo, "sname=Table", 404, "*"},
		{"GET /stuff/4", foo, "", 200, `["Table"]` + "\n"},
		{"DELETE /stuff/4", "", "", 401, "*"},
		{"DELETE /stuff/4", foo, "", 204, ""},
		{"DELETE /stuff/4", foo, "", 204, ""},
		{"GET /stuff/4", foo, "", 404, "*"},
		{"PUT /stuff/1", foo, "", 405, "*"},
	},
	"scare": {
		{"GET /scare", "", "", 401, "*"},
		{"GET /scare", foo, "", 200, "/^" + row + `\n$/`},
		{"GET /scare", "foo@school.org:bla", "", 200, "/^" + row + `\n$/`},
		{"GET /scare/token", "", "", 401, "*"},
		{"GET /scare/token", foo, "", 200, `/^"(?P<foo>[^"]+)"\n$/`},
		{"GET /scare", "token $foo", "", 200, "/^" + row + `\n$/`},
		{"GET /who", "token $foo", "", 200, "\"foo\"\n"},
		{"GET /scare", "token $foo+", "", 401, "*"},
		{"GET /scare/token2", "", "code=foo:42", 401, "*"},
		{"GET /scare/token2", foo, "", 400, "*"},
		{"GET /scare/token2", foo, "code=foo:43", 400, "invalid validation code for foo"},
		{"GET /scare/token2", foo, "code=foo:42", 200, `/^"(?P<foo>[^"]+)"\n$/`},
		{"GET /stuff/1", "token $foo", "", 200, `["Hello"]` + "\n"},
		{"GET /scare/token2?code=foo:42", foo, "", 200, "*"},
		// Somebody who isn't there yet; then they are, and nothing stands in the way.
		{"GET /stuff", "tmp:tmp", "", 401, "*"},
		{"POST /scare", "", "login=tmp&email=tmp@school.org&pass=tmp", 400, `/parameter "secret" is missing/`},
		{"POST /scare", "", "login=tmp&email=tmp@school.org&pass=t&secret=" + tmpSecret, 400, "*"},
		{"POST /scare", "", "login=tmp&email=tmp@school.org&pass=123&secret=" + tmpSecret, 400, "*"},
		{"POST /scare", "", "login=t@mp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 400, "*"},
		{"POST /scare", "", "login=../tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 400, "*"},
		{"POST /scare", "", "login=tmp&email=tmp&pass=tmp&secret=" + tmpSecret, 400, "*"},
		{"POST /scare", foo, "login=tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 201, "3\n"},
		{"POST /scare", "", "login=tmp&email=other@school.org&pass=tmp&secret=" + tmpSecret, 409, "*"},
		{"POST /scare", "", `{"login":"other","email":"tmp@school.org","pass":"tmp","secret":"` + tmpSecret + `"}`, 409, "*"},
		{"POST /scare", "", "login=x&email=x@school.org&pass=tmp&secret=" + tmpSecret + "&admin=true", 400, "*"},
		{"GET /scare", "tmp:tmp", "", 200, `/^\["tmp","tmp@school\.org",` + hash + `,false\]\n$/`},
		{"GET /scare/token", "tmp@school.org:tmp", "", 200, `/^"(?P<tmp>[^"]+)"\n$/`},
		{"GET /who", "token $tmp", "", 200, "\"tmp@school.org\"\n"},
		// The password changes, for the login and for the e-mail.
		{"PATCH /scare", "", "opass=tmp&npass=TMP", 401, "*"},
		{"PATCH /scare", "tmp:TMP", "opass=tmp&npass=TMP", 401, "*"},
		{"PATCH /scare", "tmp:tmp", "opass=tmp", 400, "*"},
		{"PATCH /scare", "tmp:tmp", "opass=TMP&npass=TMP", 403, "invalid password provided"},
		{"PATCH /scare", "tmp:tmp", "opass=tmp&npass=a", 400, "*"},
		{"PATCH /scare", "tmp:tmp", "opass=tmp&npass=!.?", 400, "*"},
		{"GET /scare", "tmp@school.org:tmp", "", 200, "*"},
		{"PATCH /scare", "tmp:tmp", `{"opass":"tmp","npass":"TMP"}`, 204, ""},
		{"GET /scare", "tmp:tmp", "", 401, "*"},
		{"GET /scare", "tmp@school.org:tmp", "", 401, "*"},
		{"GET /scare", "tmp@school.org:TMP", "", 200, "*"},
		{"PATCH /scare", "token $tmp", "opass=TMP&npass=tmp", 204, ""},
		{"GET /scare", "tmp:tmp", "", 200, "*"},
		// They go, by whatever name; so do their passwords and tokens.
		{"DELETE /scare", "", "", 401, "*"},
		{"DELETE /scare", "token $tmp", "", 204, ""},
		{"GET /scare", "tmp:tmp", "", 401, "*"},
		{"GET /scare", "tmp@school.org:tmp", "", 401, "*"},
		{"GET /stuff", "token $tmp", "", 401, "*"},
		{"GET /who", "token $tmp", "", 200, "null\n"},
		// And come back.
		{"POST /scare", "", "login=tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 201, "*"},
		{"GET /scare", "tmp:tmp", "", 200, "*"},
		{"GET /scare/token", "tmp:tmp", "", 200, `/^"(?P<tmp>[^"]+)"\n$/`},
		{"GET /stuff/1", "token $tmp", "", 200, "*"},
		{"GET /users", "token $tmp", "", 403, `not in group "ADMIN"`},
	},
	"users": {
		{"GET /users", "", "", 401, "*"},
		{"GET /users", foo, "", 200, `/^\[\["bla","bla@school\.org",` + hash + `,true\],` + row + `\]\n$/`},
		{"GET /users/foo", bla, "", 200, "/^" + row + `\n$/`},
		{"GET /users/foo@school.org", bla, "", 200, "/^" + row + `\n$/`},
		{"GET /users/nobody", foo, "", 404, "no such login: nobody"},
		{"POST /users", "", "login=tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 401, "*"},
		{"POST /users", foo, "login=tmp", 400, `/"email" is missing\n.*"pass" is missing\n.*"secret" is missing/`},
		{"POST /users", foo, "login=tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 201, "3\n"},
		{"POST /users", foo, "login=tmp&email=tmp@school.org&pass=tmp&secret=" + tmpSecret, 409, "*"},
		{"POST /users", foo, `{"login":"boss","email":"boss@school.org","pass":"boss","admin":true,"secret":"X"}`, 201, "/^[45]\n$/"}, // 3 was tried twice
		{"GET /users", "boss:boss", "", 200, "*"},
		{"DELETE /users/boss@school.org", "boss:boss", "", 204, ""},
		{"GET /users", "boss:boss", "", 401, "*"},
		// What one may.
		{"GET /stuff/1", "tmp:tmp", "", 200, "*"},
		{"GET /users", "tmp:tmp", "", 403, "*"},
		{"GET /users", "tmp@school.org:tmp", "", 403, "*"},
		{"POST /users", "tmp:tmp", "", 403, "*"},
		{"GET /users/foo", "tmp:tmp", "", 403, "permission denied on users"},
		{"GET /users/nobody", "tmp:tmp", "", 403, "*"},
		{"DELETE /users/foo", "tmp:tmp", "", 403, "*"},
		{"PATCH /users/tmp", "tmp:tmp", "admin=true", 403, "*"},
		{"GET /users/tmp", "tmp:tmp", "", 200, `/^\["tmp","tmp@school\.org",` + hash + `,false\]\n$/`},
		{"GET /users/tmp", "tmp@school.org:tmp", "", 200, "*"},
		{"GET /users/tmp@school.org", "tmp:tmp", "", 200, "*"},
		// What is changed is so at once, for the login and for the e-mail.
		{"PATCH /users/tmp", "", "admin=true", 401, "*"},
		{"PATCH /users/tmp", foo, "admin=True", 204, ""},
		{"GET /users", "tmp:tmp", "", 200, "*"},
		{"GET /users", "tmp@school.org:tmp", "", 200, "*"},
		{"GET /users/foo", "tmp@school.org:tmp", "", 200, "*"},
		{"PATCH /users/tmp@school.org", foo, `{"admin":false,"email":null}`, 204, ""},
		{"GET /users", "tmp:tmp", "", 403, "*"},
		{"GET /users/foo", "tmp:tmp", "", 403, "*"},
		{"GET /users/foo", "tmp@school.org:tmp", "", 403, "*"},
		{"PATCH /users/tmp", foo, "pass=x", 400, "*"},
		{"PATCH /users/tmp", foo, "pass=TMP", 204, ""},
		{"GET /stuff/1", "tmp:tmp", "", 401, "*"},
		{"GET /stuff/1", "tmp:TMP", "", 200, "*"},
		{"GET /stuff/1", "tmp@school.org:tmp", "", 401, "*"},
		{"GET /stuff/1", "tmp@school.org:TMP", "", 200, "*"},
		{"PATCH /users/tmp", foo, "email=foo@school.org", 409, "*"},
		{"PATCH /users/tmp", foo, "email=tmp", 400, "*"},
		{"PATCH /users/tmp", foo, "email=tmp2@school.org", 204, ""},
		{"GET /stuff/1", "tmp:TMP", "", 200, "*"},
		{"GET /stuff/1", "tmp@school.org:TMP", "", 401, "*"},
		{"GET /stuff/1", "tmp2@school.org:TMP", "", 200, "*"},
		{"GET /users/tmp@school.org", "tmp:TMP", "", 403, "*"},
		{"PATCH /users/tmp", foo, "secret=ANOTHERSECRET234", 204, ""},
		{"GET /auth/tmp", foo, "", 200, `/"secret":"ANOTHERSECRET234"/`},
		{"PATCH /users/tmp", foo, "", 204, ""},
		{"PATCH /users/nobody", foo, "admin=true", 404, "*"},
		{"DELETE /users/tmp", "", "", 401, "*"},
		{"DELETE /users/tmp", "tmp:TMP", "", 204, ""},
		{"GET /stuff/1", "tmp:TMP", "", 401, "*"},
		{"GET /stuff/1", "tmp2@school.org:TMP", "", 401, "*"},
		{"GET /users/tmp", foo, "", 404, "*"},
		{"DELETE /users/tmp", foo, "", 404, "*"},
	},
	"auth": {
		{"GET /auth", "", "", 401, "*"},
		{"GET /auth", foo, "", 200, `/^\[{"aid":2,"login":"bla","email":"bla@school\.org","upass":` + hash + `,"admin":true,"secret":"` + blaSecret + `"},` +
			`{"aid":1,"login":"foo","email":"foo@school\.org","upass":` + hash + `,"admin":true,"secret":"` + fooSecret + `"}\]\n$/`},
		{"GET /auth/foo", foo, "", 200, `/^{"aid":1,"login":"foo","email":"foo@school\.org","upass":` + hash + `,"admin":true,"secret":"` + fooSecret + `"}\n$/`},
		{"GET /auth/foo@school.org", foo, "", 200, `/"aid":1,/`},
		{"GET /auth/nobody", foo, "", 404, "*"},
		{"POST /auth", "", `{"user":{"login":"tmp","email":"tmp@school.org","upass":"tmp","admin":true,"secret":"` + tmpSecret + `"}}`, 401, "*"},
		{"POST /auth", foo, "", 400, "*"},
		{"POST /auth", foo, `{"user":{"login":"tmp","email":"tmp@school.org","admin":true,"secret":"X"}}`, 400, "/upass/"},
		{"POST /auth", foo, `{"user":{"login":"tmp","email":"tmp@school.org","upass":"1","admin":true,"secret":"X"}}`, 400, "*"},
		{"POST /auth", foo, `{"user":{"login":"tmp","email":"tmp@school.org","upass":"tmp","admin":true,"secret":"` + tmpSecret + `","aid":null}}`, 201, `{"aid":3}` + "\n"},
		{"POST /auth", foo, `{"user":{"login":"tmp","email":"x@school.org","upass":"tmp","admin":true,"secret":"X"}}`, 409, "*"},
		{"GET /auth/tmp", "tmp:tmp", "", 200, `/^{"aid":3,"login":"tmp","email":"tmp@school\.org","upass":` + hash + `,"admin":true,"secret":"` + tmpSecret + `"}\n$/`},
		{"GET /auth", "tmp@school.org:tmp", "", 200, "*"},
		{"PUT /auth/3", "", `{"user":{"aid":3,"login":"tmp","email":"tmp@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 401, "*"},
		{"PUT /auth/3", "tmp:tmp", `{"user":{"aid":2,"login":"tmp","email":"tmp@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 400, "/inconsistent aid/"},
		{"PUT /auth/3", "tmp:tmp", `{"user":{"login":"tmp","email":"tmp@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 400, "*"},
		{"PUT /auth/99", "tmp:tmp", `{"user":{"aid":99,"login":"tmp","email":"tmp@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 404, "no such aid: 99"},
		{"PUT /auth/3", "tmp:tmp", `{"user":{"aid":3,"login":"foo","email":"tmp@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 409, "*"},
		{"PUT /auth/3", "tmp:tmp", `{"user":{"aid":3,"login":"tmp","email":"tmp2@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 204, ""},
		{"PUT /auth/3", "tmp:tmp", `{"user":{"aid":3,"login":"tmp","email":"tmp2@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 401, "*"},
		{"PUT /auth/3", "tmp:TMP", `{"user":{"aid":3,"login":"tmp","email":"tmp2@school.org","upass":"TMP","admin":false,"secret":"X"}}`, 403, "*"},
		{"GET /auth", "tmp@school.org:TMP", "", 401, "*"},
		{"GET /auth", "tmp2@school.org:TMP", "", 403, "*"},
		// The login may change, too.
		{"PUT /auth/3", foo, `{"user":{"aid":3,"login":"temp","email":"tmp2@school.org","upass":"TMP","admin":true,"secret":"X"}}`, 204, ""},
		{"GET /auth/temp", "tmp:TMP", "", 401, "*"},
		{"GET /auth/temp", "temp:TMP", "", 200, `/^{"aid":3,"login":"temp","email":"tmp2@school\.org",/`},
		{"DELETE /auth/temp", "", "", 401, "*"},
		{"DELETE /auth/temp", foo, "", 204, ""},
		{"GET /auth/foo", "temp:TMP", "", 401, "*"},
		{"DELETE /auth/temp", foo, "", 404, "*"},
		{"PATCH /auth/foo", foo, "", 405, "*"},
	},
	"types": {
		{"GET /types/scalars", "", "", 200, "i=0, f=0.0, b=False, s="},
		{"GET /types/scalars", "", "i=1", 200, "i=1, f=0.0, b=False, s="},
		{"GET /types/scalars", "", `{"i":-12}`, 200, "i=-12, f=0.0, b=False, s="},
		{"GET /types/scalars?f=5432.1&b=True", "", "", 200, "i=0, f=5432.1, b=True, s="},
		{"GET /types/scalars", "", `{"f":2.0,"b":true,"s":"<é>"}`, 200, "i=0, f=2.0, b=True, s=<é>"},
		{"GET /types/scalars", "", "f=1e16", 200, "i=0, f=1e+16, b=False, s="},
		{"GET /types/scalars", "", "f=123456789012345.6", 200, "i=0, f=123456789012345.6, b=False, s="},
		{"GET /types/scalars", "", "f=0.0001", 200, "i=0, f=0.0001, b=False, s="},
		{"GET /types/scalars", "", "f=0.00001", 200, "i=0, f=1e-05, b=False, s="},
		{"GET /types/scalars", "", "f=-0", 200, "i=0, f=-0.0, b=False, s="},
		{"GET /types/scalars", "", "i=one&f=two", 400, "*"},
		{"GET /types/json", "", "", 400, "*"},
		{"GET /types/json", "", "j=not-json", 400, "*"},
		{"GET /types/json", "", `j=[false, 1, 2.0, "Three"]`, 200, "list: [False, 1, 2.0, 'Three']"},
		{"GET /types/json", "", `{"j":[true,2,3.00,"Four"]}`, 200, "list: [True, 2, 3.0, 'Four']"},
		{"GET /types/json", "", `{"j":{"ff":255,"aa":{"x":null},"bb":[]}}`, 200, "dict: {'ff': 255, 'aa': {'x': None}, 'bb': []}"},
		{"GET /types/json", "", `j=[{"a":1},{"b":2}]`, 200, "list: [{'a': 1}, {'b': 2}]"},
		{"GET /types/json", "", "j=12", 200, "int: 12"},
		{"GET /types/json", "", "j=-0", 200, "int: 0"},
		{"GET /types/json", "", "j=123456789012345678901234567890", 200, "int: 123456789012345678901234567890"},
		{"GET /types/json", "", "j=-12.34", 200, "float: -12.34"},
		{"GET /types/json", "", "j=1E5", 200, "float: 100000.0"},
		{"GET /types/json", "", "j=-1e999", 200, "float: -inf"},
		{"GET /types/json", "", "j=false", 200, "bool: False"},
		{"GET /types/json", "", "j=null", 200, "NoneType: None"},
		{"GET /types/json", "", `{"j":null}`, 200, "NoneType: None"},
		{"GET /types/json", "", `j="it's \"so\""`, 200, `str: it's "so"`},
		{"GET /types/json", "", `{"j":["it's","it's \"so\"","\\ \n\t\r\u0001\u00ad\u200b\ud83d\ude00\udb40\udc01é"]}`, 200,
			`list: ["it's", 'it\'s "so"', '\\ \n\t\r\x01\xad\u200b😀\U000e0001é']`},
		{"GET /types/nat", "", `{"i":17,"j":25}`, 200, "42\n"},
		{"GET /types/nat?i=0&j=0", "", "", 200, "0\n"},
		{"GET /types/nat?i=9223372036854775807&j=9223372036854775807", "", "", 200, "18446744073709551614\n"},
		{"GET /types/nat", "", `{"i":-17,"j":-25}`, 400, `/-17(.|\n)*-25/`},
		{"GET /types/nat", "", "i=-17&j=1", 400, `/-17/`},
		{"GET /types/nat", "", "i=1", 400, "*"},
		{"POST /types/char", "", `{"char":{"name":"Calvin","age":6}}`, 201, `{"name":"Calvin","age":6}` + "\n"},
		{"POST /types/char", "", `char={"name":"Calvin","age":6}`, 201, `{"name":"Calvin","age":6}` + "\n"},
		{"POST /types/char", "", `{"char":{"name":"Error","age":"twelve"}}`, 400, "/twelve/"},
		{"POST /types/char", "", `{"char":{"name":"Error"}}`, 400, "/age/"},
		{"POST /types/pers", "", `{"pers":{"name":"Calvin","age":6}}`, 201, `{"name":"Calvin","age":6}` + "\n"},
		{"POST /types/pers", "", `{"pers":{"name":"Error","age":"twelve"}}`, 400, "/twelve/"},
		{"GET /types/ls", "", `{"ls":["hello","world"]}`, 200, `{"len":2,"all":"hello/world"}` + "\n"},
		{"GET /types/ls?ls=hello&ls=world", "", "", 200, `{"len":2,"all":"hello/world"}` + "\n"},
		{"GET /types/ls", "", `{"ls":[]}`, 200, `{"len":0,"all":""}` + "\n"},
		{"GET /types/ls", "", `{"ls":["hello",2]}`, 400, "*"},
		{"GET /types/ls", "", "", 400, "*"},
	},
	"upload": {
		{"POST /upload", "", "", 400, "*"},
		{"POST /upload", "", "file=text", 400, "*"},
		{"POST /upload", "", "file hello.txt text/plain", 201, `/^hello\.txt \(text/plain\) saved as (?P<name>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp)$/`},
		{"POST /upload", foo, "file hello.txt text/plain;charset=utf-8", 201, `/^hello\.txt \(text/plain\) saved as /`},
		{"POST /upload", "", "file ../../evil.sh text/x-sh", 201, `/^evil\.sh \(text/x-sh\) saved as [-0-9a-f]+\.tmp$/`},
	},
}

// ofJWT are routes of demo-jwt.toml alone, with tokens that an issuer has made.
var ofJWT = []step{
	{"POST /users", foo, "login=calvin&email=calvin@comics.net&pass=hobbes&secret=" + tmpSecret, 201, "3\n"},
	{"GET /oauth", "", "", 401, "*"},
	{"GET /oauth", "calvin:hobbes", "", 401, "*"},
	{"GET /oauth", "token $read", "", 200, `/^\["calvin","calvin@comics\.net",` + hash + `,false\]\n$/`},
	{"GET /oauth", "token $write", "", 200, "*"},
	{"GET /oauth", "token $delete", "", 200, "*"},
	{"GET /oauth", "token $none", "", 403, `missing scope "read"`},
	{"GET /oauth", "token $stranger", "", 401, "*"},
	{"GET /oauth", "token $elsewhere", "", 401, "*"},
	{"GET /oauth", "token $expired", "", 401, "*"},
	{"GET /oauth", "token $forged", "", 401, "*"},
	{"PATCH /oauth", "token $read", "email=calvin@comics.org", 403, `missing scope "write"`},
	{"PATCH /oauth", "token $write", "", 400, "*"},
	{"PATCH /oauth", "token $write", "email=foo@school.org", 409, "*"},
	{"GET /stuff/1", "calvin@comics.net:hobbes", "", 200, "*"},
	{"PATCH /oauth", "token $write", `{"email":"calvin@comics.org"}`, 204, ""},
	{"GET /stuff/1", "calvin@comics.net:hobbes", "", 401, "*"},
	{"GET /stuff/1", "calvin@comics.org:hobbes", "", 200, "*"},
	{"PATCH /oauth", "token $delete", "email=calvin@comics.net", 204, ""},
	{"GET /stuff/1", "token $none", "", 200, "*"},
	{"DELETE /oauth", "", "", 401, "*"},
	{"DELETE /oauth", "token $read", "", 403, "*"},
	{"DELETE /oauth", "token $write", "", 403, "*"},
	{"DELETE /oauth", "token $delete", "", 204, ""},
	{"GET /scare", "calvin:hobbes", "", 401, "*"},
	{"GET /scare", "calvin@comics.net:hobbes", "", 401, "*"},
	{"GET /stuff/1", "token $none", "", 401, "*"},
	{"GET /oauth", "token $read", "", 200, "null\n"},
	{"PATCH /oauth", "token $write", "email=calvin@comics.net", 204, ""},
	{"DELETE /oauth", "token $delete", "", 204, ""},
	{"GET /mfa/login", foo, "", 404, "*"},
}

// ofFSA are routes of demo-fsa.toml alone. The step "wait" lets time pass; the code
// of foo is $code, one-time passwords are $otp (now), $next and $before.
var ofFSA = []step{
	{"GET /oauth", foo, "", 404, "*"},
	{"GET /mfa/login", "", "", 401, "*"},
	{"GET /mfa/login", "foo:wrong", "", 401, "*"},
	{"GET /mfa/login", foo, "", 200, `/^"(?P<mfa>mfa:foo:\d{14}:[0-9a-f]{32})"\n$/`},
	{"GET /mfa/login", foo, "", 400, "/cannot set user code/"},
	{"GET /stuff", "token $mfa", "", 401, "*"},
	{"GET /mfa/test", "token $mfa", "", 401, "*"},
	{"POST /mfa/code", "", "", 401, "*"},
	{"POST /mfa/code", foo, "code=$code", 401, "*"},
	{"POST /mfa/code", "token mfa:foo:20500729123456:deadbeef", "code=$code", 401, "*"},
	{"POST /mfa/code", "token $mfa", "", 400, "*"},
	{"POST /mfa/code", "token $mfa", "code=bla-code", 401, "invalid temporary code for foo"},
	{"POST /mfa/code", "token $mfa", "code=$code", 200, `/^"(?P<final>demo:foo:\d{14}:[0-9a-f]{32})"\n$/`},
	{"POST /mfa/code", "token $mfa", "code=$code", 401, "*"},
	{"POST /mfa/code", "token $final", "code=$code", 401, "*"},
	{"GET /mfa/test", "", "", 401, "*"},
	{"GET /mfa/test", foo, "", 401, "*"},
	{"GET /mfa/test", "token $final", "", 200, "MFA succeeded for foo!"},
	{"GET /stuff/1", "token $final", "", 200, "*"},
	// A code that was used makes room for the next. One lives a minute.
	{"GET /mfa/login", "foo@school.org:bla", "", 200, `/^"(?P<mfa>mfa:foo@school\.org:\d{14}:[0-9a-f]{32})"\n$/`},
	{"wait 4s", "", "", 0, ""},
	{"GET /mfa/login", foo, "", 400, "*"},
	{"wait 1s", "", "", 0, ""},
	{"GET /mfa/login", foo, "", 200, `/^"(?P<mfa>[^"]*)"\n$/`},
	{"wait 59s", "", "", 0, ""},
	{"POST /mfa/code", "token $mfa", `{"code":"$code"}`, 200, "*"},
	{"GET /mfa/login", foo, "", 200, `/^"(?P<mfa>[^"]*)"\n$/`},
	{"wait 60s", "", "", 0, ""},
	{"POST /mfa/code", "token $mfa", "code=$code", 401, "*"},
	// One-time passwords: of now, of the next half minute, never again, never backwards.
	{"POST /mfa/totp", "", "", 401, "*"},
	{"POST /mfa/totp", foo, "otp=$otp", 401, "*"},
	{"POST /mfa/totp", "token mfa:foo:20500729123456:deadbeef", "otp=$otp", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "", 400, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=abcdef", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=$otp", 200, `/^"(?P<final>demo:foo:\d{14}:[0-9a-f]{32})"\n$/`},
	{"GET /mfa/test", "token $final", "", 200, "MFA succeeded for foo!"},
	{"POST /mfa/totp", "token $mfa", "otp=$otp", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=$before", 401, "*"},
	{"POST /mfa/totp", "token $mfa", `{"otp":"$next"}`, 200, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=$otp", 401, "*"},
	{"wait 30s", "", "", 0, ""},
	{"POST /mfa/totp", "token $mfa", "otp=$otp", 401, "*"},
	{"wait 90s", "", "", 0, ""},
	{"POST /mfa/totp", "token $mfa", "otp=$before", 200, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=$otp", 200, "*"},
	// Who guesses is stopped, with the right one, too.
	{"POST /mfa/totp", "token $mfa", "otp=000000x", 401, "*"},
	{"POST /mfa/code", "token $mfa", "code=000000x", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=000000x", 401, "*"},
	{"POST /mfa/code", "token $mfa", "code=000000x", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=000000x", 401, "*"},
	{"POST /mfa/totp", "token $mfa", "otp=$next", 429, "*"},
	// A secret that is unfit lets nobody in.
	{"POST /scare", "", "login=weak&email=weak@school.org&pass=weak&secret=MZXW6", 201, "*"},
	{"GET /mfa/login", "weak:weak", "", 200, `/^"(?P<mfa>[^"]*)"\n$/`},
	{"POST /mfa/totp", "token $mfa", "otp=$weak", 401, "*"},
}

// TestContract walks through the contract, over HTTP.
func TestContract(t *testing.T) {
	everywhere(t, func(t *testing.T, _ *world, jwt bool) {
		all := maps.Clone(steps)
		file := "demo-fsa.toml"
		if jwt {
			file = "demo-jwt.toml"
			all["oauth"] = ofJWT
		} else {
			all["mfa"] = ofFSA
		}
		for _, name := range slices.Sorted(maps.Keys(all)) {
			t.Run(name, func(t *testing.T) {
				// Each begins afresh.
				where := memory
				for part := range strings.SplitSeq(t.Name(), "/") {
					if open := databases[part]; open != nil {
						where = open(t)
					}
				}
				w := newWorld(t, file, where)
				c := &client{t: t, world: w, url: w.serve(t), jwt: jwt, vars: map[string]string{}}
				if jwt {
					c.issue()
				}
				for _, s := range all[name] {
					c.take(s)
				}
				if name == "upload" {
					if content, err := w.dir.ReadFile(c.vars["name"]); err != nil || string(content) != "Hello World!\n" {
						t.Errorf("the file has %q (%v)", content, err)
					}
				}
			})
		}
	})
}

// client is a client of the original.
type client struct {
	t     *testing.T
	world *world
	url   string
	jwt   bool
	vars  map[string]string
}

// issue makes the tokens of an issuer that shares the secret.
func (c *client) issue() {
	now := time.Now().Unix()
	for name, change := range map[string]func(claims map[string]any) (secret string){
		"read":      func(m map[string]any) string { m["scope"] = "read"; return tokenSecret },
		"write":     func(m map[string]any) string { m["scope"] = "read write"; return tokenSecret },
		"delete":    func(m map[string]any) string { m["scope"] = "read write delete"; return tokenSecret },
		"none":      func(m map[string]any) string { return tokenSecret },
		"stranger":  func(m map[string]any) string { m["scope"], m["iss"] = "read", "somebody"; return tokenSecret },
		"elsewhere": func(m map[string]any) string { m["scope"], m["aud"] = "read", "other"; return tokenSecret },
		"expired":   func(m map[string]any) string { m["scope"], m["exp"] = "read", now-1; return tokenSecret },
		"forged":    func(m map[string]any) string { m["scope"] = "read"; return "another" + tokenSecret },
	} {
		claims := map[string]any{"sub": "calvin", "aud": "demo", "iss": "fabien", "iat": now, "nbf": now, "exp": now + 3600}
		secret := change(claims)
		body, err := json.Marshal(claims)
		if err != nil {
			c.t.Fatal(err)
		}
		b64 := base64.RawURLEncoding.EncodeToString
		raw := b64([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + b64(body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(raw))
		c.vars[name] = raw + "." + b64(mac.Sum(nil))
	}
}

// look reads the codes that a user would.
func (c *client) look() {
	code, err := c.world.dir.ReadFile("foo_code.txt")
	if err == nil {
		c.vars["code"] = string(code)
		if info, err := c.world.dir.Stat("foo_code.txt"); err != nil || info.Mode().Perm() != 0o600 || len(code) != 6 {
			c.t.Errorf("the file of the code is %v with %q (%v)", info.Mode(), code, err)
		}
	}
	for name, at := range map[string]struct {
		secret string
		after  time.Duration
	}{"before": {fooSecret, -30 * time.Second}, "otp": {fooSecret, 0}, "next": {fooSecret, 30 * time.Second}, "weak": {"MZXW6", 0}} {
		if c.vars[name], err = totp.GenerateCode(at.secret, c.world.now.Add(at.after)); err != nil {
			c.t.Fatal(err)
		}
	}
}

var varRE = regexp.MustCompile(`\$([a-z0-9]+)`)

// expand puts in what earlier answers had.
func (c *client) expand(s string) string {
	return varRE.ReplaceAllStringFunc(s, func(name string) string {
		v, ok := c.vars[name[1:]]
		if !ok {
			c.t.Fatalf("nothing is known of %s", name)
		}
		return v
	})
}

// take takes a step.
func (c *client) take(s step) {
	c.t.Helper()
	method, path, _ := strings.Cut(s.do, " ")
	if method == "wait" {
		d, err := time.ParseDuration(path)
		if err != nil {
			c.t.Fatal(err)
		}
		c.world.now = c.world.now.Add(d)
		return
	}
	c.look()
	as, body, kind := c.expand(s.as), c.expand(s.send), ""
	token, bearing := strings.CutPrefix(as, "token ")
	switch {
	case strings.HasPrefix(body, "file "):
		file := strings.Fields(body)
		kind, body = form(file[1], file[2], "Hello World!\n")
	case bearing && !c.jwt && strings.HasPrefix(body, "{"):
		kind, body = "application/json", `{"AUTH":"`+token+`",`+body[1:]
	case bearing && !c.jwt:
		kind, body = "application/x-www-form-urlencoded", strings.TrimSuffix("AUTH="+strings.ReplaceAll(token, "+", "%2B")+"&"+body, "&")
	case strings.HasPrefix(body, "{"):
		kind = "application/json"
	case body != "":
		kind = "application/x-www-form-urlencoded"
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?") // as it is, with a lone % too
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if login, pass, ok := strings.Cut(as, ":"); ok && !bearing {
		r.SetBasicAuth(login, pass)
	} else if bearing && c.jwt {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if res.StatusCode != s.status {
		c.t.Errorf("%s as %q with %q: status %d, want %d: %s", s.do, s.as, s.send, res.StatusCode, s.status, got)
		return
	}
	if expr, ok := strings.CutPrefix(s.want, "/"); ok {
		re := regexp.MustCompile(strings.TrimSuffix(expr, "/"))
		m := re.FindSubmatch(got)
		if m == nil {
			c.t.Errorf("%s as %q with %q: %q, want what matches %s", s.do, s.as, s.send, got, re)
			return
		}
		for i, name := range re.SubexpNames() {
			if name != "" {
				c.vars[name] = string(m[i])
			}
		}
	} else if s.want != "*" && string(got) != s.want {
		c.t.Errorf("%s as %q with %q: %q, want %q", s.do, s.as, s.send, got, s.want)
	}
	for _, fault := range c.headerFaults(res, string(got)) {
		c.t.Errorf("%s as %q with %q: %s", s.do, s.as, s.send, fault)
	}
}

// headerFaults tells what is wrong with the header of an answer.
func (c *client) headerFaults(res *http.Response, body string) (faults []string) {
	if got := res.Header.Get("Service"); got != "Demo/1.0" {
		faults = append(faults, fmt.Sprintf("Service is %q", got))
	}
	kind := res.Header.Get("Content-Type")
	switch {
	case body == "" && kind != "":
		faults = append(faults, fmt.Sprintf("Content-Type is %q, of nothing", kind))
	case body != "" && strings.HasSuffix(body, "\n") && !strings.HasPrefix(body, "parameter"):
		if kind != "application/json" || !json.Valid([]byte(body)) {
			faults = append(faults, fmt.Sprintf("Content-Type is %q of %q", kind, body))
		}
	case body != "" && kind != "text/plain; charset=utf-8":
		faults = append(faults, fmt.Sprintf("Content-Type is %q of %q", kind, body))
	}
	challenges := strings.Join(res.Header.Values("WWW-Authenticate"), "\n")
	if res.StatusCode != 401 && challenges != "" && !strings.Contains(challenges, "insufficient_scope") {
		faults = append(faults, fmt.Sprintf("there are challenges: %s", challenges))
	}
	if path := res.Request.URL.Path; res.StatusCode == 401 && path == "/stuff" {
		want := `Basic realm="demo", charset="UTF-8"`
		if !strings.Contains(challenges, want) || c.jwt != strings.Contains(challenges, `Bearer realm="demo"`) {
			faults = append(faults, fmt.Sprintf("the challenges are %s", challenges))
		}
	}
	return faults
}

// TestOnce: of many that come at once with the same second factor, one has used it.
// S25, S33.
func TestOnce(t *testing.T) {
	for name, where := range databases {
		for _, factor := range []string{"/mfa/code?code=$code", "/mfa/totp?otp=$otp"} {
			t.Run(name+factor[:len("/mfa/code")], func(t *testing.T) {
				w := newWorld(t, "demo-fsa.toml", where(t))
				c := &client{t: t, world: w, url: w.serve(t), vars: map[string]string{}}
				c.take(step{"GET /mfa/login", foo, "", 200, `/^"(?P<mfa>[^"]*)"\n$/`})
				c.look()
				target := c.url + c.expand(factor+"&AUTH=$mfa")
				// All have found it right before one has used it.
				var arrived sync.WaitGroup
				arrived.Add(maxGuesses)
				w.db.clock = func() time.Time {
					arrived.Done()
					arrived.Wait()
					return w.now
				}
				statuses := make(chan int)
				for range maxGuesses {
					go func() {
						res, err := http.Post(target, "", nil)
						if err != nil {
							t.Error(err)
							statuses <- 0
							return
						}
						res.Body.Close()
						statuses <- res.StatusCode
					}()
				}
				count := map[int]int{}
				for range maxGuesses {
					count[<-statuses]++
				}
				if count[200] != 1 || count[401] != maxGuesses-1 {
					t.Errorf("the statuses are %v", count)
				}
			})
		}
	}
}

// TestOutside: a login that a database has from elsewhere leads out of no directory.
func TestOutside(t *testing.T) {
	w := newWorld(t, "demo-fsa.toml", memory)
	if _, err := w.db.ExecContext(t.Context(), "UPDATE auth SET login = '../foo' WHERE login = 'foo'"); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, world: w, url: w.serve(t), vars: map[string]string{}}
	c.take(step{"GET /mfa/login", "../foo:bla", "", 500, "*"})
	if _, err := os.Stat(w.dir.Name() + "/../foo_code.txt"); err == nil {
		t.Error("the file is there")
	}
}
