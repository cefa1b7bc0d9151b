// Package assets holds the files that travel inside the program. It promises
// that FS is read-only and complete without a network: nothing here is fetched
// or written at run time, and the package imports nothing of ours.
//
// Layout: fonts (Noto Sans SC: Regular cut to GBK, Bold cut to GB 2312, and the
// licence), icons (24 x 24 SVG, one filled path), profiles (host profiles as
// JSON), demo (the demo shop: goods, tiles, staff, cards, accounts), codes (the
// host's answer codes and the till's own reasons), texts (sentences of the
// faces), sounds (mono WAV), system (rules for udev and polkit that a package
// installs). Money in the files is yuan with two decimals in
// CSV and whole fen in JSON.
package assets

import (
	"embed"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FS holds every file, under the folder names of the package comment.
var FS = files{embedded}

//go:embed all:fonts all:icons all:profiles all:demo all:codes all:texts all:sounds all:system
var embedded embed.FS

// The faces once more; the linker keeps equal files once.
var (
	//go:embed fonts/NotoSansSC-Regular.ttf
	regular string
	//go:embed fonts/NotoSansSC-Bold.ttf
	bold string
)

// files is the embedded tree, whose faces are read where they lie: they are ten megabytes, and whoever reads one keeps it.
type files struct{ embed.FS }

// Rest says that the faces will not be read for a while, so that the system need not hold their pages for this program.
// Whoever does read one gets it from the file again.
func (files) Rest() {
	for _, f := range []string{regular, bold} {
		first := -uintptr(unsafe.Pointer(unsafe.StringData(f))) % uintptr(unix.Getpagesize())
		pages := unsafe.Slice(unsafe.StringData(f), len(f))[first:]
		_ = unix.Madvise(pages, unix.MADV_DONTNEED) //nolint:errcheck // then they stay
	}
}

// ReadFile gives a file; a face may not be written to, which would end the program.
func (f files) ReadFile(name string) ([]byte, error) {
	switch name {
	case "fonts/NotoSansSC-Regular.ttf":
		return unsafe.Slice(unsafe.StringData(regular), len(regular)), nil
	case "fonts/NotoSansSC-Bold.ttf":
		return unsafe.Slice(unsafe.StringData(bold), len(bold)), nil
	}
	return f.FS.ReadFile(name)
}
