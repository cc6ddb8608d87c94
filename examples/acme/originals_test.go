package main

import (
	"testing"

	"github.com/fastsimpleauth/fsa/internal/tutorial"
)

// TestOriginals runs all curl commands of the two tutorials of the original,
// with the statuses that they print or imply, each tutorial on a fresh program.
func TestOriginals(t *testing.T) {
	tutorial.NeedCurl(t)
	file := tutorial.Build(t, ".")
	const (
		json  = `-H "Content-Type: application/json" `
		admin = `-u "acme:$ACME_PASS" `
		first = `-u "acme:$ACME_ADMIN_PASS" ` // as it was called in the first tutorial
	)
	type row struct{ method, path, args, status string }
	// common holds what follows the sections on authentication in both.
	common := func(admin string) []row {
		return []row{
			{"POST", "/user", admin, "400"},
			{"POST", "/user", admin + `-d login="acme" -d email="acme@acme.org" -d password='P0ss!'`, "409"},
			{"POST", "/user", admin + `-d login="123" -d email="123@acme.org" -d password='P1ss!'`, "400"},
			{"POST", "/user", admin + `-d login="meca" -d email="meca@acme.org" -d password='Mec0!'`, "201"},
			{"GET", "/hello-me", `-u 'meca:Mec0!'`, "200"},
			{"POST", "/user", admin + `-d login="mace" -d email="mace@acme.org" -d password='Mac1!'`, "201"},
			{"POST", "/stuff", `-u 'mace:Mac1!' -d stuff=bear -d price=2.0`, "201"},
			{"PATCH", "/stuff/bear", admin + `-d price=3.0`, "403"},
			{"PATCH", "/stuff/bear", `-u 'mace:Mac1!' -d price=3.0`, "200"},
			{"GET", "/days", `-d who='{"name":"Hobbes","born":"2020-07-29"}'`, "200"},
			{"GET", "/days", json + `-d '{"who":{"name":"Calvin","born":"1970-03-20"}}'`, "200"},
			{"GET", "/days", `-d who='{"name":"Calvin","born":"unknown"}'`, "400"},
			{"GET", "/primes", `-d li=1 -d li=10 -d li=11`, "200"},
			{"GET", "/primes", json + `-d '{"li":[1,10,11,20,21,23]}'`, "200"},
			{"GET", "/primes", `-d li=prime -d li=time`, "400"},
			{"POST", "/user", admin + `-d login="came" -d email="came@acme.org" -d password="C@me"`, "400"},
			{"POST", "/user", admin + `-d login="came" -d email="came@acme.org" -d password="Cameleon"`, "400"},
		}
	}
	basic := func(admin string) []row {
		return []row{
			{"GET", "/hello", "", "200"},
			{"GET", "/hello-me", "", "401"},
			{"GET", "/hello-me", `-u 'meca:Mec0!'`, "401"},
			{"GET", "/hello-me", admin, "200"},
			{"POST", "/stuff", admin + `-d stuff=pinte -d price=6.5`, "201"},
			{"POST", "/stuff", admin + `-d stuff=pinte -d price=6.5`, "409"},
			{"GET", "/stuff", admin, "200"},
		}
	}
	for _, original := range []struct {
		name     string
		settings []string
		rows     [][]row
	}{
		{"000", []string{"FSA_PARAM_USER=USER", "FSA_PARAM_PASS=PASS"}, [][]row{basic(first), {
			{"GET", "/hello-me", `-d USER=acme -d PASS="$ACME_ADMIN_PASS"`, "200"},
			{"GET", "/token", first, "200"},
			{"GET", "/hello-me", `-H "Authorization: Bearer $TOKEN"`, "200"},
		}, common(first)}},
		{"001", nil, [][]row{basic(admin), {
			{"GET", "/hello-me", `-d username=acme -d password="$ACME_PASS"`, "200"},
			{"GET", "/token", admin, "200"},
			{"POST", "/token", `-d username=acme -d password="$ACME_PASS"`, "201"},
			{"GET", "/hello-me", `-H "Authorization: Bearer $TOKEN"`, "200"},
		}, common(admin), {
			{"POST", "/len", `-d 'p={"hi":"w!"}'`, "200"},
			{"POST", "/len", `-d 'p=[1,2]'`, "200"},
			{"POST", "/len", `-d 'p="hi!"'`, "200"},
			{"POST", "/len", `-d 'p=3.14'`, "200"},
			{"POST", "/len", `-d 'p=null'`, "200"},
			{"POST", "/len", `-d 'p=not-json'`, "400"},
			{"GET", "/len", "", "400"},
		}}},
	} {
		t.Run(original.name, func(t *testing.T) {
			p := start(t, file, t.TempDir(), original.settings...)
			defer p.Stop(t)
			const url = "http://localhost:5000"
			p.Run(t, tutorial.Command{Sets: "TOKEN", Text: "TOKEN=$(curl -s " + admin + url + `/token | sed 's/.*"token":"\([^"]*\)".*/\1/')`})
			for _, rows := range original.rows {
				for _, r := range rows {
					p.Run(t, tutorial.Command{Status: r.status, Text: "curl -si -X " + r.method + " " + r.args + " " + url + r.path})
				}
			}
		})
	}
}
