package password

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What the tests of this package and of password_test share: tables of stored
// hashes, which are the seeds of the fuzz targets too.

// PHC makes an argon2id hash apart from the package under test, whatever its
// parameters are.
func PHC(pass, salt string, memory, time uint32, threads uint8, size uint32) string {
	sum := argon2.IDKey([]byte(pass), []byte(salt), time, memory, threads, size)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, time, threads, b64([]byte(salt)), b64(sum))
}

// A Stored is a hash that somebody else has made.
type Stored struct{ Pass, Hash string }

// ScryptVectors are those of RFC 7914, section 12, that have a salt and are within
// the caps, and what passlib 1.7.4 and Python's hashlib.scrypt make.
var ScryptVectors = []Stored{
	{"password", "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA"},
	{"pleaseletmein", "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"},
	// passlib
	{"hobbes", "$scrypt$ln=10,r=8,p=1$eWVsbG93IHN1Ym1hcmluZQ$ERc8QouDtLQkajwfCf0kTalPQT/ghqu/ba2/ExQSjfw"},
	{"hobbes", "$scrypt$ln=10,r=8,p=1$++++////AHNhbHQ$C/cZ2RXrEjrWVJufjqihFPPVERhDQV2uqusBCyFb8Rk"},
	{"hobbès", "$scrypt$ln=10,r=8,p=1$eWVsbG93IHN1Ym1hcmluZQ$PNp8o5Kfu8knU0SECljdT/W9PCB75AeL5foc/Q3I6Fw"},
	{"hobbès", "$scrypt$ln=10,r=8,p=1$++++////AHNhbHQ$H3Sd6MvoE6Q+VeoM1+ThuApxRFJklqw2IxciHv1QxX8"},
	{"hobbes", "$scrypt$ln=4,r=3,p=5$eWVsbG93IHN1Ym1hcmluZQ$OyaRWf6CJnmzwcNLN+xy9FyjTS7SyS+7Clb+39/436Q"},
	{strings.Repeat("x", 200), "$scrypt$ln=4,r=8,p=1$eWVsbG93IHN1Ym1hcmluZQ$CPfxNPZyiiV9HzhtP3bLIGfzaG5YwTHJ9EiucuwHwW4"},
	// hashlib
	{"hobbès", "$scrypt$ln=14,r=8,p=5$++++////AHNhbHQ$WjgLRiCPIH1o/rgfh+rSvVptXJeNEo7I3Tmb02QvxK0"},
	{"hobbès", "$scrypt$ln=4,r=32,p=16$cw$mAbBl82v33tnqaGyvowMgw"},
	{"hobbès", "$scrypt$ln=1,r=1,p=1$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw$n2y27DSHojlBx1Ve5wor4R1gQ26vmTAcecG9yO6fsGZib/YAXp6Th1zJBKMM4owkdwBc0F2i7GutLuMj5R5OWQ"},
}

