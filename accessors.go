package fsa

import "net/url"

// Name gives the application's name, as [New] was told.
func (a *App) Name() string { return a.settings.name }

// Mode gives FSA_MODE: prod, dev, debug or debug1 to debug4.
func (a *App) Mode() string { return a.settings.Mode }

// BaseURL gives the application's own address, for the links in its mails and the like:
// FSA_BASE_URL, or, in modes dev and debug without it, that of this machine with the
// port that [App.Run] serves. It is nil if the address is not known. It never depends on
// what a request says of its host (OWASP, Host Header Injection). It is the caller's
// to change.
func (a *App) BaseURL() *url.URL {
	u := a.settings.baseURL
	if u == nil {
		u = a.local.Load()
	}
	if u == nil {
		return nil
	}
	c := *u
	return &c
}
