// Package locale gives the window library a language that it can read before that library looks for one.
//
// Fyne reads LC_ALL, LC_MESSAGES and LANG while the program's packages are initialized and complains on the standard
// error about "C.UTF-8", the usual setting of a machine without a desktop. This package is initialized first: packages
// begin in the order of their import paths as soon as what they import has begun (Go specification, "Package
// initialization"), this one imports nothing but syscall, and Fyne needs packages that come later in the alphabet.
//
// It promises to import nothing but syscall, to change a setting only where it names no language, and to do nothing
// else. The till's own texts do not depend on it.
package locale

import "syscall"

// substitute is a language that every part of the window library knows; none of its own words are shown.
const substitute = "en_US.UTF-8"

func init() {
	for _, name := range [...]string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value, _ := syscall.Getenv(name)
		if value == "" {
			continue
		}
		if nameless(value) {
			_ = syscall.Setenv(name, substitute) //nolint:errcheck // without it there is a complaint, no harm
		}
		return // the first that is set decides
	}
}

// nameless says whether a locale names no language: C or POSIX, with an encoding or without.
func nameless(value string) bool {
	for _, plain := range [...]string{"C", "POSIX"} {
		if value == plain || len(value) > len(plain) && value[:len(plain)+1] == plain+"." {
			return true
		}
	}
	return false
}
