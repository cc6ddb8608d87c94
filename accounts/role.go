package accounts

// Role is a group of users, with permissions that all of them have:
// authz.Group("Writer") asks for the role, authz.Permission("entry:edit") for a
// permission of any of the user's roles.
type Role struct {
	Name        string // as authz.Group names it; case counts
	Description string
	Permissions []string // sorted, without repetitions
}
