package drivers

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tillkeeper/app/pos"
)

// misspelt are URLs that open nothing, each with a word of what is to be written.
var misspelt = []struct{ device, url, remedy string }{
	{Printer, "usb:1", writes(Printer)},
	{Printer, "sim", writes(Printer)},
	{Printer, "serial:", writes(Printer)},
	{Printer, "serial:/dev/ttyUSB0?speed=9600", "known are: baud columns model"},
	{Reader, "pcsc:,lpt:1", writes(Reader)},
	{Scale, "sim:?baud=9600", "known are: nothing"},
	{Scale, "sim:one", writes(Scale)},
	{Scale, "cas:ttyUSB0", writes(Scale)},
	{Scale, "cas:/dev/ttyUSB0\x01", writes(Scale)},
	{Scale, "cas:/dev/ttyUSB0\xff", writes(Scale)},
	{Printer, "tcp:192.168.1.50", writes(Printer)},
	{Printer, "tcp::9100", writes(Printer)}, // would be this machine
	{Printer, "tcp:[]:9100", writes(Printer)},
	{Printer, "tcp:192.168.1.50:", writes(Printer)},
	{Printer, "tcp:192.168.1.50:0", writes(Printer)},
	{Printer, "tcp:192.168.1.50:65536", writes(Printer)},
	{Printer, "tcp:192.168.1.50:printer", writes(Printer)},
	{Printer, "serial://dev/ttyUSB0", writes(Printer)}, // the device of /dev/ttyUSB0 under another name
	{Printer, "lp:/dev/usb/../sda", writes(Printer)},
	{Scanner, "evdev:/dev/input/event3/", writes(Scanner)},
	{Reader, "pcsc:?reader=", "leave it out"}, // would be every reader
	{Reader, "pcsc:?reader=%20", "leave it out"},
	{Reader, "pcsc:?socket=pcscd.comm", writes(Reader)},
	{Reader, "pn532+i2c:", writes(Reader)}, // periph would take the first bus
	{Reader, "pn532+spi:", writes(Reader)},
	{QR, "ssd1306+i2c:", writes(QR)},
	{QR, "st7789+spi:?dc=GPIO25", writes(QR)},
	{QR, "st7789+spi:SPI0.0", "dc=GPIO25"},
	{QR, "waveshare2in13v2+spi:SPI0.0?dc=GPIO25&reset=GPIO17", "busy=GPIO25"},
	{QR, "waveshare2in13v4+spi:SPI0.0?dc=GPIO25&busy=GPIO24", "reset=GPIO25"},
	{QR, "waveshare2in13v4+spi:SPI0.0?dc=&reset=GPIO17&busy=GPIO24", "leave it out"},
	{Printer, "serial:/dev/ttyUSB0?baud=12", "from 300"},
	{Printer, "serial:/dev/ttyUSB0?baud=9600&baud=19200", "once"},
	{Printer, "serial:/dev/ttyUSB0?columns=1000", "from 24"},
	{Printer, "serial:/dev/ttyUSB0?model=nobody's", "leave model= out"},
	{Pole, "serial:/dev/ttyUSB0?model=nobody's", "write one of"},
	{QR, "ssd1306+i2c:I2C1?rotate=45", "rotate=0, 90"},
	{Reader, "pcsc:,", "comma"},
	{Reader, "pcsc:,pcsc:,pcsc:,pcsc:,pcsc:", "fewer"},
}

