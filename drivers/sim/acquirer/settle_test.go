package acquirer

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// handClock shows the time it is told.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func TestTotalsAreGross(t *testing.T) {
	_, c, _ := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	c.code("00", c.about("0200", "000011", "23", s, a, 1000)) // voided: stays a debit, its void is a credit
	gone := c.sale("000012", testPAN, 50)
	c.code("00", gone)
	c.code("00", reversal(gone)) // counts nowhere
	kept := c.sale("000013", testPAN, 700)
	b := c.code("00", kept)
	lost := c.about("0200", "000014", "23", kept, b, 700)
	c.code("00", lost)
	c.code("00", reversal(lost)) // a reversed void counts nowhere either
	c.code("00", c.about("0220", "000015", "25", kept, b, 200))
	pre := c.preauth("000016", 3000) // holds are no totals
	p := c.code("00", pre)
	done := c.about("0200", "000017", "20", pre, p, 2500)
	d := c.code("00", done)
	c.code("00", c.about("0200", "000018", "21", done, d, 2500))
	c.code("00", c.offline("000019", 400))
	c.code("00", c.codeSale("000020", "130000000000000018", 30))
	sum := c.ask(c.totals("000021", 1000+700+2500+400+30, 5, 1000+200+2500, 3))
	if got := sum.Get(48); got[30] != '1' || got[61] != '1' || sum.Has(39) {
		t.Error(sum.Fields)
	}
}

func TestLost0510IsRepeatedIdentically(t *testing.T) {
	_, c, _ := ready(t, nil)
	c.code("00", c.sale("000010", testPAN, 1000))
	for _, m := range []struct {
		stan  string
		debit int64
		flag  byte
	}{{"000011", 999, '2'}, {"000012", 1000, '1'}} {
		first := c.ask(c.totals(m.stan, m.debit, 1, 0, 0))
		again := c.ask(c.totals(m.stan, m.debit, 1, 0, 0))
		if first.Get(48)[30] != m.flag || !maps.Equal(first.Fields, again.Fields) {
			t.Errorf("%v\n%v", first.Fields, again.Fields)
		}
	}
}

func TestUploadItemsCountOnce(t *testing.T) {
	h, c, _ := ready(t, nil)
	for n := range 3 {
		c.code("00", c.sale(fmt.Sprintf("%06d", n+10), testPAN, 100))
	}
	c.code("00", c.items("000020", item("000010", 100), item("000011", 100)))
	c.code("00", c.items("000020", item("000010", 100), item("000011", 100))) // its answer was lost
	if err := h.restart(); err != nil {                                       // and the host forgot what is not on disk
		t.Fatal(err)
	}
	c.code("00", c.items("000021", item("000011", 100), item("000012", 100)))
	c.code("30", c.end("000022", "202", 4))
	c.code("30", c.end("000023", "202", 2))
	if h.Batch(c.tid, "123456789012345") != "000001" {
		t.Fatal("closed by a wrong count")
	}
	for range 2 {
		c.code("00", c.end("000024", "202", 3))
	}
	if h.Batch(c.tid, "123456789012345") != "000002" {
		t.Error("not closed")
	}
	c.code("00", c.items("000025", item("000010", 100))) // acknowledged, and nothing more
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	uploads := 0
	for _, e := range entries {
		if e.Kind == KindUpload {
			uploads += len(e.Items)
		}
		if len(e.Differs) > 0 {
			t.Errorf("%s: %q", e.Kind, e.Differs)
		}
	}
	if uploads != 3 {
		t.Errorf("%d items in the ledger", uploads)
	}
}

func TestUploadSaysWhatDiffers(t *testing.T) {
	h, c, _ := ready(t, nil)
	s := c.sale("000010", testPAN, 100)
	a := c.code("00", s)
	c.code("00", c.about("0200", "000011", "23", s, a, 100))
	c.code("00", c.sale("000012", testPAN, 200))
	c.code("00", c.sale("000013", testPAN, 300))
	gone := c.sale("000014", testPAN, 400)
	c.code("00", gone)
	c.code("00", reversal(gone))
	c.code("00", c.sale("000015", "6222022900002265", 500))
	none := "00" + "000012" + strings.Repeat("0", 20) + fen(200) // a till that has forgotten the number
	c.code("00", c.items("000020", item("000010", 100), item("000011", 100), none, item("000014", 400), item("000015", 500), item("000099", 1)))
	c.code("00", c.end("000021", "202", 6))
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	end := entries[len(entries)-1]
	want := "000010 voided,000011 no debit,000014 reversed,000015 card,000099 unknown"
	if got := strings.Join(entries[len(entries)-2].Differs, ","); got != want {
		t.Errorf("%q", got)
	}
	if got := strings.Join(end.Differs, ","); end.Kind != KindSettlement || got != "000013 not uploaded" {
		t.Errorf("%q", got)
	}
}

func TestLateMessagesOfAClosedBatchAreTaken(t *testing.T) {
	h, c, first := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	if got := c.ask(c.totals("000011", 1000, 1, 0, 0)).Get(48); got[30] != '1' {
		t.Fatal(got)
	}
	late := c.offline("000009", 250) // left out of the settlement, with its old batch number
	c.code("00", late)
	c.code("94", late)
	c.code("00", c.about("0220", "000012", "25", s, a, 100))
	c.code("22", c.about("0200", "000013", "23", s, a, 900))
	c.code("00", reversal(c.declinedSale(t, "000014")))
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var marks string
	for _, e := range entries {
		marks += fmt.Sprintf("%s %v;", e.Kind, e.Late)
	}
	if marks != "sale false;settlement false;offline_sale true;refund true;" {
		t.Error(marks)
	}
	if again := c.ask(c.totals("000011", 1000, 1, 0, 0)).Get(48); again[:12] != fen(1000) || again[30] != '1' {
		t.Error("a closed batch said other totals:", again)
	}
	if h.Balance(testPAN) != first-1000-250+100 {
		t.Error(h.Balance(testPAN))
	}
}

// declinedSale asks for more than a card has and answers the request.
func (c *till) declinedSale(t *testing.T, stan string) *wire.Message {
	t.Helper()
	m := c.sale(stan, "6228482900030514", 100)
	c.code("51", m)
	return m
}
