package find_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
)

// shop is a machine with what a shop plugs in, and with what it does not mean
// for the till.
func shop(t *testing.T) *machine {
	m := newMachine(t)
	m.file("/sys/class/tty/console/active", "tty0 ttyS1\n")
	m.line("ttyS0", "4")
	m.line("ttyS1", "4")
	m.line("ttyS2", "0")
	m.adapter("ttyUSB0", "1-1", "0403:6001", "A50285BI", "FTDI", "FT232R USB UART", "usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0")
	m.adapter("ttyUSB1", "1-2", "1a86:7523", "", "", "USB Serial", "usb-1a86_USB_Serial-if00-port0")
	m.adapter("ttyACM0", "1-3", "05e0:1701", "S/N:ABC", "Symbol", "Symbol Bar Code Scanner", "usb-Symbol_Bar_Code_Scanner-if00")
	m.printer("lp0", "1-4", "04b8:0e15", "J6JF001234", "MFG:EPSON;CMD:ESC/POS;MDL:TM-T20II;CLS:PRINTER;")
	m.input("event3", "1-5", "0c2e:0b61", "17032B1234", "Honeywell Imaging & Mobility 1900", keysKeyboard, "usb-Honeywell_1900_17032B1234-event-kbd")
	m.input("event4", "1-6", "046d:c31c", "", "Logitech USB Keyboard", keysKeyboard, "usb-Logitech_USB_Keyboard-event-kbd")
	m.input("event5", "1-7", "0c2e:0b62", "", "Honeywell Mouse", keysMouse, "")
	m.input("event6", "1-8", "ffff:0035", "", "USBKey Chip USBKey Barcode Reader", keysKeyboard, "")
	m.usb("1-9", "072f:2200", "", "ACS", "ACR122U PICC Interface", "0B", "usbfs")
	m.file("/dev/spidev0.0", "")
	m.file("/dev/i2c-1", "")
	m.file("/sys/class/i2c-dev/i2c-1/name", "bcm2835 (i2c@7e804000)\n")
	m.file("/dev/i2c-2", "")
	m.file("/sys/class/i2c-dev/i2c-2/name", "i915 gmbus dpb\n")
	m.file("/sys/class/drm/card0-HDMI-A-1/status", "connected\n")
	m.file("/sys/class/drm/card0-HDMI-A-2/status", "disconnected\n")
	return m
}

func found(all []pos.Found) []string {
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%s | %s | %s | %s", f.Name, f.URL, f.Label, f.Identity))
	}
	return out
}

func TestEverythingOfAShopIsFoundOnce(t *testing.T) {
	ftdi := "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0 | FTDI FT232 | 0403:6001 A50285BI"
	ch := "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1-2:1.0-port0 | CH340 | 1a86:7523 @1-2"
	want := []string{
		"reader | pcsc: | ACS ACR122U PICC Interface | 072f:2200 @1-9",
		"reader | pn532+serial:/dev/ttyS0 | ttyS0 | ",
		"reader | pn532+serial:" + ftdi, "reader | pn532+serial:" + ch,
		"reader | pn532+spi:SPI0.0 | PN532, SPI0.0 | ", "reader | pn532+i2c:I2C1 | PN532, I2C1 | ",
		"pinpad | serial:/dev/ttyS0 | ttyS0 | ", "pinpad | serial:" + ftdi, "pinpad | serial:" + ch,
		"printer | lp:/dev/usb/lp0 | EPSON TM-T20II | 04b8:0e15 J6JF001234",
		"printer | serial:/dev/ttyS0 | ttyS0 | ", "printer | serial:" + ftdi, "printer | serial:" + ch,
		"drawer | printer: | EPSON TM-T20II | 04b8:0e15 J6JF001234",
		"qr | st7789+spi:SPI0.0?dc=GPIO25&reset=GPIO27 | ST7789 240x240, SPI0.0 | ", "qr | ssd1306+i2c:I2C1 | SSD1306 128x64, I2C1 | ",
		"pole | serial:/dev/ttyS0 | ttyS0 | ", "pole | serial:" + ftdi, "pole | serial:" + ch,
		"scanner | evdev:/dev/input/by-id/usb-Honeywell_1900_17032B1234-event-kbd | Honeywell Imaging & Mobility 1900 | 0c2e:0b61 17032B1234",
		"scanner | evdev:/dev/input/event6 | USBKey Chip USBKey Barcode Reader | ffff:0035 @1-8",
		"scanner | serial:/dev/ttyS0 | ttyS0 | ",
		"scanner | serial:/dev/serial/by-id/usb-Symbol_Bar_Code_Scanner-if00 | Symbol Bar Code Scanner | 05e0:1701 S/N:ABC",
		"scanner | serial:" + ftdi, "scanner | serial:" + ch,
		"scale | cas:/dev/ttyS0 | ttyS0 | ", "scale | cas:" + ftdi, "scale | cas:" + ch,
	}
	h := find.New(shop(t).root)
	got := found(h.Found(t.Context()))
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("found  %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("missed %s", line)
		}
	}
	if len(got) != len(want) || !slices.IsSortedFunc(h.Found(t.Context()), func(a, b pos.Found) int { return rank(a) - rank(b) }) {
		t.Errorf("%d found, not %d, or out of order", len(got), len(want))
	}
	if s := h.Screens(); !slices.Equal(s, []string{"HDMI-A-1"}) {
		t.Errorf("screens %v", s)
	}
}

