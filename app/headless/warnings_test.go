package headless

import (
	"fmt"
	"os"
	"testing"

	"tillkeeper/app/i18n"
	"tillkeeper/app/opening"
	"tillkeeper/app/pos"
)

// TestStatusNamesWhatRunsOut: a script heard of a full batch or disk when a payment was refused.
func TestStatusNamesWhatRunsOut(t *testing.T) {
	codes, err := opening.Codes(os.DirFS("../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	room, _ := pos.Room{Left: 5 << 20, Low: true, Disk: true}.Condition()
	parts := []pos.Condition{
		{Name: "printer", State: "ok"},
		{Name: "scale", State: "off", Code: "not_configured"},
		room,
		{Name: "batch", State: "warn", Code: "settle_now", Found: []pos.Remark{pos.Say("batch_count", "000007", "901", "12.00")}},
	}
	const want = "[map[code:journal_nearly_full detail:5 MB are left for the journal, enough for some 1280 sales name:disk" +
		" remedy:free space on the disk of the data folder: move old files elsewhere state:warn]" +
		" map[code:settle_now detail:batch 000007 has 901 card payments, 12.00 in all name:batch" +
		" remedy:Settle at the next quiet moment; when it is full, cards wait state:warn]]"
	if got := fmt.Sprint(warnings(parts, i18n.In("en", codes))); got != want {
		t.Errorf("%s", got)
	}
	if got := warnings(nil, i18n.Words{}); got == nil || len(got) != 0 {
		t.Errorf("with nothing to say: %v", got)
	}
}
