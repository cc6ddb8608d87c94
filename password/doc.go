// Package password makes and checks password hashes, and holds the rules that
// new passwords must follow.
//
// A [Hasher] makes hashes with one scheme, argon2id unless told otherwise, and
// verifies those of every scheme that it knows:
//
//   - argon2id: $argon2id$v=19$m=…,t=…,p=…$salt$digest, a PHC string
//   - bcrypt: $2a$, $2b$ or $2y$
//   - scrypt: $scrypt$ln=…,r=…,p=…$salt$digest, a PHC string, as passlib has it
//   - PBKDF2: $pbkdf2-sha256$i=…$salt$digest, a PHC string (with l=… too), or
//     as passlib has it, $pbkdf2-sha256$29000$salt$digest; or sha512 in place
//     of sha256; or $pbkdf2$, with SHA-1, for old hashes only
//
// What it does besides calling the algorithm:
//
//   - A password has one normal form, PRECIS OpaqueString (RFC 8265): what one
//     keyboard sends as one code point and another as two is the same password.
//     Verify also tries the raw bytes if they differ from it, for hashes that
//     were made elsewhere; Hash refuses what has no normal form.
//   - The cost of a stored hash is read and capped before any memory or time is
//     spent on it, so that a hostile or damaged row cannot take the server down.
//   - Nothing is truncated: above 1,024 bytes, and with bcrypt above 72, a
//     password is refused when set and matches nothing when verified. Neither
//     do the passwords match that bcrypt or HMAC take for the same as others.
//   - A bounded number of slow hashes run at once and a bounded number wait.
//     Beyond that the answer is [ErrBusy], and other routes stay unharmed.
//   - A refusal costs the same whatever its cause. When there is no such user,
//     call [Hasher.Dummy]: an answer that comes early tells who has an account.
//     If hashes of different costs are in use, all refusals take as long as the
//     slowest kind does.
//
// After a successful log-in, ask [Hasher.NeedsRehash] and store a new hash if
// it says so. A failure to do it is not a failed log-in: an old password may
// be one that Hash refuses today.
//
// Errors never hold a password or a hash. Those of type *httperr.Error are
// for the client; [ErrUnknownScheme], [ErrMalformed] and [ErrTooCostly] say
// that a stored hash cannot be used and are for the log.
package password
