package drivers

import (
	"net"
	"net/url"
	"path"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/pole"
	"tillkeeper/drivers/printer"
)

// address is a device's URL taken apart: scheme:path?key=value.
type address struct {
	device, scheme, path string
	query                url.Values
	way                  *trail // to what is at the path, where a unit was opened; else nil
}

// schemes says which schemes a device knows and which keys each takes after
// the question mark.
var schemes = map[string]map[string][]string{
	Reader: {
		"sim": nil, "pcsc": {"reader", "socket"}, "pn532+serial": {"baud"}, "pn532+i2c": nil, "pn532+spi": nil,
	},
	PINPad:   {"sim": nil, "serial": {"baud"}, "tcp": nil},
	Printer:  {"sim": nil, "serial": {"baud", "columns", "model"}, "lp": {"columns", "model"}, "tcp": {"columns", "model"}},
	QR:       {"sim": nil, "st7789+spi": {"dc", "reset", "rotate"}, "ssd1306+i2c": {"rotate"}, "waveshare2in13v2+spi": paper, "waveshare2in13v3+spi": paper, "waveshare2in13v4+spi": paper},
	Pole:     {"sim": nil, "serial": {"baud", "model"}},
	Scanner:  {"sim": nil, "evdev": nil, "serial": {"baud"}},
	Scale:    {"sim": nil, "cas": {"baud"}},
	Customer: {"window": nil},
}

// paper are the keys of e-paper.
var paper = []string{"dc", "cs", "reset", "busy", "rotate"}

// examples are the URLs that an error proposes.
var examples = map[string][]string{
	Reader:   {"pcsc:", "pn532+serial:/dev/ttyUSB0?baud=115200", "sim:", ""},
	PINPad:   {"serial:/dev/ttyS1?baud=9600", "sim:"},
	Printer:  {"serial:/dev/ttyUSB0?baud=115200", "lp:/dev/usb/lp0", "tcp:192.168.1.50:9100", "sim:", ""},
	QR:       {"st7789+spi:SPI0.0?dc=GPIO25", "ssd1306+i2c:I2C1", "sim:", ""},
	Pole:     {"serial:/dev/ttyUSB1?baud=9600", "sim:", ""},
	Scanner:  {"evdev:/dev/input/by-id/usb-...-event-kbd", "serial:/dev/ttyACM0?baud=9600", "sim:", ""},
	Scale:    {"cas:/dev/ttyUSB2?baud=9600", "sim:", ""},
	Customer: {"window:", ""},
}

// parse takes the URL of a device apart. An empty one has an empty scheme.
func parse(device, text string) (address, error) {
	a := address{device: device}
	if text == "" {
		return a, nil
	}
	var rest string
	a.scheme, rest, _ = strings.Cut(text, ":")
	keys, known := schemes[device][a.scheme]
	if !known || !strings.Contains(text, ":") {
		return a, unknown(device, text)
	}
	place, query, _ := strings.Cut(rest, "?")
	a.path = place
	var err error
	if a.query, err = url.ParseQuery(query); err != nil {
		return a, wrong(pos.Say("url_broken", text), proposes(device), writes(device), "devices.%s: %q: %v", device, text, err)
	}
	for k, values := range a.query {
		switch {
		case !slices.Contains(keys, k):
			known := strings.Join(sorted(keys), " ")
			mend := pos.Say("key_leave_out")
			if len(keys) > 0 {
				mend = pos.Say("key_known", known)
			}
			return a, wrong(pos.Say("key_unknown", a.scheme, k), []pos.Remark{mend}, "leave it out; known are: "+known, "devices.%s: %s takes no %q", device, a.scheme, k)
		case len(values) > 1:
			return a, wrong(pos.Say("key_twice", k), []pos.Remark{pos.Say("key_once")}, "write it once", "devices.%s: %q stands there more than once", device, k)
		case strings.TrimSpace(values[0]) == "": // reader= would be every reader
			return a, wrong(pos.Say("key_empty", k), []pos.Remark{pos.Say("key_fill")}, "leave it out, or write what it is", "devices.%s: %q says nothing", device, k)
		}
	}
	for _, k := range pins[a.scheme] {
		if a.query.Get(k) == "" {
			pin := k + "=GPIO25"
			return a, wrong(pos.Say("key_missing", a.scheme, k), []pos.Remark{pos.Say("key_pin", pin)}, "name the pin that it is wired to, as "+pin, "devices.%s: %s needs %s", device, a.scheme, k)
		}
	}
	return a, a.place(text)
}

// pins are those without which a panel cannot be driven.
var pins = map[string][]string{
	"st7789+spi":           {"dc"},
	"waveshare2in13v2+spi": paperPins, "waveshare2in13v3+spi": paperPins, "waveshare2in13v4+spi": paperPins,
}

var paperPins = []string{"dc", "reset", "busy"}

