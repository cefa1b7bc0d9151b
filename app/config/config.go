// Package config reads a shop's settings: TOML with a default for every key.
// An unknown key, a wrong type and a value out of its limits are errors that
// name the key and what to write instead. Amounts are fen, durations are texts
// like "10s". It opens no file but the ones that its caller hands it as text.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"tillkeeper/app/pos"
)

// Duration is a length of time written like "10s" or "24h".
type Duration time.Duration

// UnmarshalText reads "10s".
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is no duration: write it like \"10s\" or \"24h\"", b)
	}
	*d = Duration(v)
	return nil
}

// Std is the standard library's form.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Config is the whole file.
type Config struct {
	Shop     Shop     `toml:"shop"`
	Terminal Terminal `toml:"terminal"`
	Host     Host     `toml:"host"`
	Keys     Keys     `toml:"keys"`
	Devices  Devices  `toml:"devices"`
	Wallet   Wallet   `toml:"wallet"`
	Offline  Offline  `toml:"offline"`
	Import   Import   `toml:"import"`
	Window   Window   `toml:"window"`
}

// Shop is what receipts and screens say.
type Shop struct {
	Name     string `toml:"name"`
	NameEN   string `toml:"name_en"`
	Address  string `toml:"address"`
	Phone    string `toml:"phone"`
	Tax      string `toml:"tax"`       // included added
	DayStart string `toml:"day_start"` // "00:00": when the business day begins
	TimeZone string `toml:"timezone"`  // Local, or a name of the IANA table
}

// Terminal is who the till is to the acquirer.
type Terminal struct {
	TID string `toml:"tid"` // DE 41, 8 characters
	MID string `toml:"mid"` // DE 42, 15 characters
	CA  string `toml:"ca"`  // file of the acquirer's CA public keys for chips, "" for none
}

// Host is the line to the acquirer.
type Host struct {
	Address        string   `toml:"address"`
	Profile        string   `toml:"profile"`
	Timeout        Duration `toml:"timeout"`
	ReversalRepeat Duration `toml:"reversal_repeat"`
	TLS            string   `toml:"tls"` // off mutual
	CA             string   `toml:"ca"`  // PEM files of mutual TLS: the host's authority, our certificate and its key
	Cert           string   `toml:"cert"`
	Key            string   `toml:"key"`
	Files          string   `toml:"files"`    // https address of the acquirer's daily files, "" for none
	FilesCA        string   `toml:"files_ca"` // PEM file of who signs its certificate, "" for the machine's list
}

// Keys says where keys live.
type Keys struct {
	Store string `toml:"store"` // demo passphrase
	TMK   string `toml:"tmk"`   // 32 hex digits, only with demo
}

// Wallet is the gateway of the QR wallets; "" switches QR off.
type Wallet struct {
	Gateway string `toml:"gateway"`
}

// Offline are the limits of payments without the host; amounts in fen.
type Offline struct {
	Approval    bool     `toml:"approval"`
	Deferred    bool     `toml:"deferred"`
	PerPayment  int64    `toml:"per_payment"`
	PerTerminal int64    `toml:"per_terminal"`
	Count       int      `toml:"count"`
	StopAfter   Duration `toml:"stop_after"`
	Blacklist   string   `toml:"blacklist"` // a file of card numbers that are never taken without the host
}

// Import names one's own files; relative paths are relative to the file.
type Import struct {
	Catalogue string `toml:"catalogue"`
	Staff     string `toml:"staff"`
	Deck      string `toml:"deck"`
}

// Window is how the window comes up.
type Window struct {
	Language string `toml:"language"` // zh-Hans en
	Theme    string `toml:"theme"`    // light dark
	Panel    string `toml:"panel"`    // "1366x768": size of the window; "full": the whole screen
}

// Size gives width and height of the window, and whether it fills the screen.
func (w Window) Size() (width, height int, full bool) {
	if w.Panel == "full" {
		return 0, 0, true
	}
	if _, err := fmt.Sscanf(w.Panel, "%dx%d", &width, &height); err != nil {
		return 0, 0, false
	}
	return width, height, false
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Shop:     Shop{Name: "和平路便利店", NameEN: "Heping Road Store", Tax: "included", DayStart: "00:00", TimeZone: Local},
		Terminal: Terminal{TID: "12345678", MID: "123456789012345"},
		Host: Host{
			Address: "127.0.0.1:8583", Profile: "cup", Timeout: Duration(10 * time.Second),
			ReversalRepeat: Duration(60 * time.Second), TLS: "off",
		},
		Keys:    Keys{Store: "demo", TMK: "0123456789ABCDEFFEDCBA9876543210"},
		Devices: Devices{Reader: "sim:", PINPad: "sim:", Printer: "sim:", QR: "sim:"},
		Wallet:  Wallet{Gateway: "sim:"},
		Offline: Offline{
			Approval: true, PerPayment: 50_000, PerTerminal: 500_000, Count: 50, StopAfter: Duration(24 * time.Hour),
		},
		Window: Window{Language: "zh-Hans", Theme: "light", Panel: "1366x768"},
	}
}

