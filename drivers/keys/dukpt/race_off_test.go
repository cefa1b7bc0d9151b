//go:build !race

package dukpt

const raced = false
