package fsa

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The media types of files by their extensions. The system's table is not asked:
// what a server says of a file must not depend on where it runs.
var (
	// passiveTypes are of what a browser shows or plays, and never runs.
	passiveTypes = map[string]string{
		".avif": "image/avif", ".bmp": "image/bmp", ".gif": "image/gif", ".ico": "image/vnd.microsoft.icon", ".jpeg": "image/jpeg",
		".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
		".aac": "audio/aac", ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp3": "audio/mpeg", ".oga": "audio/ogg", ".ogg": "audio/ogg",
		".opus": "audio/ogg", ".wav": "audio/wav", ".weba": "audio/webm",
		".mp4": "video/mp4", ".mpeg": "video/mpeg", ".ogv": "video/ogg", ".webm": "video/webm",
		".otf": "font/otf", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2",
		".csv": "text/csv; charset=utf-8", ".md": "text/markdown; charset=utf-8", ".txt": "text/plain; charset=utf-8",
		".json": "application/json", ".gz": "application/gzip", ".zip": "application/zip",
	}

	// activeTypes are of what may hold or be a program, or style one.
	activeTypes = map[string]string{
		".css": "text/css; charset=utf-8", ".htm": htmlType, ".html": htmlType, ".js": "text/javascript; charset=utf-8",
		".map": "application/json", ".mjs": "text/javascript; charset=utf-8", ".pdf": "application/pdf", ".svg": "image/svg+xml",
		".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".xml": "text/xml; charset=utf-8",
	}
)

// typeOf gives the media type of a file by its name. active says that it may be
// one that a browser runs.
func typeOf(name string, active bool) string {
	extension := strings.ToLower(path.Ext(name))
	if t := passiveTypes[extension]; t != "" {
		return t
	}
	if t := activeTypes[extension]; t != "" && active {
		return t
	}
	return octets
}

// maxName is the size in bytes of the longest name that a file is given; file
// systems take 255.
const maxName = 200

// baseName gives a file's name as it may be shown to a browser: what is behind the
// last slash or backslash, printable, without dots in front. It may be empty.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1 // line breaks, marks that turn the direction of text
		}
		return r
	}, name)
	name = strings.TrimRight(strings.TrimLeft(name, ". "), ". ")
	if len(name) > maxName {
		extension := path.Ext(name)
		if len(extension) > 16 {
			extension = ""
		}
		cut := maxName - len(extension)
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		name = name[:cut] + extension
	}
	return name
}

// attachment gives a Content-Disposition that lets a browser store a file under a
// name (RFC 6266). The name is there twice: in ASCII, for old clients, and in
// UTF-8 (RFC 8187), which those that know it prefer. The first has none of the
// characters that clients are known to read in several ways (RFC 6266, appendix D).
func attachment(name string) string {
	if name = baseName(name); name == "" {
		return "attachment"
	}
	ascii := strings.Map(func(r rune) rune {
		if r >= 0x7f || r == '"' || r == '%' || r == ';' {
			return '_'
		}
		return r
	}, name)
	value := `attachment; filename="` + ascii + `"`
	if ascii != name {
		value += "; filename*=UTF-8''" + extValue(name)
	}
	return value
}

// extValue escapes all but attr-char (RFC 8187, 3.2.1).
func extValue(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}