// Parsed is a configuration and the keys that its file named.
type Parsed struct {
	Config
	Named map[string]bool // "host.address"
}

// Parse reads the text of a file that lies in dir. host is the address that a flag gives, "" for none: it goes before the
// one of the file.
func Parse(text, dir, host string) (Parsed, error) {
	p := Parsed{Config: Default(), Named: map[string]bool{}}
	meta, err := toml.Decode(text, &p.Config)
	if err != nil {
		return p, bad("", "see the manual's list of keys", "%v", plain(err))
	}
	if un := meta.Undecoded(); len(un) > 0 {
		key := un[0].String()
		return p, bad(key, "did you mean "+nearest(key)+"?", "there is no key %s", key)
	}
	for _, k := range meta.Keys() {
		key := k.String()
		if len(k) > 1 && !slices.Contains(keys, key) || strings.ToLower(key) != key { // the decoder takes any case
			return p, bad(key, "did you mean "+nearest(strings.ToLower(key))+"?", "there is no key %s", key)
		}
		p.Named[key] = true
	}
	if p.Named["keys.tmk"] && p.Keys.Store != "demo" {
		return p, bad("keys.tmk", `leave it out: only "demo" takes a key from the file`, "the store %q takes none", p.Keys.Store)
	}
	for _, path := range []*string{&p.Import.Catalogue, &p.Import.Staff, &p.Import.Deck, &p.Terminal.CA, &p.Offline.Blacklist, &p.Host.CA, &p.Host.Cert, &p.Host.Key, &p.Host.FilesCA} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(dir, *path)
		}
	}
	if strings.ContainsRune(p.Host.Profile, '/') || strings.HasSuffix(p.Host.Profile, ".json") {
		if !filepath.IsAbs(p.Host.Profile) {
			p.Host.Profile = filepath.Join(dir, p.Host.Profile)
		}
	}
	if host != "" {
		p.Host.Address, p.Named["host.address"] = host, true
	}
	return p, p.check()
}

func plain(err error) string {
	var pe toml.ParseError
	if errors.As(err, &pe) {
		return pe.Error()
	}
	return err.Error()
}

func bad(key, remedy, format string, args ...any) error {
	e := pos.Errorf("bad_config", remedy, format, args...)
	if key != "" {
		e.Message = key + ": " + e.Message
	}
	return e
}

var (
	tidForm   = regexp.MustCompile(`^[0-9A-Za-z]{8}$`)
	midForm   = regexp.MustCompile(`^[0-9A-Za-z]{15}$`)
	keyForm   = regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)
	panelForm = regexp.MustCompile(`^([6-9][0-9]{2}|[1-9][0-9]{3})x([4-9][0-9]{2}|[1-9][0-9]{3})$`)
	dayForm   = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// The limits of the values.
const (
	maxAmount  = 10_000_000_00
	maxCount   = 10_000
	maxTimeout = 5 * time.Minute
	minTimeout = 10 * time.Millisecond
	maxStop    = 30 * 24 * time.Hour
)

