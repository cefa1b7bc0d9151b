package emv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"
)

// The three cryptograms of a GENERATE AC, as the upper two bits of tag 9F27 (EMV Book 3, 6.5.5).
const (
	AAC  byte = 0x00 // refused by the card
	TC   byte = 0x40 // approved by the card
	ARQC byte = 0x80 // the card wants the issuer
)

const maxAmount = 999_999_999_999 // n12, fen

const dataRoom = 64 // data objects of a terminal and most cards

// ActionCodes are the terminal's action codes, five bytes each, in the order of the TVR (EMV Book 4, annex A).
type ActionCodes struct{ Denial, Online, Default [5]byte }

// Terminal is what the terminal is: its data objects, applications, CA keys and action codes. All fields are plain EMV
// values; DefaultTerminal has those of the built-in profile.
type Terminal struct {
	Country, Currency uint16  // BCD, 0x0156 is China and renminbi
	Capabilities      [3]byte // 9F33
	MoreCapabilities  [5]byte // 9F40
	Type              byte    // 9F35
	Version           [2]byte // 9F09
	Qualifiers        [4]byte // 9F66, contactless
	AIDs              [][]byte
	Applications      []Application // where there are any they take the place of AIDs, Version and Actions
	Keys              CATable
	Store             *KeyStore // where it is not nil, its table takes the place of Keys when a dialogue begins
	Actions           ActionCodes
	Selection         RandomSelection
	Random            io.Reader // source of the unpredictable number; nil is crypto/rand

	// FloorLimit, fen: from it on a payment goes online; 0 leaves the limits to the Request alone, and without a host nothing
	// is drawn at random then.
	FloorLimit int64
	// Log is the sum of what was taken offline from the same card, today or still open, fen (EMV Book 3, 10.6.1): it counts
	// towards the floor limit; a card of which no more may be taken counts with the whole of it. nil knows of none. It must
	// not keep the number.
	Log func(pan string) int64
	// Listed says whether the card is on the exception file; nil knows of none. It must not keep the number.
	Listed func(pan string) bool
}

// DefaultTerminal is an attended terminal of the UnionPay profile with no CA key: the caller sets Keys.
func DefaultTerminal() Terminal {
	return Terminal{
		Country: 0x0156, Currency: 0x0156,
		Capabilities:     [3]byte{0xE0, 0xE1, 0xC8},
		MoreCapabilities: [5]byte{0x60, 0x00, 0xF0, 0xA0, 0x01},
		Type:             0x22,
		Version:          [2]byte{0x00, 0x20},
		Qualifiers:       [4]byte{0x36, 0x00, 0x00, 0x80},
		AIDs: [][]byte{
			{0xA0, 0, 0, 0x03, 0x33, 1, 1, 1},
			{0xA0, 0, 0, 0x03, 0x33, 1, 1, 2},
			{0xA0, 0, 0, 0x03, 0x33, 1, 1, 3},
		},
		Actions: ActionCodes{
			Denial:  [5]byte{0x00, 0x10, 0x00, 0x00, 0x00},
			Online:  [5]byte{0xFC, 0x40, 0x04, 0xF8, 0x00},
			Default: [5]byte{0xFC, 0x40, 0x94, 0xA8, 0x00},
		},
		Selection: DefaultSelection(),
	}
}

// The kinds of payment, tag 9C: the first two digits of the processing code (ISO 8583 DE 3).
const (
	KindPurchase byte = 0x00
	KindPreauth  byte = 0x03
	KindRefund   byte = 0x20
	KindPreauth2 byte = 0x30 // as some profiles write it
	KindBalance  byte = 0x31
)

// Request is the payment a dialogue is for.
type Request struct {
	Amount       int64 // fen
	Kind         byte  // 9C, see the kinds; only a purchase may be approved without the host, a balance always wants the online PIN
	Time         time.Time
	STAN         string // up to 8 digits, 9F41
	TID          string // 8 characters, 9F1E
	Contactless  bool
	ForceOnline  bool  // ask for an ARQC whatever the analysis says
	Offline      bool  // the host cannot be reached: ask for a TC
	AllowOffline bool  // the limits hold: a TC may be asked
	PINLimit     int64 // fen; contactless above it needs online PIN
	ReadOnly     bool  // only the card's data: no cryptogram, no PIN

	// Choose asks the customer which of several applications to use, by their names in the card's order of preference, and
	// gives the index; nil takes the card's preference. It is called for contact cards only.
	Choose func(ctx context.Context, names []string) (int, error)

	// PIN has the customer enter the online PIN while the dialogue waits: of a contact chip before its first cryptogram, of a
	// quick card behind it. False is a customer who pressed OK without one (EMV Book 4, 6.3.4.3); an error ends the dialogue.
	// Where it is nil, and for a contactless card that has yet to answer, the PIN is taken after First, and the TVR says that
	// it was.
	PIN func(ctx context.Context, pan string) (entered bool, err error)
}