func rank(f pos.Found) int {
	return slices.Index([]string{"reader", "pinpad", "printer", "drawer", "qr", "pole", "scanner", "scale"}, f.Name)
}

func TestNothingIsFoundOnAnEmptyMachine(t *testing.T) {
	if all := find.New(t.TempDir()).Found(t.Context()); len(all) != 0 {
		t.Fatalf("found %v", all)
	}
}

// TestThisMachineIsLookedAt looks at the machine that the test runs on.
func TestThisMachineIsLookedAt(t *testing.T) {
	for _, f := range find.New("/").Found(t.Context()) {
		if f.Name == "" || f.Label == "" || !strings.Contains(f.URL, ":") {
			t.Errorf("found %+v", f)
		}
	}
}

func TestDeviceIsFoundByIdentityAndNotByItsNumber(t *testing.T) {
	m := shop(t)
	h := find.New(m.root)
	const ftdi = "0403:6001 A50285BI"
	if id := h.Identity("/dev/ttyUSB0"); id != ftdi {
		t.Fatalf("identity %q", id)
	}
	if id := h.Identity("/dev/usb/lp0"); id != "04b8:0e15 J6JF001234" {
		t.Fatalf("identity %q", id)
	}
	// Both adapters are pulled, and put in again the other way round.
	m.remove("/dev", "/sys/class/tty", bus+"1-1", bus+"1-2", "/sys/bus/usb/devices")
	m.adapter("ttyUSB0", "1-1", "1a86:7523", "", "", "USB Serial", "")
	m.adapter("ttyUSB1", "1-2", "0403:6001", "A50285BI", "FTDI", "FT232R USB UART", "")
	for identity, want := range map[string]string{
		ftdi:             "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1-2:1.0-port0",
		"1a86:7523 @1-2": "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1-1:1.0-port0", // the only one, in another socket
		"1a86:7523":      "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1-1:1.0-port0",
	} {
		if got, err := resolve(h, identity); err != nil || got != want {
			t.Errorf("%s is at %q, %v", identity, got, err)
		}
	}
	if got, is, err := h.Locate(find.Serial, "/dev/ttyUSB7", ftdi); !strings.Contains(got, "1-2") || is != ftdi || err != nil {
		t.Errorf("located at %s, %s, %v", got, is, err)
	}
	if got, _, err := h.Locate(find.Serial, "/dev/ttyUSB0", ftdi); !strings.Contains(got, "1-2") || err != nil {
		t.Errorf("left at %s, which belongs to another device, %v", got, err)
	}
	for _, identity := range []string{"0403:6001 OTHER", "dead:beef", "0403:6001"} {
		if got, err := resolve(h, identity); !errors.Is(err, find.ErrAbsent) {
			t.Errorf("%q is at %q, %v", identity, got, err)
		}
	}
}

