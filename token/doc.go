// Package token makes and checks signed bearer tokens.
//
// There are two formats. An [FSA] token is short, readable and says only who
// is calling, where and until when:
//
//	realm[/issuer]:login:YYYYMMDDhhmmss:signature
//
// A [JWT] (RFC 7519, in the compact form of RFC 7515) says the same in claims,
// and can carry scopes and an identifier. Both implement [Format].
//
// JWTs are signed with a secret or with a private key ([ParsePrivateKeys]), whose
// public half others may have ([PublicJWKS]). Those that somebody else has signed
// are checked by an [Issuer], with the [KeySet] of public keys that is published
// there.
//
// What Check promises, in both formats:
//
//   - The shape comes first, the signature second, and only then what the
//     token says. So a forged token is never reported as expired or as another
//     realm's: whoever makes up claims learns nothing about them.
//   - [ErrExpired] is the last of the refusals: a token that gets it is wrong
//     in no other way.
//   - There is one spelling of a valid token. Each of its prefixes, and each
//     string that differs from it in one byte, is refused. A cache can
//     therefore be keyed by the raw token (with the realm). A revocation must
//     not be, since the same claims can be signed again. (Whoever has a token
//     of ES256, ES384 or ES512 can make a second good signature of it.)
//   - The algorithm is that of the key. What a token says about it is
//     compared, never obeyed.
//   - A key is for one algorithm, by its type. What a token says about its key
//     (kid) is compared with the ids of the keys that we have, and nothing else;
//     keys that come along with a token, or addresses of keys, are refused.
//   - No error holds a part of a token or of a secret.
//
// Secrets rotate: the first of [Options.Secrets] signs, all of them verify.
// To replace a secret, put the new one in front and drop the old one when the
// longest-lived token signed with it has expired. Private keys rotate likewise
// ([Options.Keys]).
//
// The package knows nothing of HTTP, reads no clock and keeps no state: whoever
// calls Check says what time it is. An [FSA] or a [JWT] is immutable, and may be
// used by several goroutines at once. Random identifiers come from crypto/rand,
// which ends the program when the system has no randomness to give.
package token
