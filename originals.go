package fsa

// originals are directives of FlaskSimpleAuth, and of our own plans, that a file can't
// set here, with why and what to do instead. One that is among [directives] is not
// looked for here: this list says what a migrated configuration stops at.
var originals = map[string]struct{ problem, remedy string }{
	"FSA_AUTHENTICATION":    {isHook, "register a scheme by app.Authentication"},
	"FSA_GET_USER_PASS":     {isHook, "register the hook by app.UserPass"},
	"FSA_GROUP_CHECK":       {isHook, "register the hooks by app.GroupCheck"},
	"FSA_OBJECT_PERMS":      {isHook, "register the hooks by fsa.ObjectPerms"},
	"FSA_PASSWORD_CHECK":    {isHook, "register the hook by app.PasswordCheck"},
	"FSA_PASSWORD_QUALITY":  {isHook, "register the hook by app.PasswordQuality"},
	"FSA_USER_IN_GROUP":     {isHook, "register the hook by app.UserInGroup"},
	"FSA_AFTER_REQUEST":     {isHook, "register the hook by app.AfterRequest"},
	"FSA_BEFORE_EXEC":       {isHook, "register the hook by app.BeforeExec"},
	"FSA_BEFORE_REQUEST":    {isHook, "register the hook by app.BeforeRequest"},
	"FSA_CAST":              {isHook, "register the functions by fsa.Cast"},
	"FSA_JSON_CONVERTER":    {isHook, "register the converters by fsa.JSONConverter"},
	"FSA_PATH_CHECK":        {isHook, "register the hook by app.PathCheck"},
	"FSA_SPECIAL_PARAMETER": {isHook, "register the functions by fsa.Special or fsa.SpecialWithRelease"},

	"FSA_ALLOW_DEPRECATION": {isGone, ""},
	"FSA_LOCAL":             {isGone, "remove it: the state of a request is its own"},

	"FSA_CACHED_OPTS":  {isLater, "set the time to live by FSA_CACHE_OPTS"},
	"FSA_CACHE_PREFIX": {isLater, "remove it: no cache is shared"},
}

const (
	isHook  = "is a hook, which code sets, not a file"
	isGone  = "has no meaning here"
	isLater = "is not supported yet"
)

// unknown gives the fault of a directive that nobody has a use for.
func (o other) unknown() *ConfigError {
	e := &ConfigError{Directive: o.name, Source: o.source, Problem: "unknown directive", Remedy: "remove it, or declare it by app.Directive"}
	if known, ok := originals[o.name]; ok {
		e.Problem, e.Remedy = known.problem, known.remedy
		if e.Remedy == "" {
			e.Remedy = "remove it"
		}
	} else if near := nearest(o.name); near != "" {
		e.Remedy = "did you mean " + near + "?"
	}
	return e
}
