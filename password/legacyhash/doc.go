// Package legacyhash verifies password hashes that other programs have made, so
// that their users keep their passwords when an application takes over from them.
//
// The schemes are given to the configuration; nothing of this package is linked
// otherwise:
//
//	cfg.PasswordLegacy = legacyhash.All()
//
// The first successful log-in of a user replaces the hash by one of the first
// scheme of FSA_PASSWORD_SCHEME, if there is a hook of app.PasswordRehash. No scheme
// here makes hashes.
//
// These verify wherever [All] is given:
//
//   - sha256-crypt, sha512-crypt: $5$ and $6$, of Linux, mkpasswd, htpasswd
//   - sha1-crypt: $sha1$, of NetBSD
//   - bcrypt-sha256: $bcrypt-sha256$, of passlib, both versions
//   - django: pbkdf2_sha256$, pbkdf2_sha1$, bcrypt$, bcrypt_sha256$,
//     argon2$argon2id$ and scrypt$
//   - werkzeug: pbkdf2: with SHA-1, SHA-256 or SHA-512, and scrypt:
//   - ldap-pbkdf2: {PBKDF2}, {PBKDF2-SHA256}, {PBKDF2-SHA512}, as passlib and
//     OpenLDAP write them
//   - ldap-crypt: {CRYPT} before a hash of sha-crypt or bcrypt
//   - scrypt-file: the form of an encrypted file of the scrypt utility, which
//     FlaskSimpleAuth stores, in base64, Ascii85 or hexadecimal
//
// PBKDF2, scrypt, bcrypt and argon2id as passlib writes them need nothing of this
// package: package password has them.
//
// Hashes of the following are guessed in bulk, or are no hashes at all. They verify
// only if FSA_PASSWORD_SCHEME lists them, not in front:
//
//   - insecure-md5-crypt: $1$ and Apache's $apr1$, a thousand rounds of MD5
//   - insecure-ssha: {SSHA}, {SSHA256}, {SSHA512}, one round with a salt
//   - insecure-sha: {SHA}, one round without a salt
//   - insecure-plaintext: what is stored is the password
//   - insecure-a85, insecure-b64: it is the password in Ascii85 or base64
//   - insecure-otp, by [OTP]: it is the secret of an authenticator, and the code
//     of the moment is the password
//
// The last four have no mark by which they are known, so that only one of them can
// be listed; it is asked about what no other scheme claims. What looks like a hash
// of any kind is not taken for a password: else somebody who has seen a hash that
// this application can't verify would log in by it.
//
// Costs are capped before anything is spent: sha-crypt and sha1-crypt 1,000,000
// rounds, PBKDF2 5,000,000 in all blocks of the digest, scrypt N 2^18, r 32, p 16
// and 256 MiB taken four times, bcrypt 16. The work of sha-crypt and md5-crypt grows
// with the password; they match none of over 256 bytes.
package legacyhash
