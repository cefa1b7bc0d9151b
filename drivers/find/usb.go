package find

import (
	"path/filepath"
	"strings"
)

// usb is a USB device.
type usb struct {
	vid, pid       string // four hexadecimal digits each
	serial         string
	maker, product string
	port           string // 1-1.2
	bus, number    string // of its node /dev/bus/usb/BUS/NUMBER, decimal
}

func (u usb) vidPID() string {
	if u.vid == "" {
		return ""
	}
	return u.vid + ":" + u.pid
}

// identity is "VID:PID SERIAL", or "VID:PID @PORT" without a serial number.
func (u usb) identity() string {
	switch {
	case u.vid == "":
		return ""
	case u.serial != "":
		return u.vidPID() + " " + u.serial
	}
	return u.vidPID() + " @" + u.port
}

// label is what a person calls the device.
func (u usb) label() string {
	if k, ok := lookUp(u.vid, u.pid); ok && k.pid != "" {
		return k.label
	}
	product := u.product
	if u.maker != "" && !strings.Contains(product, u.maker) {
		product = strings.TrimSpace(u.maker + " " + product)
	}
	if product == "" {
		if k, ok := lookUp(u.vid, u.pid); ok {
			return k.label
		}
		return u.vidPID()
	}
	return cut(product)
}

// cut keeps labels short, between characters.
func cut(s string) string {
	if len(s) <= maxLabel {
		return s
	}
	return strings.ToValidUTF8(s[:maxLabel], "")
}

// usbAbove climbs from an absolute directory of /sys, links resolved, to the
// USB device that it belongs to.
func (h *Host) usbAbove(dir string) usb {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return usb{}
	}
	for range maxClimb {
		if vid := text(dir, "idVendor"); vid != "" {
			return usb{
				vid: strings.ToLower(vid), pid: strings.ToLower(text(dir, "idProduct")), serial: text(dir, "serial"),
				maker: text(dir, "manufacturer"), product: text(dir, "product"), port: filepath.Base(dir),
				bus: text(dir, "busnum"), number: text(dir, "devnum"),
			}
		}
		up := filepath.Dir(dir)
		if up == dir || up == h.root {
			break
		}
		dir = up
	}
	return usb{}
}

// function is an interface of a USB device and the driver that has it.
type function struct {
	name   string // 1-1.2:1.0
	class  string // 07 printer, 0b smart card
	driver string // usblp, usbfs, "" for none
	dev    usb
}

// functions lists the USB interfaces of a class.
func (h *Host) functions(class string) []function {
	var out []function
	const dir = "/sys/bus/usb/devices"
	for _, name := range h.list(dir) {
		if !strings.Contains(name, ":") {
			continue
		}
		at := h.real(dir + "/" + name)
		if !strings.EqualFold(text(at, "bInterfaceClass"), class) {
			continue
		}
		f := function{name: name, class: class, dev: h.usbAbove(at)}
		if to, err := filepath.EvalSymlinks(filepath.Join(at, "driver")); err == nil {
			f.driver = filepath.Base(to)
		}
		out = append(out, f)
	}
	return out
}

// The USB classes that a till knows (usb.org, Defined Class Codes).
const (
	classPrinter   = "07"
	classSmartCard = "0b"
)
