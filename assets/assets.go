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

import "embed"

// FS holds every file, under the folder names of the package comment.
//
//go:embed all:fonts all:icons all:profiles all:demo all:codes all:texts all:sounds all:system
var FS embed.FS
