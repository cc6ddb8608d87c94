package fsa_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fastsimpleauth/fsa"
)

// modelStore is what the hooks of a modelled application know. The reference
// reads the same data, and has its own idea of what follows from them.
type modelStore struct {
	mu      sync.Mutex
	hashes  map[string]string // login to stored hash
	made    map[string]string // stored hash to the password it was made from
	checks  map[string]string // login to the password that PasswordCheck accepts
	members map[modelMember]bool
	granted map[modelMember]bool // permissions
	objects map[modelObject]bool // those that exist
	perms   map[modelPerm]bool
	moods   map[string]string // hook to how it fails; "" if it works
	handler string            // how handlers behave
	asked   []string          // what the hooks have been asked
	leaked  string            // what a hook saw of the request that it was asked for
	pause   time.Duration     // how long hooks take
}

// modelMember is a login with a group, or with a permission.
type modelMember struct{ login, group string }

// modelObject names an object: a number, or two texts.
type modelObject struct {
	domain, first, second string
}

func (o modelObject) String() string {
	if o.second == "" {
		return o.domain + " " + o.first
	}
	return o.domain + " " + o.first + "/" + o.second
}

type modelPerm struct {
	login  string
	object modelObject
	mode   string
}

// repoID identifies an object by two parameters.
type repoID struct{ Owner, Repo string }

// The names are such that different ones are the same text when they are joined:
// ann+aadmin and anna+admin, object 1 mode 1r and object 11 mode r, a/bc and
// ab/c; and a slash within a part of the path is not one between two. Nobody ever makes eve a user. A token cannot be made for ann:x in the fsa
// format, nor can it log in by Basic.
var (
	modelLogins      = []string{"ann", "anna", "bob", "ann:x", "eve"}
	modelGroups      = []string{"admin", "aadmin", "dyn"}
	modelPermissions = []string{"edit", "admin"}
	modelStuff       = []modelObject{{"stuff", "1", ""}, {"stuff", "11", ""}, {"stuff", "2", ""}, {"stuff", "7", ""}}
	modelRepos       = []modelObject{{"repo", "a", "bc"}, {"repo", "ab", "c"}, {"repo", "x", "y"}, {"repo", "a/b c", "d"}, {"repo", "a", "b c/d"}}
	modelModes       = []string{"r", "1r"}
	modelPasses      = []string{"pass-1", "pass-2", "pass-3"}
)

// modelHooks are the hooks that can break, by the name under which they stand in
// modelStore.moods.
var modelHooks = []string{"hash", "check", "group admin", "group aadmin", "group dyn", "permission edit", "permission admin", "stuff", "repo", "admit"}

// modelMoods are the ways in which a hook breaks.
var modelMoods = []string{"", "error", "panic", "refuse", "down", "slow", "absent", "locked"}

func newModelStore() *modelStore {
	return &modelStore{
		hashes: map[string]string{}, made: map[string]string{}, checks: map[string]string{},
		members: map[modelMember]bool{}, granted: map[modelMember]bool{}, objects: map[modelObject]bool{}, perms: map[modelPerm]bool{}, moods: map[string]string{},
	}
}

// ask notes a question, and breaks as the hook's mood is.
func (s *modelStore) ask(ctx context.Context, hook, question string, absent error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, question)
	if s.pause > 0 {
		s.mu.Unlock()
		time.Sleep(s.pause)
		s.mu.Lock()
	}
	if ctx.Value(modelTenant{}) != nil && hook != "check" && hook != "admit" {
		s.leaked = "what the hook of " + hook + " answers may depend on the request, and is kept for others"
	}
	switch s.moods[hook] {
	case "error":
		return errors.New("s3cret: it is broken")
	case "panic":
		panic(errors.Join(absent, fsa.Errorf(418, "s3cret")))
	case "refuse":
		return fsa.Errorf(418, "teapot")
	case "locked":
		return fmt.Errorf("s3cret: %w", fsa.Errorf(401, "locked"))
	case "down":
		return fmt.Errorf("s3cret: %w", fsa.Errorf(503, "the store is down"))
	case "slow":
		return fmt.Errorf("s3cret: %w", context.DeadlineExceeded)
	case "absent":
		return fmt.Errorf("s3cret: %w", absent)
	}
	return nil
}

// modelTenant is the key of a value in the context of each request.
type modelTenant struct{}

var errModelAbsent = errors.New("s3cret: absent")

// register gives the application its hooks.
func (s *modelStore) register(app *fsa.App, cfg *modelConfig) {
	if cfg.userPass {
		app.UserPass(func(ctx context.Context, login string) (string, error) {
			if err := s.ask(ctx, "hash", "hash "+login, fsa.ErrNoSuchUser); err != nil {
				return s.hashes[login], err
			}
			hash, ok := s.hashes[login]
			if !ok {
				return "", fsa.ErrNoSuchUser
			}
			return hash, nil
		})
	}
	if cfg.passwordCheck {
		app.PasswordCheck(func(ctx context.Context, login, pass string) (bool, error) {
			err := s.ask(ctx, "check", "check "+login, errModelAbsent)
			known, ok := s.checks[login]
			return err != nil || ok && known == pass, err
		})
	}
	for _, group := range []string{"admin", "aadmin"} {
		app.GroupCheck(group, func(ctx context.Context, login string) (bool, error) { return s.group(ctx, login, group) })
	}
	app.AddGroup("dyn")
	app.UserInGroup(s.group)
	app.UserHasPermission(func(ctx context.Context, login, permission string) (bool, error) {
		if err := s.ask(ctx, "permission "+permission, "permission "+permission+" "+login, errModelAbsent); err != nil {
			return true, err
		}
		return s.granted[modelMember{login, permission}], nil
	})
	fsa.ObjectPerms(app, "stuff", func(ctx context.Context, login string, id int, mode string) (bool, error) {
		return s.object(ctx, login, modelObject{"stuff", fmt.Sprint(id), ""}, mode)
	})
	fsa.ObjectPerms(app, "repo", func(ctx context.Context, login string, id repoID, mode string) (bool, error) {
		return s.object(ctx, login, modelObject{"repo", id.Owner, id.Repo}, mode)
	})
	if cfg.admit {
		app.Admit(func(ctx context.Context, id fsa.Identity) error {
			return s.ask(ctx, "admit", fmt.Sprintf("admit %s by %s in %s", id.Login, id.Scheme, id.Realm), errModelAbsent)
		})
	}
}

func (s *modelStore) group(ctx context.Context, login, group string) (bool, error) {
	if err := s.ask(ctx, "group "+group, "group "+group+" "+login, errModelAbsent); err != nil {
		return true, err
	}
	return s.members[modelMember{login, group}], nil
}

func (s *modelStore) object(ctx context.Context, login string, o modelObject, mode string) (bool, error) {
	if err := s.ask(ctx, o.domain, fmt.Sprintf("object %v %s %s", o, mode, login), fsa.ErrNoSuchObject); err != nil {
		return true, err
	}
	if !s.objects[o] {
		return true, fsa.ErrNoSuchObject
	}
	return s.perms[modelPerm{login, o, mode}], nil
}
