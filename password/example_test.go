package password_test

import (
	"context"
	"fmt"
	"regexp"

	"github.com/fastsimpleauth/fsa/password"
)

func Example() {
	ctx := context.Background()
	hasher, err := password.New(password.Options{})
	if err != nil {
		panic(err)
	}

	hash, err := hasher.Hash(ctx, "correct horse battery staple")
	if err != nil {
		panic(err)
	}
	fmt.Println(hash[:len("$argon2id$v=19$m=19456,t=2,p=1$")])

	for _, sent := range []string{"correct horse battery staple", "hunter2"} {
		ok, err := hasher.Verify(ctx, sent, hash)
		fmt.Println(ok, err)
	}
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1$
	// true <nil>
	// false <nil>
}

// To answer "no" at once when there is no such user is wrong: the time tells
// who has an account. Dummy spends what a wrong password would.
func ExampleHasher_Dummy() {
	ctx := context.Background()
	hasher, err := password.New(password.Options{})
	if err != nil {
		panic(err)
	}
	hashes := map[string]string{} // login to hash; nobody has an account here

	logIn := func(login, sent string) (bool, error) {
		hash, known := hashes[login]
		if !known {
			return false, hasher.Dummy(ctx, sent)
		}
		return hasher.Verify(ctx, sent, hash)
	}
	fmt.Println(logIn("calvin", "hobbes"))
	// Output: false <nil>
}

// A hash made by another scheme or at another cost is replaced when its owner
// logs in, the only moment when the password is known.
func ExampleHasher_NeedsRehash() {
	ctx := context.Background()
	hasher, err := password.New(password.Options{})
	if err != nil {
		panic(err)
	}
	stored := "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"
	fmt.Println(hasher.NeedsRehash(stored))

	stored, err = hasher.Hash(ctx, "the password that has just been verified")
	fmt.Println(hasher.NeedsRehash(stored), err)
	// Output:
	// true
	// false <nil>
}

// All mistakes are told at once, each with its remedy.
func ExampleNew() {
	_, err := password.New(password.Options{
		Schemes: []string{"bcrypt", "md5"},
		Params:  map[string]int{"rounds": 4, "pepper": 1},
		Workers: -1,
	})
	fmt.Println(err)
	// Output:
	// unknown password scheme "md5": use argon2id, bcrypt, scrypt, pbkdf2-sha256 or pbkdf2-sha512
	// bcrypt: rounds is 4: use 10 or more, or set InsecureLowCost in a test
	// bcrypt has no parameter "pepper": it has rounds
	// password workers are -1: use a positive number, or 0 for one for each processor
}

func ExampleQuality() {
	ctx := context.Background()
	quality := password.Quality{
		MinLength: 8,
		Patterns:  []*regexp.Regexp{regexp.MustCompile(`[0-9]`)},
		Check: func(_ context.Context, password string) error {
			if password == "password1" {
				return fmt.Errorf("on the list of common passwords")
			}
			return nil
		},
	}
	fmt.Println(quality.Verify(ctx, "hobbes"))
	fmt.Println(quality.Verify(ctx, "password"))
	fmt.Println(quality.Verify(ctx, "password1"))
	fmt.Println(quality.Verify(ctx, "spaceman spiff 1985"))
	// Output:
	// 400: password is too short, must be at least 8
	// 400: password must match [0-9]
	// 400: password quality too low: on the list of common passwords
	// <nil>
}