// PBKDF2Vectors are those of RFC 6070 (SHA-1) and of RFC 7914, section 11
// (SHA-256), and what passlib 1.7.4 and Python's hashlib.pbkdf2_hmac make.
var PBKDF2Vectors = []Stored{
	{"password", "$pbkdf2$i=1$c2FsdA$DGDID5YfDnHzqbUkr2ASBi/gN6Y"},
	{"password", "$pbkdf2$i=2$c2FsdA$6mwBTcctb4zNHtkqzh1B8NjeiVc"},
	{"password", "$pbkdf2$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"},
	{"passwordPASSWORDpassword", "$pbkdf2$i=4096$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$PS7sT+QchJuAyNg2YsDkSospGpZM8vBwOA"},
	{"pass\x00word", "$pbkdf2$i=4096$c2EAbHQ$Vvpqp1VICZ3MN9fwNCXgww"},
	{"passwd", "$pbkdf2-sha256$i=1$c2FsdA$VawEblbjCJ/sFpHCJUS2BflBhSFt3gRl5oudV8INrLxJypzM8Xm2RZkWZLOdd+8xfHG4RbHjC9UJESBB06GXgw"},
	{"Password", "$pbkdf2-sha256$i=80000$TmFDbA$TdzY9guYviGDDO5e8icB+WQaRBjQTAQUrv8Ih2s0q1ah1CWhIlgzVJrbhBtRybMXaicr3ruh0HhHj2Kzl/M8jQ"},
	// passlib
	{"hobbes", "$pbkdf2$1000$eWVsbG93IHN1Ym1hcmluZQ$RZp9e1SMSIxxhnKuHzbwCJ15msE"},
	{"hobbes", "$pbkdf2-sha256$1000$eWVsbG93IHN1Ym1hcmluZQ$oE/feMTPkW0ha8xrS.0MdAe/ui8hbIMqihFpsQpgteY"},
	{"hobbes", "$pbkdf2-sha512$1000$eWVsbG93IHN1Ym1hcmluZQ$jHbQ/0QhwLMBd1TDpSo3NZ5P7ylXhWKntk.UTynxpTrzLXl0BATAwT0M.Vnv7xGN21ruzLkNSNcFooh/EtfBFg"},
	{"hobbes", "$pbkdf2$1000$....////AHNhbHQ$yndC3p.dROuVUKrYh7hUeOIwiuM"},
	{"hobbes", "$pbkdf2-sha256$1000$....////AHNhbHQ$fg4/SvIrZ88WD/z3e5NCISFCAZqsR5ewQGefljzaI/0"},
	{"hobbes", "$pbkdf2-sha512$1000$....////AHNhbHQ$X.jtat8AYeWjTUGUWorLV2onB52MUGPB1BBGvUkwd5tfIMT./grSxmEaF6YQiLmNuZy9FRg1pvxec5oef6RECw"},
	{"hobbès", "$pbkdf2$1000$eWVsbG93IHN1Ym1hcmluZQ$TB/tmp2z2OwEiv4eAfz7xZfBQBw"},
	{"hobbès", "$pbkdf2-sha256$1000$eWVsbG93IHN1Ym1hcmluZQ$MXDg2kFFZdJAun81lFbOi6daSfUkCi9.3U2/wLVWqAA"},
	{"hobbès", "$pbkdf2-sha512$1000$eWVsbG93IHN1Ym1hcmluZQ$.AueFhwQwst/YnLQ6t5m8YA6ILMTScRTqU4lpIJ.IO4hMnfMw2LJj2JyFzm2xGuJQFDBVrczLdJ9/8gkK.NzjQ"},
	{"hobbès", "$pbkdf2$1000$....////AHNhbHQ$i8.hIHs8HojU0pne/27UQ5223fw"},
	{"hobbès", "$pbkdf2-sha256$1000$....////AHNhbHQ$G.3VX5oHCGPwHdzMxQT1Z1wHadhPMvJH.VbZfLVOLEI"},
	{"hobbès", "$pbkdf2-sha512$1000$....////AHNhbHQ$enB3UvPJQuD2FEPlkmL/WCNr1jaosK9XfqkdP//U78WfU8X8Qj5pPgWjLPs990zjiRMxBepkPtlH5HASTz2oWg"},
	{strings.Repeat("x", 200), "$pbkdf2-sha256$29000$eWVsbG93IHN1Ym1hcmluZQ$NXe20pFQueNiu8PQpMjP/a4Z/G2SxN5p10WBqvB1Xcc"},
	// hashlib
	{"hobbès", "$pbkdf2$i=4096,l=16$++++////AHNhbHQ$FpK2wKIO/7fi1ieWDc2b/Q"},
	{"hobbès", "$pbkdf2$i=4096$++++////AHNhbHQ$FpK2wKIO/7fi1ieWDc2b/XlN08E"},
	{"hobbès", "$pbkdf2$i=4096$++++////AHNhbHQ$FpK2wKIO/7fi1ieWDc2b/XlN08Ex/YnGB/RtpQM2DKQ"},
	{"hobbès", "$pbkdf2$i=4096$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw$ES2l6VwAIcQWuB4kITCKXPefvROUXeeG50InqeDRBByw"},
	{"hobbès", "$pbkdf2$i=4096,l=64$++++////AHNhbHQ$FpK2wKIO/7fi1ieWDc2b/XlN08Ex/YnGB/RtpQM2DKTu5mPRJcPT++bY7A2P/0z6/+SmRDAaI37c/QioZpCaJw"},
	{"hobbès", "$pbkdf2-sha256$i=4096,l=16$++++////AHNhbHQ$nlfJM+6BQrs4HkkQmY3row"},
	{"hobbès", "$pbkdf2-sha256$i=4096$++++////AHNhbHQ$nlfJM+6BQrs4HkkQmY3rowYIyT8"},
	{"hobbès", "$pbkdf2-sha256$i=4096$++++////AHNhbHQ$nlfJM+6BQrs4HkkQmY3rowYIyT/IgOcsWRU7YRaj+7g"},
	{"hobbès", "$pbkdf2-sha256$i=4096$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw$XVjkLaRJvZ29fr+t+eP/MhdhXieCi4bDF4Jd9igZXGOg"},
	{"hobbès", "$pbkdf2-sha256$i=4096,l=64$++++////AHNhbHQ$nlfJM+6BQrs4HkkQmY3rowYIyT/IgOcsWRU7YRaj+7gZtq2khL9rtHSkdrHKYbDMyOHwfKSILio8TknPxsW/DQ"},
	{"hobbès", "$pbkdf2-sha512$i=4096,l=16$++++////AHNhbHQ$o54fTL9ME2TKoLWpcPH31w"},
	{"hobbès", "$pbkdf2-sha512$i=4096$++++////AHNhbHQ$o54fTL9ME2TKoLWpcPH313T5LPU"},
	{"hobbès", "$pbkdf2-sha512$i=4096$++++////AHNhbHQ$o54fTL9ME2TKoLWpcPH313T5LPVJf+j/ZCukP7d4JcM"},
	{"hobbès", "$pbkdf2-sha512$i=4096$c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw$RiwIPV1ky0hjCseWhbNZOubTBDbcSlSYcMyOb/z0OMS4"},
	{"hobbès", "$pbkdf2-sha512$i=4096,l=64$++++////AHNhbHQ$o54fTL9ME2TKoLWpcPH313T5LPVJf+j/ZCukP7d4JcOquGk+XoBp9HWztrBLCyxr1aFwiLhyMyBUFpm1FTKjTA"},
}

