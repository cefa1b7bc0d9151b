package acquirer

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/download"
)

// DefaultTMK is the terminal master key of the demo.
const DefaultTMK = "0123456789ABCDEFFEDCBA9876543210"

const (
	numbersName  = "numbers"
	numbersBlock = 1_000_000 // reference numbers taken from disk at once
)

// Config is what a host is made of. Dir and Profile are needed; everything else has a default.
type Config struct {
	Dir              string             // its folder, made when absent
	Profile          *wire.Profile      // how terminals speak
	TMK              string             // hex, DefaultTMK when empty
	BDK              string             // hex, of PIN pads with DUKPT; that of the demo when empty
	Accounts         map[string]Account // by card number
	Clock            pos.Clock          // of the time stamps; waits use the machine's monotonic clock
	Latency          time.Duration      // added to every answer
	Logger           *slog.Logger
	Random           io.Reader   // of the keys it hands out
	OriginalNotThere string      // code to a reversal of something unknown, "25" when empty
	RefuseOvertaken  bool        // a request whose reversal came first is declined with 12; else it is taken as any other
	Shop             Shop        // what merchants may do
	TLS              *tls.Config // nil for plain TCP
}

// Host is a simulated acquirer with its issuers.
type Host struct {
	cfg Config
	tmk []byte
	bdk []byte // empty where the profile has no DUKPT
	log *slog.Logger

	mu        sync.Mutex // guards everything down to the line; never held while waiting
	secret    []byte
	accounts  map[string]Account
	terminals map[string]*terminal
	book      *book
	ledger    *ledger
	declined  map[Key]bool // asked and refused, money never moved
	overtaken map[Key]bool // reversed before it came
	wrongPINs map[string]int
	serials   map[string]uint32    // highest counter of each DUKPT device
	settled   map[batchKey]settled // the last 0500 and its answer
	number    int64                // last reference number
	numberEnd int64
	plan      *Plan
	shop      Shop
	ask       int // processing requirement of every answer that has none of its own

	line line
}

// New opens or makes a host's folder; what its ledger says holds again.
func New(cfg Config) (*Host, error) {
	if cfg.Profile == nil || cfg.Dir == "" {
		return nil, errors.New("acquirer: a profile and a folder are needed")
	}
	if cfg.TMK == "" {
		cfg.TMK = DefaultTMK
	}
	tmk, err := hex.DecodeString(cfg.TMK)
	if err != nil || len(tmk) != 16 {
		return nil, errors.New("acquirer: the TMK has to be 32 hex characters")
	}
	if cfg.Clock == nil {
		cfg.Clock = pos.WallClock{}
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.OriginalNotThere == "" {
		cfg.OriginalNotThere = "25"
	}
	h := &Host{cfg: cfg, tmk: tmk, log: cfg.Logger, accounts: maps.Clone(cfg.Accounts), shop: cfg.Shop}
	if h.accounts == nil {
		h.accounts = map[string]Account{}
	}
	if err := h.loadBDK(); err != nil {
		return nil, err
	}
	h.line.init()
	h.line.tls = cfg.TLS
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	return h, h.load()
}

// load reads everything from disk; the caller holds mu or is alone.
func (h *Host) load() error {
	if err := h.loadSecret(); err != nil {
		return err
	}
	if err := h.loadTerminals(); err != nil {
		return err
	}
	h.declined, h.overtaken = map[Key]bool{}, map[Key]bool{}
	h.wrongPINs, h.settled, h.serials = map[string]int{}, map[batchKey]settled{}, map[string]uint32{}
	if err := h.takeNumbers(); err != nil {
		return err
	}
	l, entries, err := openLedger(h.cfg.Dir)
	if err != nil {
		return err
	}
	b := newBook()
	for _, e := range entries {
		if err := b.apply(e); err != nil {
			return errors.Join(err, l.close())
		}
		if device, counter, ok := serial(e.KSN); ok {
			h.serials[device] = max(h.serials[device], counter)
		}
	}
	h.ledger, h.book = l, b
	h.catchUp()
	return nil
}

// catchUp moves terminals on whose batch the ledger shows closed: the close is durable before the terminal's file.
func (h *Host) catchUp() {
	for where := range h.book.closed {
		if t := h.terminals[terminalKey(where.tid, where.mid)]; t != nil {
			for h.isClosed(where.tid, where.mid, t.Batch) {
				t.Batch = nextBatch(t.Batch)
			}
		}
	}
}

func (h *Host) isClosed(tid, mid, batch string) bool {
	_, ok := h.book.closed[batchKey{tid, mid, batch}]
	return ok
}

// takeNumbers reserves a block of reference numbers on disk, so that none is given twice.
func (h *Host) takeNumbers() error {
	name := filepath.Join(h.cfg.Dir, numbersName)
	raw, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	var block int64
	if err == nil {
		if block, err = strconv.ParseInt(strings.TrimSpace(string(raw)), 10, 64); err != nil {
			return fmt.Errorf("acquirer: %s: %w", numbersName, err)
		}
	}
	block++
	h.number, h.numberEnd = block*numbersBlock, (block+1)*numbersBlock-1
	return download.Keep(h.cfg.Dir, numbersName, []byte(strconv.FormatInt(block, 10)+"\n"))
}

// nextNumber answers a reference number never given before.
func (h *Host) nextNumber() (int64, error) {
	if h.number == h.numberEnd {
		if err := h.takeNumbers(); err != nil {
			return 0, err
		}
	}
	h.number++
	return h.number, nil
}

func randomBytes(b []byte) error {
	_, err := rand.Read(b)
	return err
}

// SetFaults replaces the fault plan; nil ends all faults.
func (h *Host) SetFaults(p *Plan) error {
	if p != nil {
		if err := p.check(); err != nil {
			return err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.plan = p
	return nil
}

// SetLatency changes what is added to every answer.
func (h *Host) SetLatency(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cfg.Latency = d
}

// Batch answers the batch that a terminal trades in, "" when it never signed on.
func (h *Host) Batch(tid, mid string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.terminals[terminalKey(tid, mid)]; t != nil {
		return t.Batch
	}
	return ""
}

// restart forgets what is not on disk, as a new process would.
func (h *Host) restart() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.ledger.close(); err != nil {
		return err
	}
	return h.load()
}

// Close ends the line, waits for the requests in hand and closes the ledger.
func (h *Host) Close() error {
	h.line.shut()
	h.mu.Lock()
	l := h.ledger
	h.mu.Unlock()
	return l.close()
}

// Listen opens the port, as "127.0.0.1:0", and answers where it listens.
func (h *Host) Listen(addr string) (net.Addr, error) { return h.line.listen(addr) }

// SetLine pulls the line (listener and connections closed) or puts it back on the same port.
func (h *Host) SetLine(up bool) error { return h.line.set(up) }

// Serve takes connections until ctx ends or Close is called; it answers nil then.
func (h *Host) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, h.line.shut)
	defer stop()
	return h.line.accept(h.serveConn)
}
