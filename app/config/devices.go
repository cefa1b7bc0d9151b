package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

// Devices are the URLs of the devices; "" is none.
type Devices struct {
	Reader   string `toml:"reader"` // several with commas between them
	PINPad   string `toml:"pinpad"`
	Printer  string `toml:"printer"`
	QR       string `toml:"qr"`
	Pole     string `toml:"pole"`
	Scanner  string `toml:"scanner"`
	Scale    string `toml:"scale"`
	Customer string `toml:"customer"` // "window:" is a second window that the customer sees
}

// DeviceNames are the keys of [devices], in their order.
var DeviceNames = []string{"reader", "pinpad", "printer", "qr", "pole", "scanner", "scale", "customer"}

// URLs gives the devices by name. What was chosen while the till ran goes
// before what the file says.
func (d Devices) URLs(chosen map[string]string) map[string]string {
	out := map[string]string{
		"reader": d.Reader, "pinpad": d.PINPad, "printer": d.Printer, "qr": d.QR,
		"pole": d.Pole, "scanner": d.Scanner, "scale": d.Scale, "customer": d.Customer,
	}
	for name, url := range chosen {
		out[name] = url
	}
	return out
}

// ReadChosen reads what WriteChosen wrote: device URLs by name.
func ReadChosen(text string) (map[string]string, error) {
	var file struct {
		Devices map[string]string `toml:"devices"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, bad("", "delete the file, then choose the devices again", "%v", plain(err))
	}
	if un := meta.Undecoded(); len(un) > 0 {
		return nil, bad(un[0].String(), "delete the file, then choose the devices again", "there is no key %s", un[0])
	}
	for name := range file.Devices {
		if !slices.Contains(DeviceNames, name) {
			return nil, bad("devices."+name, "name one of "+strings.Join(DeviceNames, " "), "there is no device %s", name)
		}
	}
	return file.Devices, nil
}

// WriteChosen is the text of a file of chosen devices.
func WriteChosen(chosen map[string]string) string {
	var b strings.Builder
	b.WriteString("# Devices chosen on the devices page; they go before the configuration's.\n[devices]\n")
	for _, name := range DeviceNames {
		if url, ok := chosen[name]; ok {
			fmt.Fprintf(&b, "%s = %s\n", name, quoted(url))
		}
	}
	return b.String()
}

// quoted writes a text as a basic string of TOML: what is no character that can
// be printed stands as its number.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "\\U%08X", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