// Result is what the card said up to and including the first GENERATE AC.
type Result struct {
	PAN, Expiry, Sequence, Track2 string // expiry YYMM; sequence 3 digits or empty; track 2 with =
	AID, AIDName                  string // AID in upper-case hex
	Cryptogram                    byte   // AAC, TC or ARQC
	Reason                        string // of an AAC: one of Reasons
	NeedPIN                       bool   // the cardholder's verification is online PIN, whether or not Request.PIN got one
	Signature                     bool   // the cardholder's verification is a signature
	ODA                           bool   // offline data authentication was done and is good
	Expired                       bool
	TVR, TSI                      []byte
	F55, ShortF55                 []byte
}

// Host is what came back from the acquirer.
type Host struct {
	Approved    bool
	Code        string // the answer code, ISO 8583 DE 39
	F55         []byte // its field 55: 91, 71, 72
	Unreachable bool   // no answer could be had
}

// Outcome is how the dialogue ended. Scripts is the value of DF31, five bytes a script.
type Outcome struct {
	Cryptogram    byte
	Reason        string // of an AAC: one of Reasons; "" where the host refused
	TVR, TSI      []byte
	Scripts       []byte
	F55, ShortF55 []byte
}

// Dialogue is one payment with one card. It is for one goroutine; First is called once, then Second at most once.
type Dialogue struct {
	terminal Terminal
	card     Transceiver
	req      Request
	general  *general // terminal and request before an application set its own; nil: none has

	data       map[Tag][]byte // what the terminal and the card said
	tvr        [5]byte
	tsi        [2]byte
	pdolData   []byte
	cdol1Data  []byte
	static     []byte // records under offline authentication, EMV Book 3, 10.3
	staticBad  bool
	cda        *cardKey // set while combined authentication is to come
	authentic  bool
	needPIN    bool
	bypassed   bool // OK was pressed without a PIN: only the issuer decides
	signature  bool
	cryptogram byte
	reason     string // of an AAC
	drawn      bool   // selected at random to go online
	rolled     bool
	refused    bool // an application did not start
	blocked    bool // an application is blocked
	limited    bool // an application takes less than this by a tap
	optioned   bool // GET PROCESSING OPTIONS was answered
	quick      bool // the answer was the cryptogram itself (qPBOC)
	started    bool
	ready      bool // the first cryptogram is there
	finished   bool
}

// New begins a dialogue; nothing is sent yet.
func New(t Terminal, card Transceiver) *Dialogue {
	if t.Random == nil {
		t.Random = rand.Reader
	}
	if t.Store != nil {
		t.Keys = t.Store.Table()
	}
	return &Dialogue{terminal: t, card: card, data: make(map[Tag][]byte, dataRoom)}
}

// First runs the dialogue up to the first GENERATE AC. Its error is a pos.Error with one of Reasons; errors.Is finds the
// sentinels of this package behind it, and ErrChip where a damaged chip gives way to the stripe.
func (d *Dialogue) First(ctx context.Context, req Request) (Result, error) {
	if d.started {
		return Result{}, Coded(fmt.Errorf("%w: the dialogue has begun already", ErrUnsupported))
	}
	d.started = true
	d.req = req
	r, err := d.first(ctx)
	if err != nil && !req.Contactless && !d.optioned && errors.Is(err, ErrCardUnreadable) {
		err = fmt.Errorf("%w: %w", ErrChip, err)
	}
	return r, Coded(err)
}

func (d *Dialogue) first(ctx context.Context) (Result, error) {
	if err := d.terminalData(); err != nil {
		return Result{}, err
	}
	if err := d.run(ctx, d.selectAndStart, d.readRecords); err != nil {
		return Result{}, err
	}
	var err error
	switch {
	case d.quick:
		err = d.run(ctx, d.restrict, d.quickDecision)
	case d.req.ReadOnly:
		err = d.run(ctx, d.authenticate, d.restrict)
	default:
		err = d.run(ctx, d.authenticate, d.restrict, d.verifyCardholder, d.manageRisk, d.firstCryptogram)
	}
	if err != nil {
		return Result{}, err
	}
	if d.req.ReadOnly {
		return d.readOnly(), nil
	}
	full, err := d.field55()
	if err != nil {
		return Result{}, err
	}
	d.ready = true
	r := d.result()
	r.F55, r.ShortF55 = full, d.shortField55(nil)
	return r, nil
}

