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
//	}
//
// All faults of a request are reported together, each with its parameter's
// name. Nothing is guessed: a parameter that comes from two places, a scalar
// that is given twice, an unknown parameter, a JSON value of another type, are
// all faults. Nor can a client set what the framework sets: special parameters,
// [Header] and [Cookie] are fields of their own, never parts of another value.
//
// Work and memory are in proportion to what the request has sent. A JSON text
// that asks for much more memory than its length (a list of {} for a list of
// large structs) is refused.
//
// # Conversions
//
//   - bool: in HTTP, without case, "" 0 f false n no off are false, 1 t true y yes on are true; in JSON true and false.
//   - integers: 17, +5, 0x1f, 0o17, 0b101, 1_000; 017 is refused. In JSON without fraction or exponent.
//   - floats: as in Go; neither infinite nor NaN.
//   - string: valid UTF-8 without NUL.
//   - [time.Time]: RFC 3339, with or without zone (UTC then), a date alone, a time alone; [Date]; [time.Duration] as 1h30m.
//   - []byte: base64.
//   - a type with UnmarshalText, or UnmarshalJSON.
//   - slices: the parameter repeated, or one JSON list.
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