// check holds every value against its limits.
func (c *Config) check() error {
	type rule struct {
		key    string
		ok     bool
		remedy string
		value  any
	}
	between := func(v, low, high int64) bool { return v >= low && v <= high }
	for _, r := range []rule{
		{"terminal.tid", tidForm.MatchString(c.Terminal.TID), "write 8 letters or digits", c.Terminal.TID},
		{"terminal.mid", midForm.MatchString(c.Terminal.MID), "write 15 letters or digits", c.Terminal.MID},
		{"host.address", hostPort(c.Host.Address), "write host:port, the port from 1 to 65535", c.Host.Address},
		{"host.timeout", between(int64(c.Host.Timeout), int64(minTimeout), int64(maxTimeout)), "write 10ms to 5m", c.Host.Timeout.Std()},
		{"host.reversal_repeat", between(int64(c.Host.ReversalRepeat), 0, int64(time.Hour)), "write 0s to 1h", c.Host.ReversalRepeat.Std()},
		{"host.tls", c.Host.TLS == "off" || c.Host.TLS == "mutual", `write "off" or "mutual"`, c.Host.TLS},
		{"host.tls", c.Host.TLS == "mutual" || loopback(c.Host.Address), `write "mutual": only a host on this machine may go without TLS`, c.Host.TLS},
		{"host.ca", c.Host.TLS != "mutual" || c.Host.CA != "", "name the PEM file of the authority that signs the host's certificate", c.Host.CA},
		{"host.cert", c.Host.TLS != "mutual" || c.Host.Cert != "", "name the PEM file of the till's certificate", c.Host.Cert},
		{"host.key", c.Host.TLS != "mutual" || c.Host.Key != "", "name the PEM file of the till's private key", c.Host.Key},
		{"host.files", c.Host.Files == "" || strings.HasPrefix(c.Host.Files, "https://"), "write an address that begins with https://, or nothing", c.Host.Files},
		{"keys.store", c.Keys.Store == "demo" || c.Keys.Store == "passphrase", `write "demo" or "passphrase": tpm is not available in this version`, c.Keys.Store},
		{"keys.tmk", keyForm.MatchString(c.Keys.TMK), "write 32 hexadecimal digits", "(not shown)"},
		{"offline.per_payment", between(c.Offline.PerPayment, 0, maxAmount), "write fen, 0 or more", c.Offline.PerPayment},
		{"offline.per_terminal", between(c.Offline.PerTerminal, 0, maxAmount), "write fen, 0 or more", c.Offline.PerTerminal},
		{"offline.count", between(int64(c.Offline.Count), 0, maxCount), "write 0 to 10000", c.Offline.Count},
		{"offline.stop_after", between(int64(c.Offline.StopAfter), 0, int64(maxStop)), "write 0s to 720h", c.Offline.StopAfter.Std()},
		{"shop.tax", c.Shop.Tax == "included" || c.Shop.Tax == "added", `write "included" or "added"`, c.Shop.Tax},
		{"shop.day_start", dayForm.MatchString(c.Shop.DayStart), `write it like "05:00"`, c.Shop.DayStart},
		{"window.language", c.Window.Language == "zh-Hans" || c.Window.Language == "en", `write "zh-Hans" or "en"`, c.Window.Language},
		{"window.panel", c.Window.Panel == "full" || panelForm.MatchString(c.Window.Panel), `write "full" or a size like "1366x768", 600x400 or more`, c.Window.Panel},
		{"window.theme", c.Window.Theme == "light" || c.Window.Theme == "dark", `write "light" or "dark"`, c.Window.Theme},
	} {
		if !r.ok {
			return bad(r.key, r.remedy, "%v does not fit", r.value)
		}
	}
	_, err := c.Shop.zone()
	return err
}

// hostPort says whether an address has a host and a port from 1 to 65535.
func hostPort(address string) bool {
	cut := strings.LastIndexByte(address, ':')
	if cut < 1 {
		return false
	}
	port, err := strconv.ParseUint(address[cut+1:], 10, 16)
	return err == nil && port > 0
}

func loopback(address string) bool {
	host, _, _ := strings.Cut(address, ":")
	if strings.HasPrefix(address, "[") {
		host = address[1:max(1, strings.IndexByte(address, ']'))]
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// keys are all keys of the file, for the remedy of an unknown one.
var keys = func() []string {
	var out []string
	for table, names := range map[string]string{
		"shop": "name name_en address phone tax day_start timezone", "terminal": "tid mid ca",
		"host": "address profile timeout reversal_repeat tls ca cert key files files_ca", "keys": "store tmk",
		"devices": strings.Join(DeviceNames, " "), "wallet": "gateway",
		"offline": "approval deferred per_payment per_terminal count stop_after blacklist",
		"import":  "catalogue staff deck", "window": "language theme panel",
	} {
		for _, n := range strings.Fields(names) {
			out = append(out, table+"."+n)
		}
	}
	sort.Strings(out)
	return out
}()

// nearest is the known key with the fewest changes.
func nearest(key string) string {
	best, least := "", 1<<30
	for _, k := range keys {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := last
			if a[i-1] != b[j-1] {
				cost++
			}
			last = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// Local is the zone of the machine as it was when the till started: the one of the variable TZ, else of /etc/localtime.
const Local = "Local"

// zone gives the shop's zone. An empty name is none: the standard library would take it for UTC.
func (s Shop) zone() (*time.Location, error) {
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil || s.TimeZone == "" {
		return nil, bad("shop.timezone", `write "Local" for the zone of this machine, or a name like "Asia/Shanghai"`, "there is no time zone %q", s.TimeZone)
	}
	return zone, nil
}

// DayOf gives the business day (2026-11-22) and the hour of the shop for a
// moment. The day begins at day_start: what is sold at 01:30 in a shop that
// begins at 05:00 belongs to the evening before.
func (s Shop) DayOf() (func(time.Time) (day string, hour int), error) {
	zone, err := s.zone()
	if err != nil {
		return nil, err
	}
	start, err := time.Parse("15:04", s.DayStart)
	if err != nil {
		return nil, bad("shop.day_start", `write it like "05:00"`, "%q is no time", s.DayStart)
	}
	begins := start.Hour()*60 + start.Minute()
	return func(t time.Time) (string, int) {
		local := t.In(zone)
		year, month, day := local.Date()
		if local.Hour()*60+local.Minute() < begins {
			day--
		}
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), local.Hour()
	}, nil
}
