package accounts

import (
	"strings"
	"unicode"
)

// What is looked for in a User-Agent, the first that is found counts: programs name
// those that they want to be taken for, too.
var (
	browsers = []struct{ token, name string }{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"Edge/", "Edge"}, {"OPR/", "Opera"}, {"OPT/", "Opera"}, {"Vivaldi/", "Vivaldi"},
		{"SamsungBrowser/", "Samsung Internet"}, {"YaBrowser/", "Yandex"}, {"DuckDuckGo/", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"},
		{"FxiOS/", "Firefox"}, {"Focus/", "Firefox"}, {"Seamonkey/", "SeaMonkey"}, {"SeaMonkey/", "SeaMonkey"}, {"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
		{"Trident/", "Internet Explorer"}, {"MSIE ", "Internet Explorer"}, {"Safari/", "Safari"},
	}
	systems = []struct{ token, name string }{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"iPod", "iPod"}, {"Android", "Android"}, {"KAIOS/", "KaiOS"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Macintosh", "macOS"}, {"FreeBSD", "FreeBSD"}, {"OpenBSD", "OpenBSD"}, {"Linux", "Linux"}, {"X11", "Unix"},
	}
)

// browserOf tells the browser and the system that a User-Agent names, "" if it does
// not.
func browserOf(agent string) (browser, system string) {
	agent = agent[:min(len(agent), maxAgent)]
	for _, b := range browsers {
		if strings.Contains(agent, b.token) {
			browser = b.name
			break
		}
	}
	for _, s := range systems {
		if strings.Contains(agent, s.token) {
			system = s.name
			break
		}
	}
	return browser, system
}

// maxAgent is how many bytes of a User-Agent are looked at.
const maxAgent = 512

// device names what a User-Agent is of, in the language: "Firefox on Linux". Of one
// that names no browser, no more than 100 characters are given, none of which is
// invisible or turns the direction of others.
func (c *catalog) device(lang, agent string) (string, error) {
	browser, system := browserOf(agent)
	switch {
	case browser != "" && system != "":
		return c.say(lang, "device.on", browser, system)
	case browser != "":
		return browser, nil
	case system != "":
		return c.say(lang, "device.on", message{key: "device.browser"}, system)
	}
	if name := printable(agent, 100); name != "" {
		return name, nil
	}
	return c.say(lang, "device.unknown")
}

// printable gives the first n characters of a text that can be seen.
func printable(s string, n int) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "") {
		if !unicode.IsPrint(r) {
			continue
		}
		if n--; n < 0 {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
