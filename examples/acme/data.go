package main

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/fastsimpleauth/fsa"
)

// database is a toy, in memory.
type database struct {
	mu    sync.Mutex
	users map[string]user   // by login
	stuff map[string]*thing // by name
}

type user struct {
	hash, email string
	admin       bool
}

type thing struct {
	owner string
	price float64
}

func newDatabase() *database {
	return &database{users: map[string]user{}, stuff: map[string]*thing{}}
}

var loginRE = regexp.MustCompile(`^[a-z][a-z0-9]+$`)

func (db *database) addUser(login, hash, email string, admin bool) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if _, known := db.users[login]; known {
		return fsa.Errorf(409, "cannot overwrite existing user: %s", login)
	}
	if !loginRE.MatchString(login) {
		return fsa.Errorf(400, "invalid login name: %s", login)
	}
	db.users[login] = user{hash, email, admin}
	return nil
}

func (db *database) addStuff(name, owner string, price float64) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if _, known := db.stuff[name]; known {
		return fsa.Errorf(409, "cannot overwrite existing stuff: %s", name)
	}
	db.stuff[name] = &thing{owner, price}
	return nil
}

func (db *database) changeStuff(name string, price float64) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	t, known := db.stuff[name]
	if !known {
		return fsa.Errorf(404, "no such stuff: %s", name)
	}
	t.price = price
	return nil
}

// Stuff is a thing's name and price.
type Stuff struct {
	Name  string
	Price float64
}

// MarshalJSON gives a pair: ["pinte",6.5].
func (s Stuff) MarshalJSON() ([]byte, error) { return json.Marshal([]any{s.Name, s.Price}) }

func (db *database) stuffOf(owner string) []Stuff {
	db.mu.Lock()
	defer db.mu.Unlock()
	var all []Stuff
	for name, t := range db.stuff {
		if t.owner == owner {
			all = append(all, Stuff{name, t.price})
		}
	}
	slices.SortFunc(all, func(a, b Stuff) int { return strings.Compare(a.Name, b.Name) })
	return all
}