func (d *Dialogue) run(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// readOnly ends before the cardholder and the cryptogram: selection, records, the authentication that needs no cryptogram,
// dates. Its result asks for the host, as a stripe does; combined authentication proves nothing here.
func (d *Dialogue) readOnly() Result {
	if d.cda != nil {
		d.cda, d.authentic = nil, false
	}
	d.cryptogram, d.reason, d.needPIN, d.ready = ARQC, "", false, true
	return d.result()
}

func (d *Dialogue) terminalData() error {
	if d.req.Amount < 0 || d.req.Amount > maxAmount {
		return fmt.Errorf("%w: amount %d", ErrUnsupported, d.req.Amount)
	}
	if len(d.req.STAN) > 8 || !digits(d.req.STAN) {
		return fmt.Errorf("%w: STAN %q", ErrUnsupported, d.req.STAN)
	}
	if len(d.req.TID) != 8 {
		return fmt.Errorf("%w: terminal number of %d characters", ErrUnsupported, len(d.req.TID))
	}
	random := make([]byte, 4)
	if _, err := io.ReadFull(d.terminal.Random, random); err != nil {
		return fmt.Errorf("%w: unpredictable number: %w", ErrUnsupported, err)
	}
	t := d.terminal
	mode := byte(0x05)
	if d.req.Contactless {
		mode = 0x07
	}
	for _, o := range [...]struct {
		tag   Tag
		value []byte
	}{
		{tagAmount, bcd(fmt.Sprintf("%012d", d.req.Amount))},
		{tagAmountOther, make([]byte, 6)},
		{tagCountry, []byte{byte(t.Country >> 8), byte(t.Country)}},
		{tagCurrency, []byte{byte(t.Currency >> 8), byte(t.Currency)}},
		{tagDate, bcd(d.req.Time.Format("060102"))},
		{tagTime, bcd(d.req.Time.Format("150405"))},
		{tagKind, []byte{d.req.Kind}},
		{tagUnpredictable, random},
		{tagCapabilities, t.Capabilities[:]},
		{tagMoreCapability, t.MoreCapabilities[:]},
		{tagTerminalType, []byte{t.Type}},
		{tagSerial, []byte(d.req.TID)},
		{tagVersion, t.Version[:]},
		{tagTTQ, t.Qualifiers[:]},
		{tagEntryMode, []byte{mode}},
		{tagCounter, bcd(fmt.Sprintf("%08s", d.req.STAN))},
		{tagCVMResults, []byte{0x3F, 0x00, 0x00}},
		{tagFloorLimit, floorObject(t.FloorLimit)},
	} {
		d.data[o.tag] = o.value
	}
	return nil
}

// value is the current value of any data object, as a data object list asks for it.
func (d *Dialogue) value(t Tag) []byte {
	switch t {
	case tagTVR:
		if d.quick { // what the card signed: at GET PROCESSING OPTIONS nothing was known yet
			return make([]byte, len(d.tvr))
		}
		return d.tvr[:]
	case tagTSI:
		return d.tsi[:]
	}
	return d.data[t]
}

func (d *Dialogue) result() Result {
	pan, expiry := d.identity()
	r := Result{
		PAN: pan, Expiry: expiry[:4], Track2: trackDigits(d.data[tagTrack2]),
		AID: d.aid(), AIDName: d.name(), Cryptogram: d.cryptogram, Reason: d.reason, NeedPIN: d.needPIN, Signature: d.signature,
		ODA: d.authentic, Expired: d.tvr[1]&tvrExpired != 0,
		TVR: append([]byte(nil), d.tvr[:]...), TSI: append([]byte(nil), d.tsi[:]...),
	}
	if s := d.data[tagSequence]; len(s) == 1 {
		r.Sequence = fmt.Sprintf("%03s", compressed(s))
	}
	return r
}

func (d *Dialogue) name() string {
	return applicationName(d.data[tagPreferredName], d.data[tagCodeTable], d.data[tagLabel])
}
