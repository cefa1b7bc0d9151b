package vpcd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
)

const patience = time.Minute

func plain(entry string) *card.Chip {
	return card.NewChip(card.Card{Name: "c", PAN: "6224242900000113", Expiry: "3506", Entry: entry, Offline: card.Online, State: card.Good})
}

// slot is the other end of the wire.
type slot struct {
	t    *testing.T
	conn net.Conn
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func accept(t *testing.T, l net.Listener) slot {
	t.Helper()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return slot{t, conn}
}

func (s slot) send(m ...byte) {
	s.t.Helper()
	if _, err := s.conn.Write(append([]byte{0, byte(len(m))}, m...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s slot) expect(want []byte) {
	s.t.Helper()
	if got, err := receive(s.conn); err != nil || !bytes.Equal(got, want) {
		s.t.Errorf("% X %v, want % X", got, err, want)
	}
}

func (s slot) ended() {
	s.t.Helper()
	if _, err := receive(s.conn); !errors.Is(err, io.EOF) {
		s.t.Errorf("the card has not hung up: %v", err)
	}
}

// TestWire: controls have no answer but the ATR, APDUs have theirs, and the serial number is the reader's to tell of a
// contactless card alone.
func TestWire(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		chip := plain(entry)
		l := listen(t)
		in, err := Insert(context.Background(), l.Addr().String(), chip)
		if err != nil {
			t.Fatal(err)
		}
		s := accept(t, l)
		s.send(1)
		s.send(4)
		s.expect(chip.ATR())
		s.send(2)
		s.send(0xFF, 0xCA, 0, 0, 0)
		if entry == reader.Contactless {
			s.expect(append(chip.UID(), 0x90, 0x00))
		} else {
			s.expect([]byte{0x6E, 0x00})
		}
		s.send(0)
		s.send(4)
		s.expect(chip.ATR())
		in.Remove()
		in.Remove()
		s.ended()
		<-in.Gone()
	}
}

// TestATR: what the chips say of themselves reads as ISO 7816-3 has it.
func TestATR(t *testing.T) {
	contact, tag := plain(reader.Chip).ATR(), plain(reader.Contactless).ATR()
	if contact[0] != 0x3B || int(contact[1]&0x0F) != len(contact)-4 || contact[1]&0xF0 != 0x60 {
		t.Errorf("% X", contact)
	}
	check := byte(0)
	for _, b := range tag[1:] {
		check ^= b
	}
	if !bytes.Equal(tag[2:4], []byte{0x80, 0x01}) || tag[1]&0xF0 != 0x80 || int(tag[1]&0x0F) != len(tag)-5 || check != 0 {
		t.Errorf("% X", tag)
	}
	if uid := plain(reader.Contactless).UID(); len(uid) != 7 || uid[0] != 0x04 {
		t.Errorf("a serial number of %d bytes", len(uid))
	}
}

// TestComesBack: a slot that goes away and comes back finds the card still in it; one that takes itself away is gone.
func TestComesBack(t *testing.T) {
	chip := plain(reader.Contactless)
	l := listen(t)
	in, err := Insert(context.Background(), l.Addr().String(), chip)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Remove()
	accept(t, l).conn.Close()
	s := accept(t, l)
	chip.TearAfter(1)
	s.send(0x80, 0xCA, 0x9F, 0x36, 0)
	s.expect([]byte{0x9F, 0x36, 0x02, 0x01, 0x00, 0x90, 0x00})
	s.send(2)
	s.send(0x80, 0xCA, 0x9F, 0x36, 0)
	s.ended()
	<-in.Gone()
	if !chip.Gone() {
		t.Error("the chip does not know")
	}
}

// TestContextEnds: the end of the context takes the card out; nobody to insert it into is an error.
func TestContextEnds(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	in, err := Insert(ctx, l.Addr().String(), plain(reader.Chip))
	if err != nil {
		t.Fatal(err)
	}
	s := accept(t, l)
	cancel()
	<-in.Gone()
	s.ended()
	l.Close()
	if in, err := Insert(context.Background(), l.Addr().String(), plain(reader.Chip)); err == nil {
		in.Remove()
		t.Error("inserted into nothing")
	}
}

// writes counts them.
type writes struct{ n int }

func (w *writes) Write(p []byte) (int, error) { w.n++; return len(p), nil }

func TestOneWrite(t *testing.T) {
	var w writes
	if err := send(&w, make([]byte, 300)); err != nil || w.n != 1 {
		t.Errorf("%d writes, %v", w.n, err)
	}
	if err := send(&w, make([]byte, maxMessage)); err == nil || w.n != 1 {
		t.Errorf("a message that is too long: %d writes, %v", w.n, err)
	}
}