// resolve gives where the device of an identity is, whatever its place was.
func resolve(h *find.Host, identity string) (string, error) {
	path, _, err := h.Locate(find.Serial, "/dev/nowhere", identity)
	return path, err
}

func TestTwoOfAKindWithoutNumbersAreToldApartByTheirSockets(t *testing.T) {
	m := newMachine(t)
	m.adapter("ttyUSB0", "1-1", "1a86:7523", "", "", "USB Serial", "")
	m.adapter("ttyUSB1", "1-2.4", "1a86:7523", "", "", "USB Serial", "")
	h := find.New(m.root)
	if got, err := resolve(h, "1a86:7523 @1-2.4"); err != nil || !strings.Contains(got, "1-2.4") {
		t.Fatalf("%q %v", got, err)
	}
	if got, err := resolve(h, "1a86:7523 @1-3"); !errors.Is(err, find.ErrAmbiguous) {
		t.Fatalf("%q %v", got, err)
	}
}

// TestHostileNamesStayHarmless plugs in a device that names itself to harm.
func TestHostileNamesStayHarmless(t *testing.T) {
	m := newMachine(t)
	m.adapter("ttyUSB0", "1-1", "dead:beef", "a\x1b[2J\xff"+strings.Repeat("9", 9000), "", "bad\x07"+strings.Repeat("é", 4000), "")
	m.input("event1", "1-2", "dead:bee1", "", "scanner", strings.Repeat("f", 5000), "")
	for _, f := range find.New(m.root).Found(t.Context()) {
		if len(f.Label) > 80 || strings.ContainsAny(f.Label+f.Identity, "\x1b\x07\n") || len(f.Identity) > 5000 || f.URL == "evdev:/dev/input/event1" {
			t.Errorf("%+v", f)
		}
	}
}

// TestAnotherDeviceIsNeverLocatedInThePlaceOfOne: what is not the device is named, and between two nothing is guessed.
func TestAnotherDeviceIsNeverLocatedInThePlaceOfOne(t *testing.T) {
	m := newMachine(t)
	m.adapter("ttyUSB0", "1-1", "0403:6001", "A1", "FTDI", "FT232R USB UART", "")
	m.adapter("ttyUSB1", "1-2", "1a86:7523", "", "", "USB Serial", "")
	h := find.New(m.root)
	for _, c := range []struct {
		what, path, identity, now, is string
		others                        []string
		want                          error
	}{
		{what: "nothing is known", path: "/dev/ttyUSB0", now: "/dev/ttyUSB0", is: "0403:6001 A1"},
		{what: "it is there", path: "/dev/ttyUSB0", identity: "0403:6001 A1", now: "/dev/ttyUSB0", is: "0403:6001 A1"},
		{what: "in another socket under the same name", path: "/dev/ttyUSB1", identity: "1a86:7523 @1-9", now: "/dev/ttyUSB1", is: "1a86:7523 @1-2"},
		{what: "another is there", path: "/dev/ttyUSB0", identity: "0403:6001 B2", want: find.ErrAnother},
		{what: "nothing is there", path: "/dev/ttyUSB7", identity: "0403:6001 B2", want: find.ErrAbsent},
		{what: "a number that is nobody's", path: "/dev/ttyUSB7", identity: "1a86:7523 S1", want: find.ErrAbsent},
		{what: "it may be the other one", path: "/dev/ttyUSB7", identity: "1a86:7523 @1-9", others: []string{"1a86:7523 @1-8"}, want: find.ErrAmbiguous},
		{what: "it is the other one", path: "/dev/ttyUSB7", identity: "1a86:7523 @1-2", others: []string{"1a86:7523 @1-2"}, want: find.ErrAmbiguous},
		{what: "the others are of other kinds", path: "/dev/ttyUSB7", identity: "1a86:7523 @1-9", others: []string{"0403:6001 A1"}, now: "1-2", is: "1a86:7523 @1-2"},
	} {
		now, is, err := h.Locate(find.Serial, c.path, c.identity, c.others...)
		if !errors.Is(err, c.want) || !strings.Contains(now, c.now) || is != c.is {
			t.Errorf("%s: at %q is %q, %v", c.what, now, is, err)
		}
	}
}
