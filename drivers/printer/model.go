package printer

import (
	"path"
	"strings"
)

// Cut says how a model cuts its paper.
type Cut string

// The ways of cutting.
const (
	CutFeed Cut = "feed" // GS V 66: feed to the knife and cut
	CutOnce Cut = "once" // feed lines, then GS V 1: for models that do not know the feeding cut
	CutNone Cut = "none" // a tear bar: feed past it
)

// Kanji says how a model prints Chinese.
type Kanji string

// The ways of printing Chinese.
const (
	KanjiGB     Kanji = "gb"     // FS & and FS S: two-byte GB18030
	KanjiAlways Kanji = "always" // two-byte mode from power-on; FS S is not known
	KanjiNone   Kanji = "none"   // no Chinese font: such lines are drawn as dots
)

// Model is what one kind of printer can do and how it differs from the others.
// It is data: the driver has no code for a model.
type Model struct {
	Name    string
	Match   []string // patterns of the name in GS I 67 and of model= in the configuration; * and ?, case counts not
	Columns int      // of font A
	Dots    int      // across the paper
	QR      bool     // GS ( k: QR codes; else they are drawn
	Barcode bool     // GS k 73: CODE128; else they are drawn
	Process bool     // GS ( H 48: says which job is printed
	Fence   bool     // GS r 1: answers in order with the data
	ASB     bool     // GS a: tells changes of its status by itself
	Cut     Cut
	Kanji   Kanji
	Page    int // ESC t: the table of characters from 80 to FF; -1: not set
	Band    int // rows of one raster command at most
	// DrawerHigh says that a high level of the drawer's sensor (DLE EOT 1 bit 2)
	// means open, as the switch of most drawers makes it.
	DrawerHigh bool
	Source     string // where this is from
}

// String gives the model's name.
func (m Model) String() string { return m.Name }

// Sources of the table of models.
const (
	epson   = "Epson ESC/POS Command Reference (download4.epson.biz/sec_pubs/pos/reference_en/escpos): printer lists of GS ( H, GS ( k, GS a, GS V"
	trgT88  = "Epson TM-T88 series Technical Reference Guides; escpos-printer-db TM-T88III, TM-T88V (512 dots, 42 columns)"
	dbEpson = "escpos-printer-db (CC BY 4.0) TM-T20II, TM-m30III, TM-T70II-CH (576 dots, 48 columns); " + epson
	dbPOS58 = "escpos-printer-db (CC BY 4.0) POS-5890, ZJ-5870, NT-5890K: 384 dots, no cutter, no QR code, no CODE128"
	pp58    = "58mm Programming Manual v1.0.0: GS r, GS a, GS I, GS ( k 167 to 181, GS V; no GS ( H"
	pp80    = "Xprinter and Gprinter 80 mm programming manuals: GS ( k, GS k 73, GS r, GS a; no GS ( H"
)

// Plain is what is assumed of a printer that nobody knows: 80 mm, Chinese, what
// its codes look like is drawn, a job ends with GS r, and nothing is sent that
// a printer without it would put on paper.
var Plain = Model{
	Name: "unknown", Columns: Columns80, Dots: 576, Fence: true, Cut: CutFeed, Kanji: KanjiGB, Page: -1, Band: 128,
	DrawerHigh: true, Source: "what every manual named here has in common",
}

// Full is a printer of 80 mm with every command that the driver knows.
var Full = Model{
	Name: "full", Columns: Columns80, Dots: 576, QR: true, Barcode: true, Process: true, Fence: true, ASB: true,
	Cut: CutFeed, Kanji: KanjiGB, Page: -1, Band: 128, DrawerHigh: true, Source: epson,
}

