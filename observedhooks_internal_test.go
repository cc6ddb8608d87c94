package fsa

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/fastsimpleauth/fsa/authz"
)

// TestAllHooksObserved: whoever adds a hook or a cache lets observers know of it.
func TestAllHooksObserved(t *testing.T) {
	a := New("acme", Config{Auth: []string{"none"}})
	a.Observe(Observer{})
	v := reflect.ValueOf(a).Elem()
	before := map[string]uintptr{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type.Kind() != reflect.Func {
			continue
		}
		hook := reflect.MakeFunc(f.Type, func([]reflect.Value) []reflect.Value { return nil })
		field(v, i).Set(hook)
		before[f.Name] = hook.Pointer()
	}
	if len(before) < 8 {
		t.Fatalf("%d hooks", len(before))
	}
	more := reflect.ValueOf(&a.more).Elem()
	notOfRequests := map[string]bool{"headerFuncs": true, "pathCheck": true} // a value for a field; asked at registration
	around := map[string]uintptr{}
	for i := range more.NumField() {
		f := more.Type().Field(i)
		switch f.Type.Kind() {
		case reflect.Func:
			hook := reflect.MakeFunc(f.Type, func([]reflect.Value) []reflect.Value { return nil })
			field(more, i).Set(hook)
			around[f.Name] = hook.Pointer()
		case reflect.Slice:
			if f.Type.Elem().Kind() == reflect.Func {
				hook := reflect.MakeFunc(f.Type.Elem(), func([]reflect.Value) []reflect.Value { return nil })
				field(more, i).Set(reflect.Append(field(more, i), hook))
				around[f.Name] = hook.Pointer()
			}
		}
	}
	a.groupChecks["g"] = func(context.Context, string) (bool, error) { return false, nil }
	group := reflect.ValueOf(a.groupChecks["g"]).Pointer()
	a.observeHooks()
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; before[name] != 0 && v.Field(i).Pointer() == before[name] {
			t.Errorf("the hook %s is asked without an observer's knowing", name)
		}
	}
	for i := range more.NumField() {
		name, hook := more.Type().Field(i).Name, more.Field(i)
		if around[name] == 0 || notOfRequests[name] {
			continue
		}
		if hook.Kind() == reflect.Slice {
			hook = hook.Index(0)
		}
		if hook.Pointer() == around[name] {
			t.Errorf("the hook %s is asked without an observer's knowing", name)
		}
	}
	if reflect.ValueOf(a.groupChecks["g"]).Pointer() == group {
		t.Error("the hooks of groups are asked without an observer's knowing")
	}
	caches := 0
	for _, v := range []reflect.Value{v, reflect.ValueOf(a.digest).Elem()} {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type.Kind() != reflect.Pointer || !strings.HasPrefix(f.Type.Elem().Name(), "hookCache[") || f.Name == "tries" {
				continue // tries keep nothing
			}
			caches++
			if v.Field(i).Elem().FieldByName("lookups").IsNil() {
				t.Errorf("the look-ups in %s are not counted", f.Name)
			}
		}
	}
	if got := len(a.Stats().Caches); got != caches {
		t.Errorf("%d of %d caches have stats", got, caches)
	}
}

// TestAllLeavesObserved: whoever adds a kind of rule lets observers know what it
// refuses.
func TestAllLeavesObserved(t *testing.T) {
	a := New("acme", Config{Auth: []string{"none"}})
	a.Observe(Observer{})
	var leaves authz.Leaves[*call]
	v := reflect.ValueOf(&leaves).Elem()
	var made uintptr
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Func {
			f := reflect.MakeFunc(v.Field(i).Type(), func([]reflect.Value) []reflect.Value { return nil })
			v.Field(i).Set(f)
			made = f.Pointer()
		}
	}
	leaves = (&compiler{app: a}).observeLeaves(leaves)
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.Func && v.Field(i).Pointer() == made {
			t.Errorf("the parts of rules that are %s refuse without an observer's knowing", v.Type().Field(i).Name)
		}
	}
}

// field gives a field that can be set, though it is not exported.
func field(v reflect.Value, i int) reflect.Value {
	return reflect.NewAt(v.Field(i).Type(), v.Field(i).Addr().UnsafePointer()).Elem()
}
