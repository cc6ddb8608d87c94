package accounts_test

import (
	"testing"

	"github.com/fastsimpleauth/fsa/accounts"
)

// TestFlows: from registration to log-out, as somebody with a browser goes.
func TestFlows(t *testing.T) {
	on(t, func(t *testing.T, db database) {
		w := newWorld(t, db, quick(), accounts.Options{Registerable: true}).start()
		b := w.browser()
		if to := b.page("/").expect(303).to(); to != "/login?next=%2F" {
			t.Error(to)
		}
		b.page("/login?next=%2F").expect(200, "Please log in to go on", "Create an account")
		b.page("/register").expect(200, "Create an account")
		b.form("/register", "email", "calvin@example.com", "password", "short", "password_confirm", "different").expect(422, "15 characters", "passwords differ", "calvin@example.com")
		b.form("/register", "email", "calvin@example.com", "password", goodPassword, "password_confirm", goodPassword).expect(200, "Check your mail", "2\u00a0days")
		b.form("/login", "identity", "calvin@example.com", "password", goodPassword).expect(403, "confirm your e-mail address first")
		link := w.link("calvin@example.com", "/confirm", 1)
		b.page(link).expect(200, "Confirm", "calvin@example.com")
		if to := b.form(link).expect(303).to(); to != "/login?done=confirm" {
			t.Error(to)
		}
		b.page("/login?done=confirm").expect(200, "address is confirmed")
		b.form(link).expect(422, "does not work")
		b.form("/login", "identity", "calvin@example.com", "password", "wrong", "next", "/me").expect(422, "match", "calvin@example.com")
		if to := b.form("/login", "identity", "Calvin@Example.com", "password", goodPassword, "next", "/me").expect(303).to(); to != "/me" {
			t.Error(to)
		}
		b.page("/").expect(200, "hello calvin@example.com")
		b.page("/account").expect(200, "calvin@example.com", "Sessions")
		b.page("/sessions").expect(200, "This device")
		other := w.browser().login("calvin@example.com", goodPassword)
		b.page("/sessions").expect(200, "End all other sessions")
		b.page("/sessions/others/end").expect(200, "All devices but this one")
		b.form("/sessions/others/end").expect(303)
		other.page("/").expect(303)
		b.page("/").expect(200)
		b.form("/change", "password", "wrong", "new_password", otherPassword, "new_password_confirm", otherPassword).expect(422, "not your password")
		b.form("/change", "password", goodPassword, "new_password", otherPassword, "new_password_confirm", otherPassword).expect(303)
		b.page("/account?done=change").expect(200, "password is changed")
		b.form("/verify", "password", otherPassword, "next", "/me").expect(303)
		b.page("/me").expect(200)
		b.page("/logout").expect(200, "Log out?")
		b.form("/logout").expect(303)
		b.page("/").expect(303)

		b.form("/reset", "email", "nobody@example.com").expect(200, "If there is an account")
		b.form("/reset", "email", "calvin@example.com").expect(200, "If there is an account")
		link = w.link("calvin@example.com", "/reset", 1)
		b.page(link).expect(200, "Set a new password")
		b.form(link, "password", goodPassword, "password_confirm", goodPassword).expect(303)
		b.form("/login", "identity", "calvin@example.com", "password", otherPassword).expect(422)
		b.login("calvin@example.com", goodPassword).page("/").expect(200)

		code, response := w.browser().ask("POST", "/login?include_auth_token", "email", "calvin@example.com", "password", goodPassword).expect(200).json()
		if code != 200 || response["user"].(map[string]any)["authentication_token"] == "" {
			t.Error(code, response)
		}
		code, response = w.browser().ask("POST", "/login", "email", "calvin@example.com", "password", "wrong").expect(400).json()
		if code != 400 || len(response["field_errors"].(map[string]any)) != 1 {
			t.Error(code, response)
		}
	})
}
