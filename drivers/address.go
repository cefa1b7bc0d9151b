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

// examples are what an error proposes.
var examples = map[string]string{
	Reader:   `"pcsc:", "pn532+serial:/dev/ttyUSB0?baud=115200", "sim:" or ""; several with commas between them`,
	PINPad:   `"serial:/dev/ttyS1?baud=9600" or "sim:"`,
	Printer:  `"serial:/dev/ttyUSB0?baud=115200", "lp:/dev/usb/lp0", "tcp:192.168.1.50:9100", "sim:" or ""`,
	QR:       `"st7789+spi:SPI0.0?dc=GPIO25", "ssd1306+i2c:I2C1", "sim:" or ""`,
	Pole:     `"serial:/dev/ttyUSB1?baud=9600", "sim:" or ""`,
	Scanner:  `"evdev:/dev/input/by-id/usb-...-event-kbd", "serial:/dev/ttyACM0?baud=9600", "sim:" or ""`,
	Scale:    `"cas:/dev/ttyUSB2?baud=9600", "sim:" or ""`,
	Customer: `"window:" or ""`,
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
		return a, unknown(device, text, examples[device])
	}
	place, query, _ := strings.Cut(rest, "?")
	a.path = place
	var err error
	if a.query, err = url.ParseQuery(query); err != nil {
		return a, pos.Errorf("bad_config", "write "+examples[device], "devices.%s: %q: %v", device, text, err)
	}
	for k, values := range a.query {
		switch {
		case !slices.Contains(keys, k):
			return a, pos.Errorf("bad_config", "leave it out; known are: "+strings.Join(sorted(keys), " "), "devices.%s: %s takes no %q", device, a.scheme, k)
		case len(values) > 1:
			return a, pos.Errorf("bad_config", "write it once", "devices.%s: %q stands there more than once", device, k)
		case strings.TrimSpace(values[0]) == "": // reader= would be every reader
			return a, pos.Errorf("bad_config", "leave it out, or write what it is", "devices.%s: %q says nothing", device, k)
		}
	}
	for _, k := range pins[a.scheme] {
		if a.query.Get(k) == "" {
			return a, pos.Errorf("bad_config", "name the pin that it is wired to, as "+k+"=GPIO25", "devices.%s: %s needs %s", device, a.scheme, k)
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
	bad := func(why string) error {
		return pos.Errorf("bad_config", "write "+examples[a.device], "devices.%s: %q %s", a.device, text, why)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return bad("has a character that no address has")
	}
	switch a.scheme {
	case "sim", "pcsc", "window":
		if a.path != "" {
			return bad("takes nothing behind the colon but a question mark")
		}
		if socket := a.query.Get("socket"); socket != "" && !straight(socket) {
			return bad("names no socket: a path begins with / and goes straight there")
		}
	case "serial", "cas", "lp", "evdev", "pn532+serial":
		if !straight(a.path) {
			return bad("names no place: a path begins with / and goes straight there")
		}
	case "tcp":
		host, port, err := net.SplitHostPort(a.path)
		n, number := strconv.Atoi(port)
		if err != nil || host == "" || number != nil || n < 1 || n > maxPort { // without a host it would be this machine
			return bad("names no place: host:port")
		}
	default:
		if a.path == "" {
			return bad("names no place")
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
		return pos.Errorf("bad_config", "name fewer", "devices.%s: %d readers, at most %d", device, len(list), maxReaders)
	}
	for _, one := range list {
		a, err := parse(device, one)
		if err != nil {
			return err
		}
		if a.scheme == "" && len(list) > 1 {
			return pos.Errorf("bad_config", "take out the comma that is too much", "devices.%s: %q has an empty place", device, text)
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
		return pos.Errorf("bad_config", "write rotate=0, 90, 180 or 270", "devices.%s: rotate=%q", a.device, a.query.Get("rotate"))
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
				names = append(names, strconv.Quote(m.Name))
			}
			return pos.Errorf("bad_config", "leave model= out, then the printer is asked, or write one of "+strings.Join(names, ", "), "devices.%s: there is no model %q", a.device, name)
		}
	case Pole:
		if _, err := pole.Named(name); err != nil {
			return err
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

func unknown(key, text, allowed string) error {
	return pos.Errorf("bad_config", "write "+allowed, "devices.%s: %q is no device of this version", key, text)
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
		return 0, pos.Errorf("bad_config", "write a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high), "devices.%s: %s=%q", a.device, key, text)
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