const (
	storedSalt       = "c29tZXNhbHQ"
	storedSum        = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	storedBcryptTail = "$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

func argon2id(costs string) string {
	return "$argon2id$v=19$" + costs + "$" + storedSalt + "$" + storedSum
}
func scryptOf(costs string) string { return "$scrypt$" + costs + "$" + storedSalt + "$" + storedSum }
func pbkdf2Of(costs string) string {
	return "$pbkdf2-sha256$" + costs + "$" + storedSalt + "$" + storedSum
}

// Unusable are hashes that verify no password, and why.
var Unusable = []struct {
	Hash string
	Want error
}{
	{"hobbes", ErrUnknownScheme},
	{" ", ErrUnknownScheme},
	{"$", ErrUnknownScheme},
	{"$argon2id", ErrUnknownScheme},
	{"$argon2i$v=19$m=256,t=2,p=1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"$argon2d$v=19$m=256,t=2,p=1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"$ARGON2ID$v=19$m=256,t=2,p=1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"$2$05" + storedBcryptTail, ErrUnknownScheme},
	{"$2x$05" + storedBcryptTail, ErrUnknownScheme},
	{"$2c$05" + storedBcryptTail, ErrUnknownScheme},
	{"$1$salt$digest", ErrUnknownScheme},

	{"$argon2id$", ErrMalformed},
	{"$argon2id$v=19$m=256,t=2,p=1$" + storedSalt, ErrMalformed},
	{"$argon2id$v=19$m=256,t=2,p=1$" + storedSalt + "$", ErrMalformed},
	{"$argon2id$v=19$m=256,t=2,p=1$$" + storedSum, ErrMalformed},
	{"$argon2id$v=16$m=256,t=2,p=1$" + storedSalt + "$" + storedSum, ErrMalformed},
	{"$argon2id$m=256,t=2,p=1$" + storedSalt + "$" + storedSum, ErrMalformed},
	{argon2id("m=256,t=2,p=1") + "$", ErrMalformed},
	{argon2id("m=256,t=2,p=1") + " ", ErrMalformed},
	{argon2id("m=256,t=2,p=1") + "\n", ErrMalformed},
	{argon2id("m=256,t=2,p=1") + "=", ErrMalformed},
	{strings.TrimSuffix(argon2id("m=256,t=2,p=1"), "4") + "5", ErrMalformed}, // a bit that means nothing
	{strings.Replace(argon2id("m=256,t=2,p=1"), "Xuc", "X\nuc", 1) + "\r\n", ErrMalformed},
	{strings.Replace(argon2id("m=256,t=2,p=1"), "/", "_", 1), ErrMalformed},
	{argon2id("t=2,m=256,p=1"), ErrMalformed},
	{argon2id("m=256,t=2"), ErrMalformed},
	{argon2id("m=256,t=2,p=1,x=1"), ErrMalformed},
	{argon2id("m=256, t=2,p=1"), ErrMalformed},
	{argon2id("m=0256,t=2,p=1"), ErrMalformed},
	{argon2id("m=+256,t=2,p=1"), ErrMalformed},
	{argon2id("m=-256,t=2,p=1"), ErrMalformed},
	{argon2id("m=0x100,t=2,p=1"), ErrMalformed},
	{argon2id("m=2_56,t=2,p=1"), ErrMalformed},
	{argon2id("m=,t=2,p=1"), ErrMalformed},
	{argon2id("m=256,t=0,p=1"), ErrMalformed},
	{argon2id("m=256,t=2,p=0"), ErrMalformed},
	{argon2id("m=7,t=2,p=1"), ErrMalformed},
	{argon2id("m=15,t=2,p=2"), ErrMalformed},
	{argon2id("m=4294967296,t=2,p=1"), ErrMalformed},
	{argon2id("m=256,t=99999999999999999999999999,p=1"), ErrMalformed},
	{PHC("x", "7 bytes", 64, 1, 1, 32), ErrMalformed},
	{PHC("x", strings.Repeat("s", 65), 64, 1, 1, 32), ErrMalformed},
	{PHC("x", "somesalt", 64, 1, 1, 15), ErrMalformed},
	{PHC("x", "somesalt", 64, 1, 1, 65), ErrMalformed},
	{"$argon2id$" + strings.Repeat("A", 10<<20), ErrMalformed},
	{"$argon2id$" + strings.Repeat("$", 1<<20), ErrMalformed},

	{argon2id("m=2147483648,t=1,p=1"), ErrTooCostly},
	{argon2id("m=4294967295,t=4294967295,p=16"), ErrTooCostly},
	{argon2id("m=262145,t=1,p=1"), ErrTooCostly},
	{argon2id("m=256,t=11,p=1"), ErrTooCostly},
	{argon2id("m=256,t=2,p=17"), ErrTooCostly},
	{argon2id("m=262144,t=2,p=256"), ErrTooCostly},

	{"$2a$", ErrMalformed},
	{"$2b$05" + storedBcryptTail + "x", ErrMalformed},
	{("$2b$05" + storedBcryptTail)[:59], ErrMalformed},
	{"$2b$5$" + storedBcryptTail + "x", ErrMalformed},
	{"$2b$+5" + storedBcryptTail, ErrMalformed},
	{"$2b$ 5" + storedBcryptTail, ErrMalformed},
	{"$2b$03" + storedBcryptTail, ErrMalformed},
	{"$2b$00" + storedBcryptTail, ErrMalformed},
	{"$2b$05" + strings.Replace(storedBcryptTail, "$", "/", 1), ErrMalformed},
	{"$2b$05" + strings.Replace(storedBcryptTail, "C", "!", 1), ErrMalformed},
	{"$2b$05" + strings.Replace(storedBcryptTail, "Xou", "X\nu", 1), ErrMalformed},
	{"$2b$05" + strings.TrimSuffix(storedBcryptTail, "W") + "X", ErrMalformed}, // bits that mean nothing
	{"$2b$05" + strings.Repeat("C", 10<<20), ErrMalformed},

	{"$2b$17" + storedBcryptTail, ErrTooCostly},
	{"$2a$31" + storedBcryptTail, ErrTooCostly},
	{"$2y$99" + storedBcryptTail, ErrTooCostly},

	{"$scrypt", ErrUnknownScheme},
	{"$SCRYPT$ln=4,r=8,p=1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D", ErrUnknownScheme},
	{"scrypt:32768:8:1$salt$00", ErrUnknownScheme},
	{"$scrypt$", ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$" + storedSalt, ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$" + storedSalt + "$", ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$$" + storedSum, ErrMalformed},
	{scryptOf("ln=4,r=8,p=1") + "$", ErrMalformed},
	{scryptOf("ln=4,r=8,p=1") + "=", ErrMalformed},
	{scryptOf("ln=4,r=8,p=1") + "\n", ErrMalformed},
	{strings.TrimSuffix(scryptOf("ln=4,r=8,p=1"), "4") + "5", ErrMalformed}, // a bit that means nothing
	{strings.Replace(scryptOf("ln=4,r=8,p=1"), "/", ".", 1), ErrMalformed},
	{scryptOf("n=16,r=8,p=1"), ErrMalformed},
	{scryptOf("r=8,ln=4,p=1"), ErrMalformed},
	{scryptOf("ln=4,r=8"), ErrMalformed},
	{scryptOf("ln=4,r=8,p=1,x=1"), ErrMalformed},
	{scryptOf("ln=04,r=8,p=1"), ErrMalformed},
	{scryptOf("ln=+4,r=8,p=1"), ErrMalformed},
	{scryptOf("ln=-4,r=8,p=1"), ErrMalformed},
	{scryptOf("ln=4, r=8,p=1"), ErrMalformed},
	{scryptOf("ln=0,r=8,p=1"), ErrMalformed},
	{scryptOf("ln=4,r=0,p=1"), ErrMalformed},
	{scryptOf("ln=4,r=8,p=0"), ErrMalformed},
	{scryptOf("ln=16,r=1,p=1"), ErrMalformed}, // N must be under 2^(128·r/8)
	{scryptOf("ln=4,r=8,p=4294967296"), ErrMalformed},
	{scryptOf("ln=18446744073709551620,r=8,p=1"), ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$" + strings.Repeat("A", 87) + "$" + storedSum, ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$" + storedSalt + "$" + strings.Repeat("A", 20), ErrMalformed},
	{"$scrypt$ln=4,r=8,p=1$" + storedSalt + "$" + strings.Repeat("A", 87), ErrMalformed},
	{"$scrypt$" + strings.Repeat("$", 1<<20), ErrMalformed},

	{"$scrypt$ln=20,r=8,p=1$U29kaXVtQ2hsb3JpZGU$IQHLm2pRGq6t274Jz3D4gexWjVdKL/1Nq+XumCCtqkeOVv2PS6XQn/ocbZJ8QPTDNzBASeipUvvL9Fxvp3pBpA", ErrTooCostly}, // the largest of RFC 7914
	{scryptOf("ln=19,r=8,p=1"), ErrTooCostly},
	{scryptOf("ln=18,r=9,p=1"), ErrTooCostly}, // over 256 MiB
	{scryptOf("ln=17,r=17,p=1"), ErrTooCostly},
	{scryptOf("ln=18,r=8,p=5"), ErrTooCostly}, // over four times as much
	{scryptOf("ln=17,r=8,p=9"), ErrTooCostly},
	{scryptOf("ln=4,r=33,p=1"), ErrTooCostly},
	{scryptOf("ln=4,r=8,p=17"), ErrTooCostly},
	{scryptOf("ln=63,r=1,p=1"), ErrTooCostly},
	{scryptOf("ln=4294967295,r=4294967295,p=4294967295"), ErrTooCostly},
	{scryptOf("ln=1,r=4294967295,p=4294967295"), ErrTooCostly},

	{"$pbkdf2-sha256", ErrUnknownScheme},
	{"$pbkdf2-sha1$i=1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"$pbkdf2-md5$1$" + storedSalt + "$" + storedSum, ErrUnknownScheme},
	{"pbkdf2_sha256$1$salt$" + storedSum, ErrUnknownScheme},
	{"pbkdf2:sha256:1$salt$00", ErrUnknownScheme},
	{"$pbkdf2$", ErrMalformed},
	{"$pbkdf2-sha256$", ErrMalformed},
	{"$pbkdf2-sha256$i=1$" + storedSalt, ErrMalformed},
	{"$pbkdf2-sha256$i=1$" + storedSalt + "$", ErrMalformed},
	{"$pbkdf2-sha256$i=1$$" + storedSum, ErrMalformed},
	{pbkdf2Of("i=1") + "$", ErrMalformed},
	{pbkdf2Of("i=1") + "=", ErrMalformed},
	{pbkdf2Of("i=1") + "\r", ErrMalformed},
	{pbkdf2Of("1") + "\n", ErrMalformed},
	{strings.TrimSuffix(pbkdf2Of("i=1"), "4") + "5", ErrMalformed}, // a bit that means nothing
	{strings.TrimSuffix(pbkdf2Of("1"), "4") + "5", ErrMalformed},
	{strings.Replace(pbkdf2Of("i=1"), "/", ".", 1), ErrMalformed}, // passlib's base64 in a PHC string
	{strings.Replace(pbkdf2Of("1"), "/", "+", 1), ErrMalformed},   // and the other way round
	{pbkdf2Of("i=0"), ErrMalformed},
	{pbkdf2Of("0"), ErrMalformed},
	{pbkdf2Of("01"), ErrMalformed},
	{pbkdf2Of("i=01"), ErrMalformed},
	{pbkdf2Of("+1"), ErrMalformed},
	{pbkdf2Of("-1"), ErrMalformed},
	{pbkdf2Of("1e3"), ErrMalformed},
	{pbkdf2Of("1_000"), ErrMalformed},
	{pbkdf2Of(""), ErrMalformed},
	{pbkdf2Of("i="), ErrMalformed},
	{pbkdf2Of("c=1"), ErrMalformed},
	{pbkdf2Of("l=32,i=1"), ErrMalformed},
	{pbkdf2Of("i=1,l=31"), ErrMalformed},
	{pbkdf2Of("i=1,l=032"), ErrMalformed},
	{pbkdf2Of("1,l=32"), ErrMalformed},
	{pbkdf2Of("i=4294967296"), ErrMalformed},
	{pbkdf2Of("99999999999999999999999999"), ErrMalformed},
	{"$pbkdf2-sha256$1$" + strings.Repeat("A", 87) + "$" + storedSum, ErrMalformed},
	{"$pbkdf2-sha256$1$" + storedSalt + "$" + strings.Repeat("A", 20), ErrMalformed},
	{"$pbkdf2-sha256$1$" + storedSalt + "$" + strings.Repeat("A", 87), ErrMalformed},
	{"$pbkdf2-sha512$" + strings.Repeat("1", 10<<20), ErrMalformed},

	{pbkdf2Of("i=5000001"), ErrTooCostly},
	{pbkdf2Of("5000001"), ErrTooCostly},
	{pbkdf2Of("i=4294967295,l=32"), ErrTooCostly},
	{"$pbkdf2$16777216$c2FsdA$7v49Yc1NpOTplFs9a6IVjCY06YQ", ErrTooCostly},        // the largest of RFC 6070
	{"$pbkdf2-sha256$i=2500001$c2FsdA$" + strings.Repeat("A", 44), ErrTooCostly}, // of two blocks
	{"$pbkdf2$i=1250001$c2FsdA$" + strings.Repeat("A", 86), ErrTooCostly},        // of four
}