// place says whether what follows the scheme can be a place of its kind.
func (a address) place(text string) error {
	bad := func(found pos.Remark, why string) error {
		return wrong(found, proposes(a.device), writes(a.device), "devices.%s: %q %s", a.device, text, why)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return bad(pos.Say("place_character", text), "has a character that no address has")
	}
	switch a.scheme {
	case "sim", "pcsc", "window":
		if a.path != "" {
			return bad(pos.Say("place_behind", text), "takes nothing behind the colon but a question mark")
		}
		if socket := a.query.Get("socket"); socket != "" && !straight(socket) {
			return bad(pos.Say("place_socket", text), "names no socket: a path begins with / and goes straight there")
		}
	case "serial", "cas", "lp", "evdev", "pn532+serial":
		if !straight(a.path) {
			return bad(pos.Say("place_path", text), "names no place: a path begins with / and goes straight there")
		}
	case "tcp":
		host, port, err := net.SplitHostPort(a.path)
		n, number := strconv.Atoi(port)
		if err != nil || host == "" || number != nil || n < 1 || n > maxPort { // without a host it would be this machine
			return bad(pos.Say("place_host", text), "names no place: host:port")
		}
	default:
		if a.path == "" {
			return bad(pos.Say("place_none", text), "names no place")
		}
	}
	return nil
}

// straight says whether a path can be meant in one way only: a device is known
// by its place, and two ways of writing it would be two devices.
func straight(place string) bool { return strings.HasPrefix(place, "/") && path.Clean(place) == place }

// maxPort is the highest port of TCP.
const maxPort = 65535

// valid says whether a URL, or a reader's list of URLs, can be understood, the
// numbers and names behind the question mark too: a device in use is not given
// up for one that cannot be.
func valid(device, text string) error {
	list := each(device, text)
	if len(list) > maxReaders {
		return wrong(pos.Say("readers_many", strconv.Itoa(len(list)), strconv.Itoa(maxReaders)), []pos.Remark{pos.Say("readers_fewer")},
			"name fewer", "devices.%s: %d readers, at most %d", device, len(list), maxReaders)
	}
	for _, one := range list {
		a, err := parse(device, one)
		if err != nil {
			return err
		}
		if a.scheme == "" && len(list) > 1 {
			return wrong(pos.Say("readers_gap", text), []pos.Remark{pos.Say("comma_out")}, "take out the comma that is too much", "devices.%s: %q has an empty place", device, text)
		}
		if err := a.settings(); err != nil {
			return err
		}
	}
	return nil
}

// settings says whether what stands behind the question mark is possible.
func (a address) settings() error {
	if _, err := a.baud(smallBaud); err != nil {
		return err
	}
	if _, err := a.number("columns", 0, minColumns, maxColumns); err != nil {
		return err
	}
	if turn, err := a.number("rotate", 0, 0, 270); err != nil || turn%90 != 0 {
		turned := a.query.Get("rotate")
		return wrong(pos.Say("key_value", "rotate="+turned), []pos.Remark{pos.Say("key_write", "rotate=0, 90, 180, 270")}, "write rotate=0, 90, 180 or 270", "devices.%s: rotate=%q", a.device, turned)
	}
	name := a.query.Get("model")
	if name == "" {
		return nil
	}
	switch a.device {
	case Printer:
		if _, known := printer.Find(name); !known {
			var names []string
			for _, m := range printer.Models {
				names = append(names, m.Name)
			}
			return wrong(pos.Say("model_unknown", name), []pos.Remark{pos.Say("model_asked", quoted(names))},
				"leave model= out, then the printer is asked, or write one of "+quoted(names), "devices.%s: there is no model %q", a.device, name)
		}
	case Pole:
		if _, err := pole.Named(name); err != nil {
			return wrong(pos.Say("model_unknown", name), []pos.Remark{pos.Say("key_write", strings.Join(pole.Models(), " "))},
				"write one of: "+strings.Join(pole.Models(), " "), "devices.%s: %v", a.device, err)
		}
	}
	return nil
}

// maxReaders is how many card readers a till has at most.
const maxReaders = 4

// each takes the list of card readers apart; any other device is one.
func each(device, text string) []string {
	if device != Reader {
		return []string{text}
	}
	var out []string
	for _, one := range strings.Split(text, ",") {
		out = append(out, strings.TrimSpace(one))
	}
	return out
}

func sorted(keys []string) []string {
	out := append([]string{"nothing"}, keys...)
	if len(keys) > 0 {
		out = slices.Clone(keys)
	}
	sort.Strings(out)
	return out
}

func unknown(device, text string) error {
	return wrong(pos.Say("url_unknown", text), proposes(device), writes(device), "devices.%s: %q is no device of this version", device, text)
}

// number reads a key as a number between low and high; without it, what it is
// by default.
func (a address) number(key string, def, low, high int) (int, error) {
	text := a.query.Get(key)
	if text == "" {
		return def, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		from, to := strconv.Itoa(low), strconv.Itoa(high)
		return 0, wrong(pos.Say("key_value", key+"="+text), []pos.Remark{pos.Say("key_range", from, to)}, "write a number from "+from+" to "+to, "devices.%s: %s=%q", a.device, key, text)
	}
	return n, nil
}

// The speeds that a serial line may be asked for, in baud.
const (
	minBaud     = 300
	maxBaud     = 4_000_000
	printerBaud = 9600
	padBaud     = 9600
	readerBaud  = 115200
	smallBaud   = 9600 // poles, scanners, scales
)

func (a address) baud(def int) (int, error) { return a.number("baud", def, minBaud, maxBaud) }
