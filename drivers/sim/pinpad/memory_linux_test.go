package pinpad

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
)

// kept holds what a planted twin keeps, so that it stays in its memory.
var kept [][]byte

// tillProcess is the till's side: the driver of the pad over a serial line or TCP, and the line to the host. Standard input tells it what to do. A twin gets the TMK as well (masked, so that the pipe does not plant it) and keeps it, the PIK and the PIN in a form.
func tillProcess(form string) error {
	t := &till{form: form}
	fmt.Println("done")
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Fields(in.Text())
		out, err := t.do(f[0], f[1:])
		if err != nil {
			return err
		}
		fmt.Println("done", out)
	}
	return in.Err()
}

type till struct {
	pad      *pad.Pad
	host     *acquirer.Link
	form     string
	tmk, f62 []byte
}

func (t *till) do(verb string, args []string) (string, error) {
	ctx, stop := context.WithTimeout(bg, time.Minute)
	defer stop()
	switch verb {
	case "tcp":
		t.pad = pad.New(func(context.Context) (io.ReadWriteCloser, error) { return net.Dial("tcp", args[0]) })
		return "", nil
	case "serial":
		t.pad = pad.New(func(context.Context) (io.ReadWriteCloser, error) { return port.OpenLine(args[0], defaultBaud) })
		return "", nil
	case "signon":
		return "", t.signOn(ctx, args[0])
	case "sale":
		return t.sale(ctx, args[0])
	case "component":
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return "", err
		}
		_, whole, err := t.pad.Component(ctx, n, "person "+args[0])
		return fmt.Sprintf("%X", whole), err
	case "load":
		f62, err := hex.DecodeString(args[0])
		if err != nil {
			return "", err
		}
		t.f62 = f62
		return "", t.pad.LoadKeys(ctx, f62, "003")
	case "mac":
		mac, err := t.pad.MAC(ctx, keys.MACECB, []byte(args[0]))
		return string(mac[:]), err
	case "pin":
		block, err := t.pad.PINBlock(ctx, pos.PINRequest{PAN: args[0], Amount: 100})
		if err == nil && t.tmk != nil {
			err = t.plant(block.Block, args[0])
		}
		return fmt.Sprintf("%X", block.Block), err
	case "plant":
		masked, err := hex.DecodeString(args[0])
		xor(masked, bytes.Repeat([]byte{mask}, len(masked)))
		t.tmk = masked
		return "", err
	}
	return "", fmt.Errorf("what is %q", verb)
}

// signOn has the host's working keys pass through to the pad.
func (t *till) signOn(ctx context.Context, address string) error {
	profile, err := wire.Load(os.DirFS(assetsDir), "cup")
	if err != nil {
		return err
	}
	t.host = acquirer.New(acquirer.Options{Address: address, Profile: profile, TID: testTID, MID: testMID, Keys: t.pad})
	_, err = t.host.SignOn(ctx, "000001", "000001", "001")
	return err
}

// sale pays with a PIN.
func (t *till) sale(ctx context.Context, number string) (string, error) {
	terms := t.host.Terms()
	pin, err := t.pad.PINBlock(ctx, pos.PINRequest{PAN: number, Amount: 100, Format: terms.PINFormat, Keys: terms.PINKeys})
	if err != nil {
		return "", err
	}
	reply, err := t.host.Exchange(ctx, pos.Request{Op: pos.OpSale, STAN: "000002", Batch: "000001", Amount: 100, Card: pos.CardData{
		PAN: number, Expiry: "3012", Entry: "swipe", Track2: number + "=30122010000000000", PIN: true, PINBlock: pin.Block, KSN: pin.KSN,
	}})
	return reply.Code, err
}

const mask = 0x5A

// plant is the bug that must be found: the till unwraps F62 and deciphers the PIN block, and keeps what it got.
func (t *till) plant(block []byte, of string) error {
	w, err := keys.Unwrap(t.tmk, t.f62, "003")
	if err != nil {
		return err
	}
	pin, err := Decipher(pad.Format0, Key{Bytes: w.PIK}, block, of)
	if err != nil {
		return err
	}
	for _, secret := range [][]byte{t.tmk, w.PIK, pin} {
		kept = append(kept, forms(secret)[t.form])
	}
	clear(t.tmk)
	clear(w.PIK)
	clear(pin)
	return nil
}

// forms are the ways in which a secret may stand in memory.
func forms(b []byte) map[string][]byte {
	reversed := bytes.Clone(b)
	slices.Reverse(reversed)
	upper := []byte(strings.ToUpper(hex.EncodeToString(b)))
	lower := []byte(hex.EncodeToString(b))
	out := map[string][]byte{
		"raw": bytes.Clone(b), "reversed": reversed, "hex": upper, "lower hex": lower,
		"base64": []byte(base64.StdEncoding.EncodeToString(b)),
	}
	for _, n := range []string{"hex", "lower hex"} {
		back := bytes.Clone(out[n])
		slices.Reverse(back)
		out["reversed "+n] = back
	}
	return out
}
