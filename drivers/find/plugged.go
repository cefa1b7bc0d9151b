package find

import (
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"tillkeeper/app/pos"
)

// lines lists the serial lines that are there and are not the console.
func (h *Host) lines() []place {
	var out []place
	const dir = "/sys/class/tty"
	console := strings.Fields(text(h.real(dir+"/console"), "active"))
	for _, name := range h.list(dir) {
		at := h.real(dir + "/" + name)
		if _, err := os.Stat(filepath.Join(at, "device")); err != nil || text(at, "type") == "0" || contains(console, name) {
			continue
		}
		p := place{class: Serial, name: name, node: "/dev/" + name, dev: h.usbAbove(filepath.Join(at, "device"))}
		p.label, p.path = p.dev.label(), p.node
		switch {
		case p.dev.vid == "":
			p.label = name
		case p.dev.serial != "":
			p.path = h.link(p.node, "/dev/serial/by-id", "/dev/serial/by-path")
		default:
			p.path = h.link(p.node, "/dev/serial/by-path", "/dev/serial/by-id")
		}
		out = append(out, p)
	}
	return out
}

func contains(list []string, one string) bool {
	for _, s := range list {
		if s == one {
			return true
		}
	}
	return false
}

// printers lists the USB printers under usblp.
func (h *Host) printers() []place {
	var out []place
	const dir = "/sys/class/usbmisc"
	for _, name := range h.list(dir) {
		if !strings.HasPrefix(name, "lp") {
			continue
		}
		at := h.real(dir + "/" + name + "/device")
		p := place{class: LP, name: name, node: "/dev/usb/" + name, dev: h.usbAbove(at)}
		p.path, p.label = h.link(p.node, "/dev/tillkeeper"), p.dev.label()
		if model := model1284(text(at, "ieee1284_id")); model != "" {
			p.label = model
		}
		out = append(out, p)
	}
	return out
}

// model1284 reads maker and model from the text by which a printer names itself
// (IEEE 1284: "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20;CLS:PRINTER;").
func model1284(s string) string {
	var maker, model string
	for field := range strings.SplitSeq(s, ";") {
		key, value, _ := strings.Cut(field, ":")
		switch strings.ToUpper(strings.TrimSpace(key)) {
		case "MFG", "MANUFACTURER":
			maker = strings.TrimSpace(value)
		case "MDL", "MODEL":
			model = strings.TrimSpace(value)
		}
	}
	if strings.Contains(model, maker) {
		maker = ""
	}
	return cut(strings.TrimSpace(maker + " " + model))
}

// The keys that everything has that types numbers (input-event-codes.h).
const (
	keyFirst = 2  // KEY_1
	keyLast  = 11 // KEY_0
	keyEnter = 28
)

// inputs lists the input devices that type: keyboards and scanners.
func (h *Host) inputs() []place {
	var out []place
	const dir = "/sys/class/input"
	for _, name := range h.list(dir) {
		at := h.real(dir + "/" + name + "/device")
		if !strings.HasPrefix(name, "event") || !types(text(at, "capabilities/key")) {
			continue
		}
		p := place{class: Evdev, name: name, node: "/dev/input/" + name, dev: h.usbAbove(at), label: cut(text(at, "name"))}
		if p.dev.vid == "" { // Bluetooth has no USB device of its own
			p.dev = usb{vid: text(at, "id/vendor"), pid: text(at, "id/product"), serial: text(at, "uniq"), product: p.label}
			if p.dev.vid == "0000" {
				p.dev = usb{}
			}
		}
		p.path = h.link(p.node, "/dev/tillkeeper", "/dev/input/by-id", "/dev/input/by-path")
		out = append(out, p)
	}
	return out
}

// types says whether a bit map of keys has the digits and Enter. The kernel
// writes it as words of its own size, the highest first; on 64 bits they are
// 16 digits wide.
func types(words string) bool {
	bits := new(big.Int)
	for word := range strings.FieldsSeq(words) {
		n, ok := new(big.Int).SetString(word, 16)
		if !ok || len(word) > 16 {
			return false
		}
		bits.Or(bits.Lsh(bits, 64), n)
	}
	for key := keyFirst; key <= keyLast; key++ {
		if bits.Bit(key) == 0 {
			return false
		}
	}
	return bits.Bit(keyEnter) == 1
}

// scannerWords are in the names of scanners that call themselves so.
var scannerWords = []string{"scanner", "barcode", "bar code", "imager", "qr code"}

