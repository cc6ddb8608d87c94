package accounts

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tokens are the properties of the stylesheet that applications override.
var tokens = []string{"--fsa-accent", "--fsa-bg", "--fsa-card", "--fsa-text", "--fsa-muted", "--fsa-border", "--fsa-danger", "--fsa-ok", "--fsa-radius", "--fsa-font"}

func stylesheet(t testing.TB) string {
	css, err := ourPages.ReadFile("pages/style.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(css)
}

// TestStylesheet: it is small, has nothing from elsewhere, and is made of the ten
// properties.
func TestStylesheet(t *testing.T) {
	css := stylesheet(t)
	if len(css) >= 12_000 {
		t.Errorf("it has %d bytes", len(css))
	}
	for _, word := range []string{"@import", "@font-face", "url(", "http", "!important", "expression"} {
		if strings.Contains(css, word) {
			t.Errorf("it has %s", word)
		}
	}
	var set []string
	for _, m := range regexp.MustCompile(`(--fsa-[a-z]+):`).FindAllStringSubmatch(css, -1) {
		if !slices.Contains(set, m[1]) {
			set = append(set, m[1])
		}
	}
	if fmt.Sprint(set) != fmt.Sprint(tokens) {
		t.Errorf("it sets %q", set)
	}
	for _, m := range regexp.MustCompile(`var\((--[a-z-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !slices.Contains(tokens, m[1]) && !strings.Contains(css, "\t"+m[1]+":") {
			t.Errorf("it uses %s, which nobody sets", m[1])
		}
	}
	// Colours elsewhere would not change with the ten, but for shadows.
	_, rest, _ := strings.Cut(css, "/* Ground */")
	if m := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`).FindString(rest); m != "" {
		t.Errorf("it has the colour %s besides", m)
	}
}

// colour is one of sRGB, its channels from 0 to 1.
type colour [3]float64

// palette reads the colours of the stylesheet for a scheme.
func palette(t testing.TB, scheme string) map[string]colour {
	light, rest, _ := strings.Cut(stylesheet(t), "@media (prefers-color-scheme: dark)")
	dark, _, _ := strings.Cut(rest, "/* Ground */")
	found := map[string]colour{}
	for _, block := range map[string][]string{"light": {light}, "dark": {light, dark}}[scheme] {
		for _, m := range regexp.MustCompile(`--fsa-([a-z]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
			n, err := strconv.ParseUint(m[2], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			found[m[1]] = colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
		}
	}
	if len(found) != 8 {
		t.Fatalf("%d colours in %s", len(found), scheme)
	}
	return found
}

// mix is what color-mix(in srgb, a share%, b) gives.
func mix(a colour, share float64, b colour) (c colour) {
	for i := range c {
		c[i] = a[i]*share + b[i]*(1-share)
	}
	return c
}

// luminance and contrast are those of WCAG 2.2.
func (c colour) luminance() float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := c[i] / 12.92
		if c[i] > 0.04045 {
			v = math.Pow((c[i]+0.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

func contrast(a, b colour) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestContrast: each text can be read on each ground on which it stands (WCAG 2.2,
// 1.4.3), and what a field or a focus is bounded by can be seen (1.4.11).
func TestContrast(t *testing.T) {
	if got := contrast(colour{0, 0, 0}, colour{1, 1, 1}); math.Abs(got-21) > 1e-9 {
		t.Fatalf("black on white is %v", got)
	}
	if got := contrast(colour{0.4666666, 0.4666666, 0.4666666}, colour{1, 1, 1}); math.Abs(got-4.478) > 0.001 { // #777, which is known to fail just so
		t.Fatalf("grey on white is %v", got)
	}
	for _, scheme := range []string{"light", "dark"} {
		p := palette(t, scheme)
		ground := map[string]colour{
			"bg": p["bg"], "card": p["card"], "accent": p["accent"], "danger": p["danger"],
			"tint":        mix(p["accent"], 0.08, p["card"]),
			"banner":      mix(p["ok"], 0.10, p["card"]),
			"badge":       mix(p["ok"], 0.08, p["card"]),
			"summary":     mix(p["danger"], 0.08, p["card"]),
			"accentHover": mix(p["accent"], 0.88, p["text"]),
			"dangerHover": mix(p["danger"], 0.88, p["text"]),
		}
		for _, c := range []struct {
			text, on string
			least    float64
		}{
			{"text", "bg", 4.5}, {"text", "card", 4.5}, {"text", "tint", 4.5}, {"text", "banner", 4.5}, {"text", "summary", 4.5},
			{"muted", "bg", 4.5}, {"muted", "card", 4.5}, {"muted", "tint", 4.5},
			{"accent", "bg", 4.5}, {"accent", "card", 4.5}, {"accent", "tint", 4.5},
			{"danger", "card", 4.5}, {"danger", "summary", 4.5}, {"ok", "card", 4.5}, {"ok", "badge", 4.5},
			{"card", "accent", 4.5}, {"card", "accentHover", 4.5}, {"card", "danger", 4.5}, {"card", "dangerHover", 4.5},
			{"border", "card", 3}, {"accent", "summary", 3}, {"ok", "banner", 3},
		} {
			if got := contrast(p[c.text], ground[c.on]); got < c.least {
				t.Errorf("%s: %s on %s differ by %.2f, should by %v", scheme, c.text, c.on, got, c.least)
			}
		}
		// What the table above takes for granted about the stylesheet.
		for _, rule := range []string{"var(--fsa-accent) 8%, var(--fsa-card)", "var(--fsa-ok) 10%, var(--fsa-card)", "var(--fsa-ok) 8%, var(--fsa-card)",
			"var(--fsa-danger) 8%, var(--fsa-card)", "var(--fsa-accent) 88%, var(--fsa-text)", "var(--fsa-danger) 88%, var(--fsa-text)"} {
			if !strings.Contains(stylesheet(t), "color-mix(in srgb, "+rule+")") {
				t.Errorf("no colour is mixed of %s", rule)
			}
		}
	}
}
