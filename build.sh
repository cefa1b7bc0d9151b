#!/usr/bin/env bash
# Tillkeeper's one door: run | build | test | bench | torture | package.
# It installs what a fresh Debian 12 machine lacks and says what.
set -euo pipefail
cd "$(dirname "$0")"

TAGS=no_emoji,migrated_fynedo
GO_WANTED=1.26
export GOFLAGS="-tags=$TAGS -trimpath -buildvcs=false"
export GOWORK=off CGO_ENABLED=1 # whatever stands around this folder or is set for others
BIN=.bin
RUN=.run
case "${LANG:-C}" in C | POSIX | C.*) export LANG=zh_CN.UTF-8 ;; esac # the window library wants a language
# A job or a container may have no home, or one that cannot be written.
[ -n "${HOME:-}" ] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6) || true
[ -w "${HOME:-/none}" ] || { HOME=$PWD/$BIN/home && mkdir -p "$HOME"; }
export HOME

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# --- what the machine has to have -------------------------------------------
BUILD_PACKAGES="gcc libc6-dev pkg-config libgl1-mesa-dev xorg-dev libxkbcommon-dev ca-certificates curl git"
SHOW_PACKAGES="libgl1-mesa-dri"
TEST_PACKAGES="e2fsprogs mount xvfb xdotool imagemagick x11-utils strace zbar-tools pcscd vsmartcard-vpcd opensc libnfc-bin udev util-linux dbus polkitd xkb-data tzdata"

install_packages() {
	local missing=() p
	for p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	command -v apt-get >/dev/null || die "these Debian packages are missing, install them by hand: ${missing[*]}"
	local as=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "as root, please: apt-get install ${missing[*]}"
		as=(sudo)
	fi
	say "installing ${missing[*]}"
	as+=(env LC_ALL=C DEBIAN_FRONTEND=noninteractive)
	# A machine that has just been started updates itself: both wait for that, the
	# second by itself. A list that does not come may be of a source that is not
	# needed here: whether the packages can be had is seen right after.
	local said waits
	for waits in {1..30}; do
		said=$("${as[@]}" apt-get update -qq 2>&1) && break
		[[ $said == *"Could not get lock"* ]] || { printf '%s\n' "$said" >&2; break; }
		sleep 10
	done
	"${as[@]}" apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null ||
		die "apt-get could not install: ${missing[*]}"
}

# A Go from 1.21 on fetches the toolchain that go.mod names by itself. Where
# there is none (Debian 12 has 1.19), one comes from Go's proxy; its checksums
# were compared with Go's own log of them (sum.golang.org).
GO_FETCHED=1.26.8
GO_SUM_amd64=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
GO_SUM_arm64=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99
need_go() {
	[ -x /usr/local/go/bin/go ] && PATH="/usr/local/go/bin:$PATH"
	[ -x "$PWD/$BIN/go/bin/go" ] && PATH="$PWD/$BIN/go/bin:$PATH"
	PATH="$PATH:$HOME/go/bin"
	export GOTOOLCHAIN="${GOTOOLCHAIN:-auto}"
	local have=0
	command -v go >/dev/null && have=$(go version | sed 's/^go version go//; s/ .*//') # of the toolchain that it fetched, where it did
	[ "$(printf '%s\n' "$GO_WANTED" "$have" | sort -V | head -1)" = "$GO_WANTED" ] && return 0
	install_packages ca-certificates curl unzip
	local arch name sum
	arch=$(dpkg --print-architecture)
	sum=GO_SUM_$arch
	[ -n "${!sum:-}" ] || die "install Go $GO_WANTED by hand: no checksum of it for $arch is known here"
	name="v0.0.1-go$GO_FETCHED.linux-$arch"
	say "fetching Go $GO_FETCHED into $BIN/go"
	mkdir -p "$BIN"
	curl -fsSL -o "$BIN/go.zip" "https://proxy.golang.org/golang.org/toolchain/@v/$name.zip" ||
		die "Go $GO_FETCHED could not be fetched; install Go $GO_WANTED by hand"
	echo "${!sum}  $BIN/go.zip" | sha256sum --check --quiet || die "what was fetched is not Go $GO_FETCHED"
	rm -rf "$BIN/go" "$BIN/fetched"
	unzip -q "$BIN/go.zip" -d "$BIN/fetched"
	mv "$BIN/fetched/golang.org/toolchain@$name" "$BIN/go"
	rm -rf "$BIN/go.zip" "$BIN/fetched"
	chmod -R u+x "$BIN/go/bin" "$BIN/go/pkg/tool"
	PATH="$PWD/$BIN/go/bin:$PATH"
}

