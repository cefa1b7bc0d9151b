package screen_test

import (
	"strings"
	"testing"
)

// told is what a page has to say and what it must not.
type told struct {
	page        string
	says, never []string
}

func (w told) judge(t *testing.T, width, height float32) {
	t.Helper()
	p := drawn(t, width, height)[w.page]
	all := strings.Join(p.Texts, "\n")
	for _, s := range w.says {
		if !strings.Contains(all, s) {
			t.Errorf("%s does not say %q: %q", w.page, s, p.Texts)
		}
	}
	for _, s := range w.never {
		if strings.Contains(all, s) {
			t.Errorf("%s says %q", w.page, s)
		}
	}
}

// TestAReversalIsCalledByItsName: the title of a void whose reversal was confirmed said that the void was; of a reversal that
// a person gave up it said that the bank had confirmed it.
func TestAReversalIsCalledByItsName(t *testing.T) {
	for _, w := range []told{
		{"outcome-reversed-void", []string{"银行已确认冲正"}, []string{"银行已确认撤销"}},
		{"outcome-reversed", []string{"银行已确认冲正"}, nil},
		{"outcome-given-up", []string{"已由人处理"}, []string{"银行已确认", "银行已经撤销", "钱会原路退回"}},
		{"outcome-closed-code", []string{"订单已关闭"}, []string{"已由人处理"}},
	} {
		w.judge(t, 1366, 768)
	}
}

// TestTheCustomerIsPromisedNoMoreThanIsKnown: of a card that was charged and reversed the customer's window said that nothing
// was charged, and of anything but a sale it never said the end.
func TestTheCustomerIsPromisedNoMoreThanIsKnown(t *testing.T) {
	for _, w := range []told{
		{"customer-reversed", []string{"没有付成", "银行已经冲正，钱会原路退回"}, []string{"没有扣款", "请稍等"}},
		{"customer-closed-code", []string{"没有付成", "没有扣款，请问收银员"}, []string{"请稍等"}},
		{"customer-reversed-code", []string{"没有付成", "如已扣款，会原路退回"}, []string{"没有扣款"}},
		{"customer-given-up", []string{"没有付成", "请问收银员"}, []string{"没有扣款", "银行"}},
		{"customer-reversed-void", []string{"没有办成", "请问收银员"}, []string{"请稍等", "没有扣款"}},
		{"customer-refund-done", []string{"退款已办好", "钱会原路退回；到账时间由发卡银行定。"}, []string{"请稍等", "不要再付款"}},
		{"customer-refund-late", []string{"没有办成", "请问收银员"}, []string{"请稍等", "钱会原路退回"}},
		{"customer-parked", []string{"请稍等", "不要再付款"}, nil},
	} {
		w.judge(t, 1024, 768)
	}
}

// TestWhatWaitsForAPersonDoesNotGoOnByItself: the heading of a parked payment said that the till was at it, and a refund that
// the bank had refused late was said to be reversed, which a refund never is.
func TestWhatWaitsForAPersonDoesNotGoOnByItself(t *testing.T) {
	by := "收银机正在自动处理"
	for _, w := range []told{
		{"outcome-parked", []string{"等人处理", "在“待办”里由店长决定。"}, []string{by, "冲正中"}},
		{"outcome-refund-parked", []string{"等人处理", "在“待办”里由店长决定。"}, []string{by, "冲正中", "会再问"}},
		{"outcome-refund-late", []string{"等人处理", "迟到拒付", "没有退款"}, []string{by, "冲正中", "会再问", "还没有得到回答"}},
		{"outcome-still-unknown", []string{by, "冲正中"}, []string{"等人处理"}},
	} {
		w.judge(t, 1366, 768)
	}
}

// TestABatchThatDiffersIsNeverCalledWell: on a narrow bar the pill said no more than that it was settled, and after a
// settlement that failed it showed the good one before.
func TestABatchThatDiffersIsNeverCalledWell(t *testing.T) {
	if p := drawn(t, 800, 480)["sale-settled-narrow"]; !says(p, "总额不一致") || says(p, "联机 · 已结算，总额不一致") {
		t.Errorf("where the bar is narrow it says %q", p.Texts)
	}
	for _, panel := range [][2]float32{{1366, 768}, {1024, 600}, {800, 480}} {
		told{"sale-settled-differs", []string{"总额不一致"}, nil}.judge(t, panel[0], panel[1])
		told{"sale-settled-failed", []string{"联机"}, []string{"已结算", "总额一致"}}.judge(t, panel[0], panel[1])
	}
}

// TestANoticeGoesBeforeWhatIsTyped: on a low panel a long entry left the notice no room, and it was not drawn.
func TestANoticeGoesBeforeWhatIsTyped(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1024, 600}, {800, 480}} {
		told{"sale-notice-typed", []string{"先输入数量"}, nil}.judge(t, panel[0], panel[1])
	}
}

// TestOnlyTheDrawerHangsOnADevice: of the line to the bank, which waits for the journal, it was said to be plugged into it.
func TestOnlyTheDrawerHangsOnADevice(t *testing.T) {
	told{"devices-drawer", []string{"它接在那台设备上"}, nil}.judge(t, 1366, 768)
	told{"devices-line", []string{"那台好了它就好了。"}, []string{"它接在那台设备上"}}.judge(t, 1366, 768)
}

// TestNoKeyOffersWhatThereIsNot: the self-test had a key for a report that nothing prints.
func TestNoKeyOffersWhatThereIsNot(t *testing.T) {
	for name, p := range drawn(t, 1366, 768) {
		if strings.HasPrefix(name, "selftest") && says(p, "打印报告") {
			t.Errorf("%s offers a report", name)
		}
	}
}