// isScanner tells a scanner from a keyboard: by the table, or by its name.
func (p place) isScanner() bool {
	if k, ok := lookUp(p.dev.vid, p.dev.pid); ok {
		return k.kind == "scanner"
	}
	name := strings.ToLower(p.label + " " + p.dev.product)
	for _, w := range scannerWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

func (h *Host) foundScanners() []pos.Found {
	var out []pos.Found
	for _, p := range h.inputs() {
		if p.isScanner() {
			out = append(out, p.as("scanner", "evdev:"+p.path))
		}
	}
	return out
}

func (h *Host) foundPrinters() []pos.Found {
	var out []pos.Found
	for _, p := range h.printers() {
		out = append(out, p.as("printer", "lp:"+p.path), p.as("drawer", "printer:"))
	}
	return out
}

func (p place) as(name, url string) pos.Found {
	return pos.Found{Name: name, URL: url, Label: p.label, Identity: p.dev.identity()}
}

// lineURLs is what a line could be.
var lineURLs = []struct{ name, scheme string }{
	{"reader", "pn532+serial:"}, {"pinpad", "serial:"}, {"printer", "serial:"}, {"pole", "serial:"}, {"scanner", "serial:"}, {"scale", "cas:"},
}

func (h *Host) foundLines() []pos.Found {
	var out []pos.Found
	for _, p := range h.lines() {
		k, known := lookUp(p.dev.vid, p.dev.pid)
		for _, u := range lineURLs {
			if !known || k.kind == "adapter" || k.kind == u.name {
				out = append(out, p.as(u.name, u.scheme+p.path))
			}
		}
	}
	return out
}

// socketPCSC is where pcscd listens.
const socketPCSC = "/run/pcscd/pcscd.comm"

// foundReaders lists the smart card readers at USB. Where there is none but
// pcscd runs, it may know of one that is elsewhere.
func (h *Host) foundReaders() []pos.Found {
	var out []pos.Found
	for _, f := range h.functions(classSmartCard) {
		found := pos.Found{Name: "reader", URL: "pcsc:", Label: f.dev.label(), Identity: f.dev.identity()}
		if len(out) == 0 || out[len(out)-1] != found {
			out = append(out, found)
		}
	}
	if _, err := os.Stat(h.real(socketPCSC)); len(out) == 0 && err == nil {
		out = append(out, pos.Found{Name: "reader", URL: "pcsc:", Label: "PC/SC"})
	}
	return out
}

// notOurs are in the names of I2C buses on which graphics cards and main boards
// have their own parts; nothing may be tried out there.
var notOurs = []string{"SMBus", "i915", "AMDGPU", "NVIDIA", "nouveau", "Radeon", "DP", "AUX", "DDC", "HDMI", "drm", "Synopsys"}

// foundBuses lists what could be at the SPI and I2C buses of the board.
func (h *Host) foundBuses() []pos.Found {
	var out []pos.Found
	for _, node := range h.list("/dev") {
		if place, ok := strings.CutPrefix(node, "spidev"); ok {
			bus := "SPI" + place
			out = append(
				out, pos.Found{Name: "qr", URL: "st7789+spi:" + bus + "?dc=GPIO25&reset=GPIO27", Label: "ST7789 240x240, " + bus},
				pos.Found{Name: "reader", URL: "pn532+spi:" + bus, Label: "PN532, " + bus},
			)
		}
		if place, ok := strings.CutPrefix(node, "i2c-"); ok && h.ours("/sys/class/i2c-dev/"+node) {
			bus := "I2C" + place
			out = append(
				out, pos.Found{Name: "qr", URL: "ssd1306+i2c:" + bus, Label: "SSD1306 128x64, " + bus},
				pos.Found{Name: "reader", URL: "pn532+i2c:" + bus, Label: "PN532, " + bus},
			)
		}
	}
	return out
}

func (h *Host) ours(dir string) bool {
	name := text(h.real(dir), "name")
	for _, n := range notOurs {
		if strings.Contains(name, n) {
			return false
		}
	}
	return true
}

// Screens lists the connectors of the graphics cards at which a screen is
// plugged in, HDMI-A-1: with two of them one can be the customer's.
func (h *Host) Screens() []string {
	var out []string
	const dir = "/sys/class/drm"
	for _, name := range h.list(dir) {
		card, connector, ok := strings.Cut(name, "-")
		if ok && strings.HasPrefix(card, "card") && text(h.real(dir+"/"+name), "status") == "connected" {
			out = append(out, connector)
		}
	}
	return out
}
