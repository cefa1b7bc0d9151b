package acquirer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// ErrControl means that switches are unusable; the text names the key at fault, and nothing was changed.
var ErrControl = errors.New("acquirer: bad control file")

const (
	controlPoll  = 100 * time.Millisecond // a control file is looked at so often
	controlLimit = 1 << 20                // bytes of a control file
	stateSuffix  = ".state"               // of the file that says what became of a control file
)

// asks are the processing requirements that a host may have of every terminal: 0 none, 1 download parameters, 4 load CA keys, 5 load card parameters, 7 blacklist.
var asks = []int{0, 1, 4, 5, 7}

// control is what a control file may say; what it does not name stays as it is.
type control struct {
	Line       *bool                      `json:"line"`
	Latency    *string                    `json:"latency"`
	Shop       *json.RawMessage           `json:"shop"`
	Accounts   map[string]json.RawMessage `json:"accounts"`
	Faults     json.RawMessage            `json:"faults"`
	Answer     string                     `json:"answer"`
	ForgetKeys bool                       `json:"forget_keys"`
	Ask        *int                       `json:"ask"`
}

// ControlState is what DATA/control.json.state says: how many control files were applied, and what was wrong with the last one.
type ControlState struct {
	Applied int    `json:"applied"`
	Error   string `json:"error,omitempty"`
}

// Control turns switches while the host runs, all of them or none; see the package comment for the JSON.
func (h *Host) Control(raw []byte) error {
	var c control
	if err := strictJSON(raw, &c); err != nil {
		return fmt.Errorf("%w: %w", ErrControl, err)
	}
	h.mu.Lock()
	apply, err := h.prepare(c)
	if err == nil {
		apply()
	}
	h.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrControl, err)
	}
	if c.Line != nil {
		return h.SetLine(*c.Line)
	}
	return nil
}

func strictJSON(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}

// prepare checks everything and answers what does it; the caller holds mu.
func (h *Host) prepare(c control) (func(), error) {
	plan, latency, shop := h.plan, h.cfg.Latency, h.shop
	if len(c.Faults) > 0 {
		plan = nil
		if !bytes.Equal(c.Faults, []byte("null")) {
			p, err := ParsePlan(c.Faults)
			if err != nil {
				return nil, err
			}
			plan = p
		}
	}
	if c.Answer != "" {
		plan = plan.before(ForcedAnswer(c.Answer))
		if err := plan.check(); err != nil {
			return nil, err
		}
	}
	if c.Latency != nil {
		d, err := time.ParseDuration(*c.Latency)
		if err != nil || d < 0 || d > waitLimit {
			return nil, fmt.Errorf("latency %q", *c.Latency)
		}
		latency = d
	}
	if c.Shop != nil {
		shop = Shop{}
		if err := strictJSON(*c.Shop, &shop); err != nil {
			return nil, fmt.Errorf("shop: %w", err)
		}
		if err := shop.check(); err != nil {
			return nil, fmt.Errorf("shop: %w", err)
		}
	}
	ask := h.ask
	if c.Ask != nil {
		if ask = *c.Ask; !slices.Contains(asks, ask) {
			return nil, fmt.Errorf("ask %d", ask)
		}
	}
	accounts, err := h.changed(c.Accounts)
	return func() {
		h.ask = ask
		h.plan, h.cfg.Latency, h.shop = plan, latency, shop
		for pan, a := range accounts {
			h.accounts[pan] = a
			delete(h.wrongPINs, h.cardHash(pan))
		}
		if c.ForgetKeys {
			for name, t := range h.terminals {
				h.terminals[name] = &terminal{Batch: t.Batch}
			}
		}
	}, err
}

// changed answers accounts with the named keys changed, the others as they are.
func (h *Host) changed(keys map[string]json.RawMessage) (map[string]Account, error) {
	out := map[string]Account{}
	for pan, raw := range keys {
		if pan == "" || !digits(pan) {
			return nil, errors.New("accounts: a card number has to be digits")
		}
		a := h.account(pan)
		err := strictJSON(raw, &a)
		if err == nil {
			err = a.check()
		}
		if err != nil {
			return nil, fmt.Errorf("account ending %s: %w", last(pan, 4), err)
		}
		out[pan] = a
	}
	return out, nil
}

// WatchControl applies a control file whenever its content changes, until ctx ends, and writes what became of it beside it (".state").
func (h *Host) WatchControl(ctx context.Context, file string) {
	var before []byte
	var state ControlState
	for pause(ctx, controlPoll) {
		now, err := readLimited(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil && bytes.Equal(now, before):
			continue
		case err == nil:
			before = now
			err = h.Control(now)
		}
		state.Error = ""
		if err != nil {
			state.Error = err.Error()
			h.log.Error("acquirer: control file", "err", err)
		} else {
			state.Applied++
			h.log.Info("acquirer: control file applied", "number", state.Applied)
		}
		if err := writeState(file, state); err != nil {
			h.log.Error("acquirer: control file", "err", err)
		}
	}
}

func readLimited(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(f, controlLimit+1))
	if err == nil && len(raw) > controlLimit {
		err = fmt.Errorf("%w: more than %d bytes", ErrControl, controlLimit)
	}
	return raw, err
}

func writeState(file string, s ControlState) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	name := file + stateSuffix
	if err := os.WriteFile(name+".tmp", append(raw, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}