# npm fetches the program that takes our printer's bytes apart.
need_npm() { command -v npm >/dev/null || install_packages nodejs npm; }

build() {
	install_packages $BUILD_PACKAGES
	need_go
	mkdir -p "$BIN"
	say "building $BIN/tillkeeper (the first time takes some minutes, then seconds)"
	go build -ldflags='-s -w' -o "$BIN/tillkeeper" .
}

# --- run ---------------------------------------------------------------------
run() {
	build
	install_packages $SHOW_PACKAGES
	if [ -n "${DISPLAY:-}" ]; then
		say "opening the demo shop (data in $RUN/shop; staff 1001, 2001 and 9001, PIN 135790)"
		exec "$BIN/tillkeeper" window --demo --data "$RUN/shop" "$@"
	fi
	say "no display: playing the demo day through the scripted face"
	rm -rf "$RUN/day"
	exec "$BIN/tillkeeper" day --data "$RUN/day" "$@"
}

# --- test --------------------------------------------------------------------
tool() { # tool NAME PACKAGE@VERSION: this version and no other, which may be of another mind
	local at
	PATH="$PWD/$BIN:$PATH"
	at=$(command -v "$1") && [[ $(go version -m "$at" | sed -n 's/^\tmod\t//p') == *$'\t'"${2#*@}"$'\t'* ]] && return 0
	say "installing $1"
	GOBIN="$PWD/$BIN" go install "$2"
}

no_fyne() { go list ./... | grep -v -e '^tillkeeper$' -e '^tillkeeper/app/gui'; }
with_fyne() { go list ./... | grep -e '^tillkeeper$' -e '^tillkeeper/app/gui'; }

test_all() {
	install_packages $BUILD_PACKAGES $TEST_PACKAGES
	need_npm
	need_go
	tool gofumpt mvdan.cc/gofumpt@v0.9.1
	tool staticcheck honnef.co/go/tools/cmd/staticcheck@v0.8.2
	say "gofumpt"
	local bad
	bad=$(find . -name '.?*' -prune -o -name '*.go' -print0 | xargs -0 gofumpt -l)
	[ -z "$bad" ] || die "not gofumpt-clean: $bad"
	say "vet and staticcheck"
	go vet ./...
	staticcheck -tags "$TAGS" ./...
	local loud hour
	hour=$(date -u +%H)
	TZ="Etc/GMT$(printf '%+d' $((10#$hour - 12)))" # it is noon: no shop's day ends while the tests run
	export TZ
	loud=$(mktemp)
	export TILLKEEPER_LOUD="$loud" # what had to be left out here is written to it
	say "tests without the window, with the race detector"
	go test -race -shuffle=on -timeout 40m $(no_fyne)
	say "the histories once more, without it: 20,000 of each kind"
	go test -shuffle=on -timeout 40m ./app/forward
	if [ -n "$(with_fyne)" ]; then
		say "the window, under Xvfb"
		go test -shuffle=on -timeout 40m $(with_fyne)
	fi
	[ ! -s "$loud" ] || { say "left out on this machine:"; sort -u "$loud"; }
	rm -f "$loud"
	say "all green"
}