func TestURLsOfDevices(t *testing.T) {
	for _, c := range []struct{ device, url string }{
		{Reader, "sim:"},
		{Reader, "pcsc:"},
		{Reader, "pcsc:?reader=ACS"},
		{Reader, "pcsc:, pn532+serial:/dev/ttyUSB0?baud=115200"},
		{Reader, ""},
		{PINPad, "serial:/dev/ttyS1"},
		{Printer, "tcp:192.168.1.50:9100"},
		{Printer, "serial:/dev/serial/by-id/usb-1?baud=38400&columns=32"},
		{QR, "st7789+spi:SPI0.0?dc=GPIO25&reset=GPIO27&rotate=90"},
		{Scale, "cas:/dev/ttyUSB2"},
		{Scanner, "evdev:/dev/input/by-id/x-event-kbd"},
		{Reader, "pcsc:?socket=/run/pcscd/pcscd.comm&reader=ACS"},
		{Printer, "tcp:[fe80::1%25eth0]:9100"},
		{QR, "waveshare2in13v3+spi:SPI0.0?dc=GPIO25&reset=GPIO17&busy=GPIO24"},
	} {
		if err := valid(c.device, c.url); err != nil {
			t.Errorf("%s = %q: %v", c.device, c.url, err)
		}
	}
	for _, c := range misspelt {
		err := valid(c.device, c.url)
		var named *pos.Error
		if !errors.As(err, &named) || named.Code != "bad_config" || !strings.Contains(named.Remedy, c.remedy) {
			t.Errorf("%s = %q: %v", c.device, c.url, err)
		}
		if said := misnamed(err); len(said.Found) == 0 || len(said.Mend) == 0 { // else a Chinese screen shows the English one
			t.Errorf("%s = %q is said in English alone: %+v", c.device, c.url, said)
		}
	}
}

// scales open as many as were asked for and count those that are open.
type scales struct {
	mu   sync.Mutex
	open int
	most int
}

type weight int64

func (w weight) Weigh(context.Context) (int64, error) { return int64(w), nil }

func (s *scales) opener(_ context.Context, url string) (*unit, error) {
	a, err := parse(Scale, url)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimPrefix(a.path, "/"))
	if err != nil {
		return nil, errors.New("no such scale")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	s.most = max(s.most, s.open)
	return &unit{
		port:  pos.Scale(weight(n)),
		state: func() pos.Condition { return pos.Condition{State: "ok"} },
		close: func() error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.open--
			return nil
		},
	}, nil
}

func TestADeviceIsChangedWhileItIsUsed(t *testing.T) {
	var all scales
	sl := &slot{name: Scale, open: all.opener}
	port := scaleSlot{sl}
	if _, err := port.Weigh(t.Context()); !isCode(err, "not_configured") {
		t.Errorf("an empty slot: %v", err)
	}
	var users sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		users.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := port.Weigh(t.Context()); err != nil && !isCode(err, "not_configured") {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := 1; i <= 200; i++ {
		if err := sl.put(t.Context(), "cas:/"+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	users.Wait()
	if g, err := port.Weigh(t.Context()); g != 200 || err != nil {
		t.Errorf("weighs %d, %v", g, err)
	}
	// What cannot be opened, or is not a URL, leaves the one that was there.
	for _, bad := range []string{"cas:/none", "usb:1", "cas:"} {
		if err := sl.put(t.Context(), bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
		if g, err := port.Weigh(t.Context()); g != 200 || err != nil {
			t.Errorf("after %s weighs %d, %v", bad, g, err)
		}
	}
	if err := sl.put(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if all.most != 1 || all.open != 0 {
		t.Errorf("%d were open at once, %d are left", all.most, all.open)
	}
	if c := sl.condition(); c.State != "off" || c.Code != "not_configured" || c.Name != "scale" {
		t.Errorf("%+v", c)
	}
}

func isCode(err error, code string) bool {
	var named *pos.Error
	return errors.As(err, &named) && named.Code == code
}

// shower keeps what it shows.
type shower struct{ shown []pos.View }

func (s *shower) Show(v pos.View) error {
	s.shown = append(s.shown, v)
	return nil
}

func TestANewDisplayShowsWhatIsShownNow(t *testing.T) {
	var panels []*shower
	sl := &slot{name: QR, open: func(context.Context, string) (*unit, error) {
		p := &shower{}
		panels = append(panels, p)
		return &unit{port: pos.Display(p), state: func() pos.Condition { return pos.Condition{State: "ok"} }}, nil
	}}
	d := newDisplaySlot(sl)
	code := pos.View{State: pos.ViewQR, QR: "weixin://1"}
	for _, step := range []error{d.Show(code), sl.put(t.Context(), "sim:"), sl.put(t.Context(), "ssd1306+i2c:I2C1")} {
		if step != nil {
			t.Fatal(step)
		}
	}
	if len(panels) != 2 || len(panels[1].shown) != 1 || panels[1].shown[0] != code {
		t.Fatalf("%d panels: %+v", len(panels), panels)
	}
	if c := sl.condition(); c.Name != "display" {
		t.Errorf("%+v", c)
	}
}
