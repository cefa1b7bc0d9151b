package printer

import (
	"context"
	"strings"

	"tillkeeper/app/pos"
)

// testNumber is the number of a test page.
const testNumber = "TEST"

// TestPage gives a page that shows what the printer can do: its width, Chinese,
// sizes, a character that is drawn, both kinds of codes, the cut.
func (p *Printer) TestPage() pos.PrintJob {
	p.mu.Lock()
	form, about := p.form, p.about
	p.mu.Unlock()
	columns := form.Columns
	if columns == 0 {
		columns = form.Model.Columns
	}
	ruler := strings.Repeat("1234567890", columns/10+1)[:columns]
	page := lines{
		{Kind: "centre", Left: "测试页 TEST", Bold: true, Big: true},
		{Kind: "rule"},
		{Kind: "text", Left: "Model", Right: form.Model.Name},
		{Kind: "text", Left: ruler},
		{Kind: "text", Left: "左 left", Right: "右 right"},
		{Kind: "text", Left: "粗体 bold", Right: "￥1,234.56", Bold: true},
		{Kind: "text", Left: "大字 big", Right: "￥8.88", Big: true},
		{Kind: "text", Left: "ñ 한 ¥"},
		{Kind: "rule"},
		{Kind: "qr", Left: testNumber},
		{Kind: "barcode", Left: testNumber},
		{Kind: "centre", Left: testNumber},
		{Kind: "cut"},
	}
	if about != "" {
		page = append(page[:3:3], append(lines{{Kind: "text", Left: about}}, page[3:]...)...)
	}
	return pos.PrintJob{Number: testNumber, Slip: page}
}

// Check looks at the printer: internal asks it for its status now; external and
// interactive print a test page and wait until it is on paper. The end of the
// context ends the wait; the condition is then the printer's, or "busy".
func (p *Printer) Check(ctx context.Context, level pos.Level) pos.Condition {
	p.mu.Lock()
	looks, begun := p.looks, p.begun
	p.mu.Unlock()
	if level == pos.CheckInternal {
		ctx, cancel := context.WithTimeout(ctx, 5*p.o.Answer)
		defer cancel()
		p.Nudge()
		p.await(ctx, func() bool { return p.ended > begun || !p.linked && p.looks > looks })
		return p.State()
	}
	page := p.TestPage()
	p.mu.Lock()
	before := p.lastID
	p.mu.Unlock()
	if err := p.Print(page); err != nil {
		return pos.Condition{Name: "printer", State: "fault", Code: "device_fault", Detail: err.Error()}
	}
	var end Job
	p.await(ctx, func() bool {
		for _, j := range p.jobs {
			if j.ID > before && j.Number == testNumber {
				end = j.shown()
			}
		}
		return end.over()
	})
	c := p.State()
	switch {
	case end.State == Printed || c.State == "fault":
	case end.State == Unknown:
		c.State, c.Found = "warn", []pos.Remark{pos.Say("test_page_lost")}
	default:
		c.State, c.Found = "busy", []pos.Remark{pos.Say("test_page_waits")}
	}
	return c
}
