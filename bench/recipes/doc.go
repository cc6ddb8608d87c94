// Package recipes is the code of docs/recipes.md that needs other routers. Its tests
// run it.
package recipes
