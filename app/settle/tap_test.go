package settle

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// tap listens to what the till sends, below the line's driver.
type tap struct {
	mu      sync.Mutex
	journal pos.Journal
	sent    []frame
	faults  []string
}

// frame is one message as it left, or a mark.
type frame struct {
	raw string
	m   *wire.Message
}

func (f frame) key() string { return f.m.MTI + " " + f.m.Get(11) }

// items gives the trace numbers of an upload message.
func (f frame) items() []string {
	text := f.m.Get(48)
	var out []string
	for i := 2; i+40 <= len(text); i += 40 {
		out = append(out, text[i+2:i+8])
	}
	return out
}

func (f frame) isUpload() bool { return f.m.MTI == "0320" && len(f.m.Get(48)) > 4 }

func (t *tap) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: c, t: t}, nil
}

type tapped struct {
	net.Conn
	t    *tap
	rest []byte
}

func (c *tapped) Write(b []byte) (int, error) {
	c.rest = append(c.rest, b...)
	for len(c.rest) >= 2 {
		n := 2 + int(c.rest[0])<<8 + int(c.rest[1])
		if len(c.rest) < n {
			break
		}
		c.t.heard(c.rest[2:n])
		c.rest = slices.Clone(c.rest[n:])
	}
	return c.Conn.Write(b)
}

func (t *tap) heard(body []byte) {
	p, err := profile()
	if err != nil {
		panic(err)
	}
	_, m, err := p.Unpack(body)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.faults = append(t.faults, "a message cannot be read: "+err.Error())
		return
	}
	switch m.MTI {
	case "0500", "0320":
		if text := t.journal.Setting(pos.SetSettling); !strings.Contains(text, `"`+m.Get(11)+`"`) {
			t.faults = append(t.faults, fmt.Sprintf("%s %s left and the journal did not know: %s", m.MTI, m.Get(11), text))
		}
	case "0100", "0200", "0220", "0400":
		if t.journal.Setting(pos.SetSettling) != "" {
			t.faults = append(t.faults, fmt.Sprintf("%s %s left while the batch was being settled", m.MTI, m.Get(11)))
		}
	}
	t.sent = append(t.sent, frame{raw: string(body), m: m})
}

func (t *tap) frames() []frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.sent)
}

// hear listens for a till with this journal.
func (t *tap) hear(j pos.Journal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.journal = j
}

func (t *tap) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent, t.faults = nil, nil
}

// mtis gives the kinds of messages in the order they left; signs of life and
// sign-ons are left out.
func (t *tap) mtis() string {
	var out []string
	for _, f := range t.frames() {
		if !strings.HasPrefix(f.m.MTI, "08") {
			out = append(out, f.m.MTI)
		}
	}
	return strings.Join(out, " ")
}

// story says what is wrong with what left: a repeated message that is not the
// identical one, a second 0500 of a batch, a payment in two messages.
func (t *tap) story() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	wrong := slices.Clone(t.faults)
	first, in, totals := map[string]string{}, map[string]string{}, map[string]string{}
	for _, f := range t.sent {
		if f.m.MTI != "0500" && f.m.MTI != "0320" {
			continue
		}
		batch := f.m.Get(60)[2:8]
		if was, ok := first[batch+f.key()]; ok && was != f.raw {
			wrong = append(wrong, f.key()+" was repeated and was not the same message")
		}
		first[batch+f.key()] = f.raw
		if f.m.MTI == "0500" {
			if was := totals[batch]; was != "" && was != f.m.Get(11) {
				wrong = append(wrong, "a second 0500 for batch "+batch+" with a new trace number")
			}
			totals[batch] = f.m.Get(11)
		}
		if !f.isUpload() {
			continue
		}
		for _, stan := range f.items() {
			if was := in[batch+stan]; was != "" && was != f.m.Get(11) {
				wrong = append(wrong, "payment "+stan+" of batch "+batch+" was uploaded in two messages")
			}
			in[batch+stan] = f.m.Get(11)
		}
	}
	return wrong
}
