// Package param fills the fields of a struct from the parameters of a request.
//
// [Compile] looks at a struct type once and makes a [Binder], which knows for
// each exported field where its value may come from, how it is converted, and
// what happens when it is missing. A [Source] reads the parameters of one
// request: the path, the query, and a form or JSON body, on any method.
// [Binder.Bind] brings the two together.
//
// One exported field is one parameter. Its name is that of its param tag, else
// of its json tag, else the field's name in lower snake case (UserID is
// user_id). Fields of embedded structs count as the struct's own. The tag
// param:"-" skips a field, and so does json:"-" where there is no param tag: what
// a type keeps from its clients in JSON, it keeps from them in a query too.
//
// A parameter is mandatory unless its field is a pointer, has a default tag or
// says param:"name,optional".
//
//	type in struct {
//		SID   int                                   // path parameter of /store/{sid}
//		Name  string                                // mandatory
//		Limit int        `default:"10"`             // 10 if absent
//		Since *time.Time                            // nil if absent
//		Note  string     `param:"note,optional"`    // "" if absent
//		Agent Header     `param:"user_agent"`       // the header field User-Agent
//		Rank  int        `minimum:"1" maximum:"9"`  // within limits
//	}
//
// All faults of a request are reported together, each with its parameter's
// name. Nothing is guessed: a parameter that comes from two places, a scalar
// that is given twice, an unknown parameter, a JSON value of another type, are
// all faults. Nor can a client set what the framework sets: special parameters,
// [Header] and [Cookie] are fields of their own, never parts of another value. What
// stands in a cookie, or in a header field for credentials, is never shown.
//
// Work and memory are in proportion to what a request may send: a query, a form
// or the JSON object that is a body has 1,000 parameters at most, JSON is nested 64
// levels at most, a multipart form has ten files at most, and the values of a
// request take at most four times the bytes that its body may have (256 KiB if
// that is more). A JSON text that asks for more (a list of {} for a list of large
// structs) is refused. A route that must take much more than it reads, such as
// large texts into [JSON], needs a larger limit of its body.
//
// # Sources
//
// A parameter in the path is there and nowhere else. Any other comes from the
// query, a form (application/x-www-form-urlencoded or multipart/form-data) or the
// properties of a JSON object, whichever has it, unless the tag in says where
// alone it may come from:
//
//	Page    int      `in:"query"`                       // elsewhere, it is unexpected
//	Comment string   `in:"form"`
//	Comment string   `in:"json"`
//	SID     int      `in:"path"`                        // says what is so; a fault if it is not
//	Count   int      `in:"header" param:"X-Count"`      // also param:"x_count"
//	Theme   string   `in:"cookie" default:"light"`
//	Order   Order    `in:"body"`                        // the JSON value that is the body
//	Image   []byte    `in:"body"`                       // the body as it comes, of whatever type
//	Image   io.Reader `in:"body"`                       // the same, to be read by the handler
//
// A map with the tag param:",rest" takes all parameters of query, form and JSON that
// no other field takes, by their names: map[string]string, map[string][]string,
// map[string]any (texts stay texts there) or one to any other type. The tag in may
// say of which of these three. Names have 100 bytes at most.
//
// Fields of embedded structs are flattened, also behind embedded pointers, which
// are always set. Two fields for one parameter are a fault.
//
// # Files
//
// A field of type *[File] takes a file of a multipart form, one of type []*[File]
// several; both are mandatory unless they say optional. A form with files is read as
// it comes. Its files take 1 MiB of memory at most, and what doesn't fit is in a
// temporary file until the request ends; all that is no file may have 1 MiB. The
// tags minLength and maxLength are about bytes, contentMediaType lists the types
// that the client may declare: contentMediaType:"image/png,image/*".
//
// # Constraints
//
// Tags named like the keywords of JSON Schema limit values. They are compiled once,
// and hold for parameters, for fields of structs inside JSON, behind pointers, and
// for types of the application's own:
//
//   - integers and floats: minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf.
//   - strings, and types whose JSON is a string: minLength and maxLength in Unicode code points, pattern (RE2, not anchored),
//     format: email, uuid, uri, date, date-time, time, ipv4, ipv6, hostname.
//   - lists: minItems, maxItems, uniqueItems. All other tags of a list are about its elements.
//   - single values: enum, as enum:"red,green", or as a JSON list if items hold commas.
//   - anything: format:"password", a secret that is never shown.
//
// A tag that can't be read, does not fit the type, leaves no value, or refuses the
// field's default is a fault when the type is compiled; so is one that looks like
// a constraint and is none, such as min or minlength.
//
// # Validate
//
// A type with the method Validate(context.Context) error looks at its own values,
// once they are converted and its tags have been checked: the types of parameters,
// of what is inside them, and of the input as a whole, which looks at itself last,
// when all its parameters are right and its special ones are set. Structs that are
// embedded look at themselves too, so that a method may be called twice. It may
// change the value, and should do nothing else.
//
// An error made by [httperr.Errorf] is for the client: one of status 400 is told
// with the other faults, one of another status is the answer. Of any other error
// the client reads only that the value is not valid; its text is for the log, and
// not even for that if the input has a secret. That a context is cancelled or
// expired is no fault of the parameters: that is the answer then.
//
// # Conversions
//
//   - bool: in HTTP, without case, "" 0 f false n no off are false, 1 t true y yes on are true; in JSON true and false.
//   - integers: 17, +5, 0x1f, 0o17, 0b101, 1_000; 017 is refused. In JSON without fraction or exponent.
//   - floats: as in Go; neither infinite nor NaN.
//   - string: valid UTF-8 without NUL.
//   - [time.Time]: RFC 3339, with or without zone (UTC then), a date alone, a time alone; [Date]; [time.Duration] as 1h30m.
//   - []byte and [N]byte: base64 with padding, without line breaks.
//   - a type with a cast ([CastOf]); else with UnmarshalText, or UnmarshalJSON.
//   - slices and arrays: the parameter repeated, or one JSON list; an array's with just as many elements.
//   - structs, maps: a JSON object, in HTTP as text.
//   - [JSON]: any JSON value, in HTTP as text.
//   - pointers to these; JSON null is a nil pointer. Elsewhere null is a fault, but for [JSON], any and json.RawMessage.
//
// A JSON string converts as the same HTTP text would, so "17" is an integer;
// nothing else crosses types. The fields of a struct inside a JSON value have
// the names of encoding/json, and are mandatory unless they are pointers, have
// a default, or say omitempty or omitzero.
package param

// JSON is a parameter that takes any JSON value, null too. Value is nil, a
// bool, a float64, a string, a []any or a map[string]any.
type JSON struct{ Value any }

// Header is a parameter that takes the value of a request's header field: the
// parameter user_agent is the field User-Agent.
type Header string

// Cookie is a parameter that takes the value of the cookie of its name.
type Cookie string
