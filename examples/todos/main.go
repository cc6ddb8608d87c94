// Command todos is the application of Flask-RESTful's quick start, as
// FlaskSimpleAuth has it: anybody reads and adds, whoever has the password (sesame,
// whatever the login) changes and deletes.
//
//	go run ./examples/todos
//	curl -u calvin:sesame -X PUT -d task=nap http://localhost:5000/todos/todo1
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/authz"
)

//go:embed todos.toml
var config embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:5000", "`address` to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg, err := fsa.LoadFS(config, "todos.toml")
	if err != nil {
		log.Fatal(err)
	}
	app, err := newApp(ctx, cfg)
	if err == nil {
		err = app.Run(ctx, *addr)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// Todo is something to do.
type Todo struct {
	Task string `json:"task"`
}

// todos are the list, in memory.
type todos struct {
	mu   sync.Mutex
	list map[string]Todo
}

func newApp(ctx context.Context, cfg fsa.Config) (*fsa.App, error) {
	app := fsa.New("todos", cfg)
	t := &todos{list: map[string]Todo{"todo1": {"build an API"}, "todo2": {"?????"}, "todo3": {"profit!"}}}
	sesame, err := app.HashPasswordUnchecked(ctx, "sesame")
	if err != nil {
		return nil, err
	}
	app.UserPass(func(context.Context, string) (string, error) { return sesame, nil })
	fsa.ObjectPerms(app, "todos", t.may)

	one := authz.Object("todos", "tid", "")
	fsa.Get(app, "/todos/{tid}", one, t.getOne)
	fsa.Put(app, "/todos/{tid}", one, t.putOne)
	fsa.Delete(app, "/todos/{tid}", one, t.deleteOne)
	fsa.Get(app, "/todos", authz.Open(), t.getAll)
	fsa.Post(app, "/todos", authz.Open(), t.post, fsa.Status(201))
	return app, nil
}

// may lets whoever is authenticated at what is there.
func (t *todos) may(_ context.Context, _, tid, _ string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.list[tid]; !ok {
		return false, fsa.ErrNoSuchObject
	}
	return true, nil
}

// errGone is for what was there when the permission was asked, which is remembered.
func errGone(tid string) error { return fsa.Errorf(404, "no such todo: %s", tid) }

type ID struct{ TID string }

func (t *todos) getOne(_ context.Context, in ID) (Todo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	todo, ok := t.list[in.TID]
	if !ok {
		return Todo{}, errGone(in.TID)
	}
	return todo, nil
}

type Changed struct {
	TID  string
	Task string
}

func (t *todos) putOne(_ context.Context, in Changed) (fsa.None, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.list[in.TID]; !ok {
		return fsa.None{}, errGone(in.TID)
	}
	t.list[in.TID] = Todo{in.Task}
	return fsa.None{}, nil
}

func (t *todos) deleteOne(_ context.Context, in ID) (fsa.None, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.list[in.TID]; !ok {
		return fsa.None{}, errGone(in.TID)
	}
	delete(t.list, in.TID)
	return fsa.None{}, nil
}

func (t *todos) getAll(context.Context, fsa.None) (map[string]Todo, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.list), nil
}

// Key is the name of a todo, a string in JSON.
type Key string

func (t *todos) post(_ context.Context, in Todo) (Key, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last := 0
	for tid := range t.list {
		if n, err := strconv.Atoi(strings.TrimPrefix(tid, "todo")); err == nil {
			last = max(last, n)
		}
	}
	tid := fmt.Sprintf("todo%d", last+1)
	t.list[tid] = Todo{in.Task}
	return Key(tid), nil
}
