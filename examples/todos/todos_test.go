package main

import (
	"io"
	"log/slog"
	"testing"

	"github.com/fastsimpleauth/fsa"
	"github.com/fastsimpleauth/fsa/fsatest"
)

func newTestApp(t testing.TB) *fsa.App {
	t.Helper()
	cfg, err := fsa.Load("todos.toml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.PasswordOpts = map[string]int{"memory": 64, "time": 1} // tests need no slow hash
	cfg.InsecurePasswordCost = true
	cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	app, err := newApp(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func TestTodos(t *testing.T) {
	c := fsatest.New(t, newTestApp(t))
	calvin := func(r *fsatest.Request) *fsatest.Request { return r.Basic("calvin", "sesame") }
	for _, s := range []struct {
		request *fsatest.Request
		status  int
		want    string
	}{
		{c.Get("/todos"), 200, `{"todo1":{"task":"build an API"},"todo2":{"task":"?????"},"todo3":{"task":"profit!"}}` + "\n"},
		{c.Get("/todos/todo1"), 401, "authentication required"},
		{c.Get("/todos/todo1").Basic("calvin", "wrong"), 401, "invalid password for calvin"},
		{calvin(c.Get("/todos/todo1")), 200, `{"task":"build an API"}` + "\n"},
		{c.Get("/todos/todo1").Basic("hobbes", "sesame"), 200, `{"task":"build an API"}` + "\n"},
		{calvin(c.Delete("/todos/todo0")), 404, "object not found"},
		{calvin(c.Post("/todos")).Form("stuff", "WIP 0"), 400, "parameter \"task\" is missing\nunexpected parameter \"stuff\""},
		{calvin(c.Post("/todos")).Form("task", "WIP 1"), 201, "\"todo4\"\n"},
		{c.Post("/todos").JSON(Todo{"WIP 2"}), 201, "\"todo5\"\n"},
		{calvin(c.Delete("/todos/todo1")), 204, ""},
		{calvin(c.Get("/todos/todo1")), 404, "no such todo: todo1"},
		{calvin(c.Put("/todos/todo1")).Form("task", "nap"), 404, "no such todo: todo1"},
		{calvin(c.Delete("/todos/todo1")), 404, "no such todo: todo1"},
		{c.Get("/todos/todo1").Basic("susie", "sesame"), 404, "object not found"},
		{calvin(c.Put("/todos/todo2")).Form("task", "nap"), 204, ""},
		{calvin(c.Put("/todos/todo2")), 400, `parameter "task" is missing`},
		{calvin(c.Put("/todos/todo9")).Form("task", "nap"), 404, "object not found"},
		{c.Get("/todos"), 200, `{"todo2":{"task":"nap"},"todo3":{"task":"profit!"},"todo4":{"task":"WIP 1"},"todo5":{"task":"WIP 2"}}` + "\n"},
	} {
		if res := s.request.Expect(s.status); res.Text() != s.want {
			t.Errorf("the answer is %q, want %q", res.Text(), s.want)
		}
	}
	// Ten come after nine.
	for range 4 {
		c.Post("/todos").Form("task", "more").Expect(201)
	}
	if got := c.Post("/todos").Form("task", "more").Expect(201).Text(); got != "\"todo10\"\n" {
		t.Errorf("the tenth is %s", got)
	}
}

func TestMatrix(t *testing.T) {
	task := func(r *fsatest.Request) { r.Form("task", "nap") }
	fsatest.Matrix{
		App:        func(t testing.TB) *fsa.App { return newTestApp(t) },
		Identities: []string{"", "calvin"},
		Rows: []fsatest.Row{
			{Route: "GET /todos", Status: []int{200, 200}},
			{Route: "POST /todos", Status: []int{201, 201}, Prepare: task},
			{Route: "GET /todos/{tid}", Status: []int{401, 200}, Path: "/todos/todo1"},
			{Route: "PUT /todos/{tid}", Status: []int{401, 204}, Path: "/todos/todo1", Prepare: task},
			{Route: "DELETE /todos/{tid}", Status: []int{401, 204}, Path: "/todos/todo1"},
			{Route: "DELETE /todos/{tid}", Status: []int{401, 404}, Path: "/todos/todo0"},
		},
	}.Run(t)
}
