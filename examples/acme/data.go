package main

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/fastsimpleauth/fsa"
	"github.com/go-json-experiment/json"
)

// Stuff is a thing and its price: ["pinte", 6.5] in JSON.
type Stuff struct {
	Name  string
	Price float64
}

func (s Stuff) MarshalJSON() ([]byte, error) { return json.Marshal([]any{s.Name, s.Price}) }

type user struct {
	hash, email string
	admin       bool
}

type thing struct {
	owner string
	price float64
}

// data is a toy database, in memory.
type data struct {
	mu    sync.RWMutex
	users map[string]user
	stuff map[string]thing
}

func newData() *data { return &data{users: map[string]user{}, stuff: map[string]thing{}} }

var loginRE = regexp.MustCompile(`^[a-z][a-z0-9]+$`)

func (d *data) addUser(login, hash, email string, admin bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.users[login]; known {
		return fsa.Errorf(409, "cannot overwrite existing user: %s", login)
	}
	if !loginRE.MatchString(login) {
		return fsa.Errorf(400, "invalid login name: %s", login)
	}
	d.users[login] = user{hash, email, admin}
	return nil
}

func (d *data) passwordHash(login string) (string, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	u, known := d.users[login]
	if !known {
		return "", fsa.ErrNoSuchUser
	}
	return u.hash, nil
}

func (d *data) isAdmin(login string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.users[login].admin
}

func (d *data) addStuff(name, owner string, price float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.stuff[name]; known {
		return fsa.Errorf(409, "cannot overwrite existing stuff: %s", name)
	}
	d.stuff[name] = thing{owner, price}
	return nil
}

func (d *data) owner(stuff string) (owner string, known bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	t, known := d.stuff[stuff]
	return t.owner, known
}

func (d *data) stuffOf(owner string) []Stuff {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var all []Stuff
	for name, t := range d.stuff {
		if t.owner == owner {
			all = append(all, Stuff{name, t.price})
		}
	}
	slices.SortFunc(all, func(a, b Stuff) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func (d *data) changeStuff(name string, price float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, known := d.stuff[name]
	if !known {
		return fsa.Errorf(404, "no such stuff: %s", name)
	}
	t.price = price
	d.stuff[name] = t
	return nil
}
