package pcsc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader/pcsc"
)

const slot0, slot1 = "Virtual PCD 00 00", "Virtual PCD 00 01"

// TestClient: every call of the protocol against pcscd, and what goes wrong by its name.
func TestClient(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	insert(t, d, 0, chip)
	d.Await(t, 0, true)
	ctx := within(t)
	a, b := dial(t, d.Socket), dial(t, d.Socket)

	for _, test := range []struct {
		name, reader string
		share        pcsc.Share
		protocols    pcsc.Protocol
		err          error
	}{
		{"no card", slot1, pcsc.Shared, pcsc.AnyOf, pos.ErrCardRemoved},
		{"no such reader", "Other", pcsc.Shared, pcsc.AnyOf, pcsc.ErrUnplugged},
		{"no name", "", pcsc.Shared, pcsc.AnyOf, pcsc.ErrUnplugged},
		{"a T=0 card by T=1", slot0, pcsc.Shared, pcsc.T1, pos.ErrCardUnreadable},
	} {
		if _, err := a.Connect(ctx, test.reader, test.share, test.protocols); !errors.Is(err, test.err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}

	ha, err := a.Connect(ctx, slot0, pcsc.Shared, pcsc.AnyOf)
	if err != nil || ha.Protocol != pcsc.T0 {
		t.Fatal(ha, err)
	}
	hb, err := b.Connect(ctx, slot0, pcsc.Shared, pcsc.AnyOf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, d.Socket).Connect(ctx, slot0, pcsc.Exclusive, pcsc.AnyOf); !errors.Is(err, pcsc.ErrBusy) {
		t.Errorf("exclusive where others are: %v", err)
	}
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	check("begin", ha.Begin(ctx), nil)
	check("begin while another has begun", hb.Begin(ctx), pcsc.ErrBusy)
	_, err = hb.Transmit(ctx, []byte{0x00, 0xB2, 0x01, 0x54, 0x00})
	check("transmit while another has begun", err, pcsc.ErrBusy)
	check("end", ha.End(ctx, pcsc.Leave), nil)
	check("begin after that", hb.Begin(ctx), nil)
	check("end", hb.End(ctx, pcsc.Reset), nil)
	_, err = ha.Transmit(ctx, []byte{0x00, 0xB2, 0x01, 0x54, 0x00})
	check("transmit after a reset", err, pcsc.ErrReset)
	check("reconnect", ha.Reconnect(ctx, pcsc.Shared, pcsc.AnyOf, pcsc.Leave), nil)
	check("status", ha.Status(ctx), nil)
	if answer, err := ha.Transmit(ctx, []byte{0x80, 0xCA, 0x9F, 0x36, 0x00}); err != nil || answer[0] != 0x6C {
		t.Errorf("T=0 asks for the length: % X %v", answer, err)
	}
	check("disconnect", ha.Disconnect(ctx, pcsc.Leave), nil)
	check("disconnect", hb.Disconnect(ctx, pcsc.Unpower), nil)
}

// TestReaderItself: what is asked of the reader and not of the card, with no card in it. vpcd knows none of it.
func TestReaderItself(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	ctx := within(t)
	h, err := dial(t, d.Socket).Connect(ctx, slot0, pcsc.Direct, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Features(ctx); !errors.Is(err, pcsc.ErrUnsupported) {
		t.Errorf("features: %v", err)
	}
	if _, err := h.Control(ctx, pcsc.ControlEscape, []byte{1}); !errors.Is(err, pcsc.ErrUnsupported) {
		t.Errorf("an escape: %v", err)
	}
	if _, err := h.Attribute(ctx, pcsc.SerialNumber); !errors.Is(err, pcsc.ErrUnsupported) {
		t.Errorf("an attribute: %v", err)
	}
	if err := h.Disconnect(ctx, pcsc.Leave); err != nil {
		t.Error(err)
	}
}

// TestWaitEnds: a wait that is ended leaves the connection good, whether or not something happened at the same time.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	c := dial(t, d.Socket)
	states, err := c.Readers(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { _, err := c.Wait(ctx, states); done <- err }()
		if i%5 == 4 { // some time after this pcscd tells of a change
			insert(t, d, i/10, chip)
		}
		time.Sleep(time.Duration(i) * 5 * time.Millisecond)
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(i, err)
		}
		if states, err = c.Readers(within(t)); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Readers(within(t)); !errors.Is(err, pcsc.ErrDaemonDown) {
		t.Errorf("after Close: %v", err)
	}
}
