package legacyhash_test

// The password of all vectors that do not say another.
const (
	pass      = "hobbes and calvin"
	sha512Own = "$6$rounds=1000$snowman$r8FvVhcC0SvlTBfAlo77.6oD4uximh5/IAZOBh/Dzagio/4SDFcOFYD4lwtVPGmud44jHt24U3qMh6eR/ff/71"
)

// vectors are hashes that other programs have made: Debian 12 unless said.
var vectors = []struct{ scheme, source, pass, hash string }{
	{"sha256-crypt", "passlib 1.7.4", pass, "$5$rounds=1000$snowman$118AdIZIFlS.huDU8Q7dUM/YVNFvQUXO5HaxmM0qWg1"},
	{"sha256-crypt", "mkpasswd of whois 5.5", pass, "$5$snowmansnow$qOYFziX.rMKjfaukdRXDHOxHsfM47WemlWfB4XqDr56"},
	{"sha512-crypt", "htpasswd -5 of Apache 2.4", pass, "$6$UBBcagl8lLujHzbt$ctbAKmZmsBtE9VX7n9b.0JBvLA6mbQiGbhdDeiqRkTIJhvNjAszETf/ZjfOgqi6rWQrkDyMT6U3ACXOvrUitT0"},
	{"sha256-crypt", "htpasswd -2 of Apache 2.4", "x", "$5$fHCyHPbixhJzTZEY$.0DXh/zi2qTxTDLg02G/3nMNZM3PBl6i1PPdiJSelAB"},
	{"sha256-crypt", "the first test of SHA-crypt.txt, as openssl passwd has it", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"sha512-crypt", "the first test of SHA-crypt.txt, as openssl passwd has it", "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"sha512-crypt", "passlib 1.7.4", pass, sha512Own},
	{"sha512-crypt", "openssl passwd -6", pass, "$6$snowman$TtHhhozSoD6J1Ol19vT0ucktgqd3efo2NOywiNJAbhZBrgd2fCmAjajNQ1Vu0D4SOlg2rUjPqSvs89TY.w0Fv0"},
	{"sha512-crypt", "mkpasswd of whois 5.5", pass, "$6$rounds=1000$snowmansnow$Qd5KeBdvu3uYsfoNrDLqCFeFDC1tcjlhjVTmX.oYhn4P1t91QaFA6s933mUYVxEVHAnDKRV1VNr3Jx/yks2Xn0"},
	{"sha1-crypt", "passlib 1.7.4", pass, "$sha1$1000$snowman$QsT6QPJhjH/4C5.zd8WmJ/IiVsC."},
	{"bcrypt-sha256", "passlib 1.7.4, version 2", pass, "$bcrypt-sha256$v=2,t=2b,r=4$7wINT62DdIEZEt19gDwaCO$gZVfc96QizJcAj/vsy.nfmwkmuCLfPq"},
	{"bcrypt-sha256", "passlib 1.7.4, version 1", pass, "$bcrypt-sha256$2b,4$T4fhecQPTrlvsE20ooHHwu$.hhDHSZDV91wwagQykJjMvmAlqg9GGm"},
	{"django", "Django 3.2", pass, "pbkdf2_sha256$1000$snowman$jyRh3ZC5xo3Y7QJjy9X4ASozms7Dr9uMTWuVrVGnhMo="},
	{"django", "Django 3.2", pass, "pbkdf2_sha1$1000$snowman$LdqMkWo+2yYRo2Oz6VlS93jkcsM="},
	{"django", "Django 3.2", pass, "bcrypt$$2b$04$Fd4q38mWSAdnif/73pFKVOEIGAPJ/yO2.ZN88.6TqviUSniUubzg."},
	{"django", "Django 3.2", pass, "bcrypt_sha256$$2b$04$mjaynELqXZEcCMZyJOolgeSUQFVHMXLA5jg2H8GaNEkkW7f7/Qob2"},
	{"django", "Django 3.2", pass, "argon2$argon2id$v=19$m=64,t=1,p=1$c25vd21hbnNub3c$fgBpkeTnz+uvnkRI/fNAnw"},
	{"django", "Django 4.0's test of scrypt", "lètmein", "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw=="},
	{"werkzeug", "Werkzeug 2.2", pass, "pbkdf2:sha256:1000$nIjobNsABNhhr7iN$a8bb9f57a8aa1f10b4aa6947b4aa2680318252c02ab98b2f28709447f1558c60"},
	{"werkzeug", "Werkzeug 2.2", pass, "pbkdf2:sha512:1000$UK9lAM6wkvTUaaTz$b608c65db60903ce3b92cfb1b8bf78b235ed91a148152a4591659ec8951aef87417294db041b0cd572df6af56227d9a8740d693c14907140746504fd4e4e99a0"},
	{"werkzeug", "Werkzeug 2.2", pass, "pbkdf2:sha1:1000$6Cq9x988OyDQt8w3$bca569eccf6b19384d5d40f145cf1860be1af6f3"},
	{"werkzeug", "Python's hashlib, in Werkzeug's form", pass, "scrypt:1024:8:1$snowmansnow$b712e82cffc35e554f94b07ba4701017f1c120fd3f19b8e7166135fe402f32a1dc7e99fa78b0ba7944c253c97bc030876954acfbab3536419816e2b19f2d307c"},
	{"ldap-pbkdf2", "passlib 1.7.4", pass, "{PBKDF2}1000$n7NWilHqvfc.B2Cs1Xrv/Q$89cdj08Q8jpdLlbHilwBELeIFF4"},
	{"ldap-pbkdf2", "passlib 1.7.4", pass, "{PBKDF2-SHA256}1000$ECKkFOK81xqjtFZKKQWgVA$ulTwl66xvNpIGQILEFvNOjENhB4D.pq5MvpgkwQ00dU"},
	{"ldap-pbkdf2", "passlib 1.7.4", pass, "{PBKDF2-SHA512}1000$CcGYM.ZcixEiJCREKGVMKQ$sgbTsDT4lyz.bQ0BmGVg7JWL4VghaUAX6ZYC03VuSOc2ao/6ep.ZFRP2aJVZJM7JUtOktL32avQ/XyraV82EyA"},
	{"ldap-crypt", "passlib 1.7.4", pass, "{CRYPT}$6$rounds=1000$t3m52C22OLbNkarc$T/YvyllUMrh5XLrvlbo7zkWpxZkYOyoNiBOU3NaFdbvwjbeRcdnbL0ogarGyvXgkJJENuNavoMeHGVTRIFpW61"},
	{"ldap-crypt", "passlib 1.7.4", pass, "{CRYPT}$2b$04$yFvMoC91a1ZeqeZJKm.9juhZBy/JmFm.TmZMM2f3pNtGoV4dbYbv."},
	{"scrypt-file", "Python's scrypt module, in base64", pass, "c2NyeXB0AAwAAAAIAAAAAVhMrO7JGRODncSLEKICP7GsquaB+/PVyWls6xCUHVH/rb2uOSzw98F71wuIbPZ7P+MedS0wtqYN+xCjbBvkyRWyyYmX8UIMgsyBjZIEDrLZe26nJDi8z1Ru3GI8Y8Ne0Jg6jhwYhBl5mn7XsTzJxLPI1wmpo88WN10hAInypxH0"},
	{"scrypt-file", "Python's scrypt module, in Ascii85", pass, "F(969E-)'g!!!!)!!!!\"=A5gaaVbbES]$EtU&mQaXK(E6qt&@[Bl*)HPT<X$XhCkt/F`DMHe/X]D\"`3?iuW=p0Xdhfq[fN=)s#*UZH7rinNmY9b^kb:\":h`jHZ#`,35!R:DVS\\`A&DX\"Qo^6I(k`cPRXWkn4NYOJaO^`tUX']7>p03)nu!)l"},
	{"scrypt-file", "the scrypt utility 1.3.1", pass, "c2NyeXB0AAoAAAAIAAAAAUNJY1P0nRVBlc/CWxqdHHGH/w0alsTNu8HDUfL0tIPDjqk68Cp0iMelhETQb9mlCyme3z+1ENZRLVsNvTdwHHVFyA4QYTRC3n18wLBfRRpSVyCBpbePcPrbLXkBhj5dlxiaP6g2PXu0xkx9b6hAd2LR"},
	{"insecure-md5-crypt", "passlib 1.7.4", pass, "$1$snowman$8jAtAp5ODMTFyxa60vKyn0"},
	{"insecure-md5-crypt", "openssl passwd -1", pass, "$1$snowmans$VrwDRC3xFYL7QaQIz2ys3."},
	{"insecure-md5-crypt", "openssl passwd -apr1", pass, "$apr1$snowmans$kkFQshBfYGYzb1KfZxMdM."},
	{"insecure-md5-crypt", "htpasswd -m of Apache 2.4", pass, "$apr1$0Hbn30v3$4b4cQca9DOOvXMBp5P/QV1"},
	{"insecure-ssha", "slappasswd of OpenLDAP 2.5", pass, "{SSHA}aQ0dONR87x8pNye1C9+b8Xxr3tsDTQ5z"},
	{"insecure-ssha", "slappasswd of OpenLDAP 2.5", pass, "{SSHA256}iZBe69VGJiREnhS21XkT9liX6DM/ltqfTbw5dbPEHAG2Y4ewnkMlJw=="},
	{"insecure-ssha", "slappasswd of OpenLDAP 2.5", pass, "{SSHA512}9D6m74dxV93wfbblutxsdonc3UT3T6hoRMLEkaaoX6O0FeVCTaOnavDodIlrebXGe6lEBVWri/FbdbLY8eOGZ0i/p0RNcXIW"},
	{"insecure-sha", "htpasswd -s of Apache 2.4", pass, "{SHA}EkEyGdkhtPiRI0YMfiYRqrny3/c="},
	{"insecure-plaintext", "", pass, pass},
	{"insecure-a85", "Python's base64", pass, "BQ%?hATJu&DIal\"@;L+$D?"},
	{"insecure-b64", "Python's base64", pass, "aG9iYmVzIGFuZCBjYWx2aW4="},
}
