package pn532_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/bits"
	"os"
	"syscall"
	"testing"
	"time"

	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"tillkeeper/drivers/port"
	"tillkeeper/drivers/sim/pn532"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// said reads n bytes that the chip sends over its UART.
func said(t *testing.T, l *port.Line, n int) string {
	t.Helper()
	b := make([]byte, n)
	l.SetWait(time.Minute)
	if err := l.Tx(nil, b); err != nil {
		t.Fatalf("%d bytes wanted: %v", n, err)
	}
	return hex.EncodeToString(b)
}

// mute makes sure that the chip says nothing.
func mute(t *testing.T, l *port.Line) {
	t.Helper()
	l.SetWait(30 * time.Millisecond)
	if err := l.Tx(nil, make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("it speaks: %v", err)
	}
}

const (
	ack     = "0000ff00ff00"
	nack    = "0000ffff0000"
	wakeSAM = "5555" + "0000000000000000000000000000" + "0000ff03fdd414011700"
	version = "0000ff02fed4022a00"
	is532   = "0000ff06fad50332010607e800"
	refused = "0000ff01ff7f8100"
)

// The dialogue of the UART, byte by byte, as UM0701-02 has it.
func TestUARTKeepsToTheManual(t *testing.T) {
	_, h := serve(t)
	l, err := port.OpenLine(h.Path(), 115200)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, step := range []struct{ name, send, want string }{
		{"asleep", version, ""},
		{"woken, but too early", "55" + version, ""},
		{"awake", wakeSAM, ack + "0000ff02fed5151600"},
		{"version", version, ack + is532},
		{"once more", nack, is532},
		{"damaged", "0000ff02fed4022b00", ""},
		{"wrong length", "0000ff02fdd4022a00", ""},
		{"noise before", "00ff1700a5" + version, ack + is532},
		{"an extended frame", "0000ffffff0002fed4022a00", ack + is532},
		{"unknown", "0000ff02fed4fe2e00", ack + refused},
		{"line test", "0000ff04fcd4000011" + "1b00", ack + "0000ff04fcd5010011" + "1900"},
		{"no such card", "0000ff05fbd4400100a4" + "4700", ack + "0000ff03fdd54127" + "c300"},
	} {
		if _, err := l.Write(unhex(t, step.send)); err != nil {
			t.Fatal(err)
		}
		if step.want == "" {
			mute(t, l)
		} else if got := said(t, l, len(step.want)/2); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	mute(t, l)
}

// A search without end waits for a card, and the host's ACK ends it.
func TestSearchWithoutEndIsAbortedByACK(t *testing.T) {
	c, h := serve(t)
	l, err := port.OpenLine(h.Path(), 115200)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	send := func(s string) {
		if _, err := l.Write(unhex(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	send(wakeSAM)
	said(t, l, 15)
	const list = "0000ff04fcd44a0100e100"
	send(list)
	said(t, l, 6)
	mute(t, l)
	c.Put(pn532.Member([]byte{1, 2, 3, 4}))
	if got := said(t, l, 19); got != "0000ff0cf4d54b01010004080401020304c400" {
		t.Errorf("the card: %s", got)
	}
	c.Remove()
	send(list)
	said(t, l, 6)
	send(ack)
	c.Put(pn532.Member([]byte{1, 2, 3, 4}))
	mute(t, l)
	send(version)
	if got := said(t, l, 19); got != ack+is532 {
		t.Errorf("afterwards: %s", got)
	}
}

// SetSerialBaudRate takes effect after the host's ACK (7.2.8).
func TestSpeedChangesAfterTheACK(t *testing.T) {
	_, h := serve(t)
	l, err := port.OpenLine(h.Path(), 115200)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{wakeSAM, "0000ff03fdd410001c00", ack} {
		if _, err := l.Write(unhex(t, s)); err != nil {
			t.Fatal(err)
		}
		if s != ack {
			said(t, l, 15)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		baud int
		want string
	}{{115200, ""}, {9600, ack + is532}} {
		if l, err = port.OpenLine(h.Path(), c.baud); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Write(unhex(t, version)); err != nil {
			t.Fatal(err)
		}
		if c.want == "" {
			mute(t, l)
		} else if got := said(t, l, len(c.want)/2); got != c.want {
			t.Errorf("%d baud: %s", c.baud, got)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHangUpIsSeenByTheHost(t *testing.T) {
	_, h := serve(t)
	l, err := port.OpenLine(h.Path(), 115200)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Read(make([]byte, 1)); !errors.Is(err, port.ErrHangup) {
		t.Errorf("got %v", err)
	}
}

// I2C, byte by byte: address, ready byte, frames (6.2.4).
func TestI2CKeepsToTheManual(t *testing.T) {
	c := pn532.New()
	b := c.I2C()
	tx := func(w string, n int) (string, error) {
		r := make([]byte, n)
		err := b.Tx(pn532.Address, unhex(t, w), r)
		return hex.EncodeToString(r), err
	}
	if _, err := tx(version, 0); !errors.Is(err, syscall.EREMOTEIO) {
		t.Errorf("asleep: %v", err)
	}
	time.Sleep(3 * time.Millisecond)
	for _, step := range []struct {
		send string
		n    int
		want string
	}{
		{"0000ff03fdd414011700", 1, "01"},
		{"", 7, "01" + ack},
		{"", 12, "01" + "0000ff02fed5151600" + "8080"},
		{"", 1, "00"},
		{version, 7, "01" + ack},
		{"", 14, "01" + is532},
		{nack, 14, "01" + is532},
		{"", 3, "000000"},
	} {
		if got, err := tx(step.send, step.n); err != nil || got != step.want {
			t.Errorf("%s: %s, want %s, %v", step.send, got, step.want, err)
		}
	}
	if err := b.Tx(0x25, nil, make([]byte, 1)); !errors.Is(err, syscall.EREMOTEIO) {
		t.Errorf("another address: %v", err)
	}
	if b.SetSpeed(physic.MegaHertz) == nil || b.SetSpeed(100*physic.KiloHertz) != nil {
		t.Error("speed")
	}
}

// SPI, byte by byte, the lowest bit first: write, status, read (6.2.5).
func TestSPIKeepsToTheManual(t *testing.T) {
	c := pn532.New()
	p := c.SPI(0)
	for _, bad := range []struct {
		f    physic.Frequency
		mode spi.Mode
		bits int
	}{{10 * physic.MegaHertz, spi.Mode0, 8}, {physic.MegaHertz, spi.Mode3, 8}, {physic.MegaHertz, spi.Mode0, 9}} {
		if _, err := p.Connect(bad.f, bad.mode, bad.bits); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	dev, err := p.Connect(physic.MegaHertz, spi.Mode0, 8)
	if err != nil {
		t.Fatal(err)
	}
	turn := func(b []byte) []byte {
		out := bytes.Clone(b)
		for i := range out {
			out[i] = bits.Reverse8(out[i])
		}
		return out
	}
	tx := func(w string, n int) string {
		out := turn(append(unhex(t, w), make([]byte, n)...))
		in := make([]byte, len(out))
		if err := dev.Tx(out, in); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(turn(in)[len(out)-n:])
	}
	if got := tx("02", 1); got != "ff" {
		t.Errorf("asleep: %s", got)
	}
	time.Sleep(3 * time.Millisecond)
	for _, step := range []struct {
		send string
		n    int
		want string
	}{
		{"02", 1, "00"},
		{"01" + "0000ff03fdd414011700", 0, ""},
		{"02", 1, "01"},
		{"03", 6, ack},
		{"02", 1, "01"},
		{"03", 11, "0000ff02fed5151600" + "ffff"},
		{"02", 1, "00"},
		{"01" + version, 0, ""},
		{"03", 6, ack},
		{"03", 13, is532},
		{"01" + nack, 0, ""},
		{"03", 13, is532},
	} {
		if got := tx(step.send, step.n); got != step.want {
			t.Errorf("%s: %s, want %s", step.send, got, step.want)
		}
	}
	if err := dev.Tx(make([]byte, 4097), nil); err == nil {
		t.Error("a transfer that is too long")
	}
}
