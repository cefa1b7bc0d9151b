package screen

import (
	"github.com/skip2/go-qrcode"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
)

// Modules turns the text of a code into its modules without a margin, nil for a text that no code can hold.
func Modules(text string) [][]bool {
	if text == "" {
		return nil
	}
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil
	}
	q.DisableBorder = true
	return q.Bitmap()
}

// code draws the middle of a wallet payment: the code, the sum, the countdown, the state, the two ways on.
func (c *Ctx) code(r kit.Rect) {
	u, p := c.u, c.p
	v := c.S.QR
	if v == nil {
		v = &checkout.QRView{}
	}
	p.Panel(r)
	foot, rest := r.Foot(u(152), 0)
	steps, top := rest.Foot(u(144), 0)
	square := kit.Rect{X: r.X + u(4), Y: r.Y + 2, W: u(402), H: top.H - 4}
	if p.QR(square, Modules(v.Code)) == 0 {
		p.Icon("qr", square.X+square.W/2, square.Mid(), u(120), look.Edge)
	}
	c.codeSide(kit.Rect{X: r.X + u(412), Y: r.Y, W: r.W - u(430), H: top.H}, v)
	p.Rule(r.X+1, steps.Y, r.W-2)
	p.Steps(r.X+u(22), steps.Y+u(38), r.W-u(44), u(58), c.codeSteps(v))
	c.codeFoot(foot, v)
}

func (c *Ctx) codeSide(r kit.Rect, v *checkout.QRView) {
	u, p := c.u, c.p
	p.Line(r.X, r.Y+r.H*0.11, r.W, c.t("请顾客扫码"), kit.Style{Size: 28, Bold: true})
	p.Sum(kit.Rect{X: r.X, Y: r.Y + r.H*0.237, W: r.W, H: 0}, i18n.Money(v.Amount), kit.Style{Size: 50, Bold: true})
	p.Line(r.X, r.Y+r.H*0.345, r.W, c.t("微信 · 支付宝 · 云闪付"), kit.Style{Size: 18, Ink: look.Soft})
	y := r.Y + r.H*0.567
	c.countdown(r.X+u(54), y, u(108), v.Began, v.Expires)
	p.Para(r.X+u(126), y-u(14), r.W-u(126), u(28), []string{c.t("后失效"), c.t("金额保留")}, kit.Style{Size: 18, Ink: look.Soft})
	p.Rule(r.X, r.Y+r.H*0.768, r.W)
	y = r.Y + r.H*0.867
	p.Icon("scan", r.X+u(15), y, u(30), look.Soft)
	p.Para(r.X+u(42), y-u(13), r.W-u(42), u(26), []string{c.t("顾客出示付款码："), c.t("先取消，再扫")}, kit.Style{Size: 18})
}

func (c *Ctx) codeSteps(v *checkout.QRView) []kit.Step {
	steps := []kit.Step{
		{Stage: kit.Now, Text: c.t("正在生成付款码")},
		{Text: c.t("等待顾客付款")},
	}
	if v.Code != "" {
		steps[0] = kit.Step{Stage: kit.Done, Text: c.t("付款码已生成"), Right: v.Began.In(c.V.Now.Location()).Format("15:04:05")}
		steps[1].Stage, steps[1].Right = kit.Now, c.t("自动查询中")
	}
	if v.Paying {
		steps[1].Text = c.t("顾客正在确认付款")
	}
	if v.Closing {
		steps[1].Text, steps[1].Right = c.t("正在核对并关闭订单"), c.t("先查再关")
	}
	return steps
}

func (c *Ctx) codeFoot(r kit.Rect, v *checkout.QRView) {
	u, p := c.u, c.p
	p.Rule(r.X+1, r.Y, r.W-2)
	p.Line(r.X+u(36), r.Y+u(30), r.W-u(60), c.t("手机显示已付而这里没变：按“立即查询”，不要重新收款。"), kit.Style{Size: 18, Ink: look.Soft})
	y, h := r.Bottom()-u(96), u(78)
	cancel := kit.Key{Size: 24, Label: c.t("取消"), Icon: "cross", Cap: "Esc", Act: act(VerbCancel, "")}
	check := kit.Key{Dress: kit.Filled, Size: 24, Label: c.t("立即查询"), Icon: "refresh", Cap: "F2", Act: act(VerbCheck, "")}
	if v.Closing {
		cancel.Dress, cancel.Size, cancel.Sub = kit.Unavailable, 22, c.t("正在关闭")
	}
	if v.Code == "" {
		check.Dress, check.Size, check.Sub = kit.Unavailable, 22, c.t("还没有付款码")
	}
	p.Key(kit.Rect{X: r.X + u(18), Y: y, W: u(190), H: h}, cancel)
	p.Key(kit.Rect{X: r.Right() - u(18) - u(320), Y: y, W: u(320), H: h}, check)
}
