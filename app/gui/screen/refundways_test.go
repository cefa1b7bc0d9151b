package screen_test

import (
	"os"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// TestARefundEndsInWaysOfARefund: the decision about one that nobody confirmed once offered the ways of a sale, and a new
// number where the same message goes out again.
func TestARefundEndsInWaysOfARefund(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		state      pos.State
		flagged    bool
		says, hush string
	}{
		"parked, may have been taken": {pos.Manual, true, "同样的报文再发给银行", "新的一笔，与原来的相连"},
		"parked, surely not taken":    {pos.Manual, false, "新的一笔，与原来的相连", "同样的报文再发给银行"},
		"refused by the bank":         {pos.LateDeclined, false, "新的一笔，与原来的相连", "已另外收款"},
	} {
		s, v := full(), view()
		a := attempt(c.state)
		a.Kind, a.Flagged = pos.Refund, c.flagged
		v.Screen, v.Decide = screen.Resolve, screen.Decide{Attempt: a}
		p := screen.Draw(screen.Ctx{L: look.New(false, look.Fit(1366, 768, 0), art), W: i18n.Words{Codes: table(t)}, S: &s, V: v})
		if !says(p, c.says) || says(p, c.hush) || !says(p, "已退现金") || !says(p, "店里从钱箱退给了顾客") {
			t.Errorf("%s: %q", name, p.Texts)
		}
	}
}
