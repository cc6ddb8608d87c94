package door

import "testing"

func TestEnter(t *testing.T) {
	if err := Enter(20, true); err != nil {
		t.Error(err)
	}
	if err := Enter(20, false); err == nil {
		t.Error("whoever is no member enters")
	}
}

func TestSteps(t *testing.T) {
	if n := Steps(3); n != 3 {
		t.Error(n)
	}
}

func TestColour(t *testing.T) {
	if c := Colour("front"); c != "green" {
		t.Error(c)
	}
	if c := Colour("cellar"); c != "white" {
		t.Error(c)
	}
}