// Models is the table. The first entry that matches wins.
var Models = []Model{
	{
		Name: "TM-T88 series, 180 dpi", Match: []string{"TM-T88IV*", "TM-T88V", "TM-T88V *", "TM-T88VI*"}, Columns: 42, Dots: 512,
		QR: true, Barcode: true, Process: true, Fence: true, ASB: true, Cut: CutFeed, Kanji: KanjiGB, Page: 0, Band: 128, DrawerHigh: true, Source: trgT88,
	},
	{
		Name: "TM-T88II, TM-T88III", Match: []string{"TM-T88II", "TM-T88III*"}, Columns: 42, Dots: 512,
		Barcode: true, Fence: true, ASB: true, Cut: CutFeed, Kanji: KanjiGB, Page: 0, Band: 64, DrawerHigh: true, Source: trgT88 + "; no GS ( H (reference 10.01 p. 425)",
	},
	{
		Name: "TM-T20, TM-T70, TM-T8x, TM-m series, 203 dpi", Match: []string{"TM-T20*", "TM-T70*", "TM-T81*", "TM-T82*", "TM-T83*", "TM-m*", "TM-T100*"},
		Columns: Columns80, Dots: 576, QR: true, Barcode: true, Process: true, Fence: true, ASB: true, Cut: CutFeed, Kanji: KanjiGB, Page: 0,
		Band: 128, DrawerHigh: true, Source: dbEpson,
	},
	{
		Name: "Printers of 58 mm with codes", Match: []string{"XP-58*", "GP-58*", "SP-POS58*", "RPP02*", "58mm*"}, Columns: Columns58, Dots: 384,
		QR: true, Barcode: true, Fence: true, Cut: CutNone, Kanji: KanjiAlways, Page: -1, Band: 24, DrawerHigh: true, Source: pp58,
	},
	{
		Name: "Printers of 58 mm, plain", Match: []string{"POS-58*", "POS58*", "ZJ-58*", "NT-58*"}, Columns: Columns58, Dots: 384,
		Fence: true, Cut: CutNone, Kanji: KanjiAlways, Page: -1, Band: 24, DrawerHigh: true, Source: dbPOS58,
	},
	{
		Name: "Sunmi, built in", Match: []string{"SUNMI*"}, Columns: Columns58, Dots: 384,
		QR: true, Barcode: true, Cut: CutNone, Kanji: KanjiAlways, Page: -1, Band: 24, Source: "escpos-printer-db (CC BY 4.0) Sunmi-V2: 384 dots, no cutter",
	},
	{
		Name: "Printers of 80 mm, common", Match: []string{"XP-80*", "XP-Q*", "GP-80*", "GP-L80*", "RP326*", "RP80*", "RP33*", "POS-80*", "POS80*"}, Columns: Columns80, Dots: 576,
		QR: true, Barcode: true, Fence: true, ASB: true, Cut: CutFeed, Kanji: KanjiGB, Page: -1, Band: 128, DrawerHigh: true, Source: pp80 + "; escpos-printer-db RP326",
	},
	{
		Name: "SRP-350 and compatibles", Match: []string{"SRP-350*", "SRP-330*", "CT-S*", "RP-F10*", "RP-E*"}, Columns: Columns80, Dots: 576,
		QR: true, Barcode: true, Fence: true, ASB: true, Cut: CutFeed, Kanji: KanjiGB, Page: 0, Band: 128, DrawerHigh: true,
		Source: "escpos-printer-db (CC BY 4.0) CT-S651, RP-F10-80mm; Bixolon SRP-350 command manual",
	},
	{
		Name: "Western 80 mm", Match: []string{"TM-T90*", "TM-L90*", "ANK*"}, Columns: 42, Dots: 512,
		QR: true, Barcode: true, Process: true, Fence: true, ASB: true, Cut: CutOnce, Kanji: KanjiNone, Page: 0, Band: 64, DrawerHigh: true,
		Source: epson + "; models without a Chinese font",
	},
	Full,
}

// Find gives the model of a name, as the printer or the configuration says it;
// ok is false, and the model Plain, for a name that the table does not have.
func Find(name string) (m Model, ok bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, m := range Models {
		if strings.EqualFold(m.Name, name) {
			return m, true
		}
		for _, pattern := range m.Match {
			if hit, err := path.Match(strings.ToLower(pattern), name); err == nil && hit {
				return m, true
			}
		}
	}
	return Plain, false
}

// sane makes a model one that the encoder can work with.
func (m Model) sane() Model {
	if m.Columns < minColumns {
		m.Columns = Plain.Columns
	}
	if m.Dots <= 0 {
		m.Dots = m.Columns * dotsPerColumn
	}
	if m.Band <= 0 {
		m.Band = Plain.Band
	}
	return m
}