# --- package -----------------------------------------------------------------
# A release: the binary, the manual, the rules for devices, the licences, the
# list of modules, and their checksums.
package() {
	build
	local v out
	v=$("$BIN/tillkeeper" version | cut -d' ' -f2)
	out="dist/tillkeeper-$v-linux-$(go env GOARCH)"
	rm -rf "$out" && mkdir -p "$out"
	cp -r "$BIN/tillkeeper" LICENSE README.md docs "$out/"
	cp assets/fonts/OFL.txt "$out/OFL-fonts.txt"
	cp assets/system/*.rules "$out/"
	go version -m "$BIN/tillkeeper" >"$out/MODULES.txt"
	(cd "$out" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
	tar --sort=name --mtime=@0 --owner=0 --group=0 -C dist -cf - "$(basename "$out")" | gzip -n >"$out.tar.gz"
	say "$out.tar.gz $(sha256sum "$out.tar.gz" | cut -c1-16)"
	say "how to install it: docs/MANUAL.md, \"Installing\""
}

# --- torture -----------------------------------------------------------------
# The kill loops and power cuts for TILLKEEPER_ROUNDS rounds, TILLKEEPER_HISTORIES
# histories of each kind, and every decoder fuzzed for TILLKEEPER_FUZZ. Whatever
# the tests say is kept in .bin/torture.log; a failed history ends with its story.
torture() {
	install_packages $BUILD_PACKAGES $TEST_PACKAGES
	need_npm
	need_go
	export TILLKEEPER_ROUNDS="${TILLKEEPER_ROUNDS:-1000}"
	local histories="${TILLKEEPER_HISTORIES:-1000000}" fuzz="${TILLKEEPER_FUZZ:-30s}" log="$PWD/$BIN/torture.log" pkg target
	mkdir -p "$BIN"
	: >"$log"
	say "kill -9, a bad line and power cuts, $TILLKEEPER_ROUNDS rounds"
	hurt "$log" -count=1 -p 1 -timeout 6h ./app/headless/blackbox/... ./store
	say "histories, $histories of each kind"
	hurt "$log" -count=1 -p 1 -timeout 6h ./app/forward ./app/checkout -rapid.checks="$histories"
	for pkg in $(no_fyne); do
		for target in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
			say "$target of $pkg, $fuzz"
			hurt "$log" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzz" "$pkg"
		done
	done
	say "all of it held; what was counted: $log"
}

# hurt LOG ARGS: go test, told whole in the log and in short here; where it
# fails, whole here too. A fuzzer whose only complaint is that its time was over
# found nothing: Go takes its own deadline for a failure now and then, see
# go.dev/issue/75804.
hurt() {
	local log=$1 from said
	shift
	from=$(stat -c %s "$log")
	if ! go test -v "$@" >>"$log" 2>&1; then
		said=$(tail -c "+$((from + 1))" "$log")
		if [[ $said != *$'\n    context deadline exceeded\n'* || $said == *"Failing input"* || $said == *testdata/fuzz* ]]; then
			printf '%s\n' "$said"
			die "this failed: go test $*"
		fi
		say "its time was over; nothing was found"
	fi
	tail -c "+$((from + 1))" "$log" | awk '/^fuzz: elapsed/ { last = $0; next } /^ok/ { if (last) print last; last = ""; print } END { if (last) print last }'
}

# --- bench -------------------------------------------------------------------
BENCH_PACKAGES="strace sqlite3 chromium xvfb xdotool pcscd vsmartcard-vpcd opensc"

# bench measures the built program, prints one table and keeps it in
# docs/BENCHMARKS.md. TILLKEEPER_FIGURES_ONLY=word measures that part alone.
bench() {
	build
	install_packages $SHOW_PACKAGES $BENCH_PACKAGES
	local out=docs/BENCHMARKS.md
	[ -z "${TILLKEEPER_FIGURES_ONLY:-}" ] || out=$BIN/figures.md
	say "measuring: some minutes; the machine should have nothing else to do"
	TILLKEEPER_FIGURES=1 TILLKEEPER_BIN="$PWD/$BIN/tillkeeper" TILLKEEPER_FIGURES_OUT="$PWD/$out" \
		go test -count=1 -timeout 30m -run '^TestFigures$' -v ./app/headless/figures
	say "kept in $out"
}

case "${1:-}" in
build) build ;;
run) shift; run "$@" ;;
test) test_all ;;
bench) bench ;;
package) package ;;
torture) torture ;;
*) die "usage: ./build.sh build | run | test | bench | torture | package" ;;
esac
