package drivers

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"tillkeeper/app/pos"
)

// TestADeviceThatCannotBeOneIsNoEndOfTheTill: one URL that no device has, as an earlier version took it and devices.toml kept it,
// kept the whole shop closed.
func TestADeviceThatCannotBeOneIsNoEndOfTheTill(t *testing.T) {
	wrong := map[string]string{
		Reader: "pcsc:,", Printer: "serial:/dev/ttyUSB0?baud=", QR: "st7789+spi:SPI0.0",
		Pole: "serial:/dev/ttyUSB0?model=nobody's", Scanner: "serial:/dev//ttyUSB0", Scale: "fax:1",
	}
	c := shop(t)
	maps.Copy(c.Devices, wrong)
	s := opened(t, c)
	for kind, all := range map[string][]pos.Condition{"condition": s.Conditions(), "self-test": s.Self(t.Context())} {
		by := map[string]pos.Condition{}
		for _, c := range all {
			by[c.Name] = c
		}
		for name := range wrong {
			if c := by[conditionName(name)]; c.State != "fault" || c.Code != "bad_config" || !strings.Contains(c.Detail, "devices."+name) && name != Pole || c.Remedy == "" {
				t.Errorf("%s of %s: %+v", kind, name, c)
			}
		}
		if c, there := by[Drawer]; there || by[PINPad].State == "fault" {
			t.Errorf("%s: %+v, %+v", kind, c, by[PINPad])
		}
	}
	for _, d := range s.Devices() {
		if url, is := wrong[d.Name]; is && (d.URL != url || d.Condition.Code != "bad_config") {
			t.Errorf("%+v", d)
		}
	}
	if _, err := s.Scale.Weigh(t.Context()); !isCode(err, "bad_config") {
		t.Errorf("the scale: %v", err)
	}
	if err := s.Printer.Kick(); !isCode(err, "bad_config") {
		t.Errorf("the drawer: %v", err)
	}
	// Another one is taken at once; one that cannot be, leaves it.
	if err := s.Use(t.Context(), Scale, "fax:2"); !isCode(err, "bad_config") || s.slots[Scale].condition().Code != "bad_config" {
		t.Errorf("%v, %+v", err, s.slots[Scale].condition())
	}
	for name, url := range map[string]string{Scale: "sim:", Printer: "sim:", QR: ""} {
		if err := s.Use(t.Context(), name, url); err != nil {
			t.Error(err)
		}
		if c, at := s.condition(name); c.Code == "bad_config" || at != url {
			t.Errorf("%s at %q: %+v", name, at, c)
		}
	}
}

// TestAPINPadThatCannotBeOneIsRefused: without its keys no message of the till has a MAC.
func TestAPINPadThatCannotBeOneIsRefused(t *testing.T) {
	c := shop(t)
	c.Devices[PINPad] = "serial:/dev//ttyS1"
	if s, err := Open(t.Context(), c); !isCode(err, "bad_config") {
		t.Errorf("%v", err)
		if err == nil {
			_ = s.Close()
		}
	}
}

// TestARefusedDeviceIsNotOpenedAgain: a change that fails puts back what was there, and that was never opened.
func TestARefusedDeviceIsNotOpenedAgain(t *testing.T) {
	var all scales
	sl := &slot{name: Scale, open: all.opener}
	sl.refuse("cas:/7", errors.New("it cannot be"))
	if err := sl.put(t.Context(), "cas:/none"); err == nil {
		t.Error("a scale that cannot be opened was taken")
	}
	if c := sl.condition(); all.open != 0 || sl.address() != "cas:/7" || c.State != "fault" || c.Detail != "it cannot be" {
		t.Errorf("%d open, %q, %+v", all.open, sl.address(), c)
	}
	if err := sl.put(t.Context(), "cas:/8"); err != nil || sl.refused() != nil || sl.address() != "cas:/8" {
		t.Errorf("%v, %v at %q", err, sl.refused(), sl.address())
	}
	if err := sl.put(t.Context(), "cas:/none"); err == nil || sl.address() != "cas:/8" {
		t.Errorf("%v at %q", err, sl.address())
	}
}
