//go:build !race

package param_test

const raceSlack = 0
