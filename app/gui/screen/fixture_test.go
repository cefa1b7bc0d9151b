package screen_test

import (
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

var zone = time.FixedZone("CST", 8*3600)

var now = time.Date(2026, 11, 22, 14, 32, 20, 0, zone)

func line(no int, name string, qty pos.Qty, price, total pos.Amount, unit string) pos.Line {
	return pos.Line{No: no, Name: name, Qty: qty, Price: price, Total: total, Unit: unit}
}

func full() checkout.Snapshot {
	return checkout.Snapshot{
		Time: now, Step: checkout.StepSale,
		Shop:     checkout.Shop{Name: "和平路便利店", NameEN: "Peace Road Store", TID: "00000028", MID: "898310059110015"},
		Operator: pos.Operator{ID: "1001", Name: "王芳", Role: pos.Cashier},
		Basket: pos.Basket{
			Receipt: "000129", Total: 18540,
			Lines: []pos.Line{
				line(1, "农夫山泉 550ml", 2000, 200, 400, "瓶"), line(2, "康师傅红烧牛肉面", 3000, 450, 1350, "桶"),
				line(3, "蒙牛纯牛奶 250ml×12", 1000, 5890, 5890, "箱"), line(4, "金龙鱼大米 5kg", 1000, 8990, 8990, "袋"),
				line(5, "红富士苹果 称重", 1250, 1592, 1910, "kg"),
			},
		},
		Selected: 2, Held: 2,
		Line:    checkout.LineView{State: "online", RoomSum: 487150, RoomCount: 47},
		Devices: []pos.Condition{{Name: "reader", State: "ok"}, {Name: "printer", State: "ok"}},
		Last:    &checkout.LastSale{Receipt: "000128", Tender: pos.Cash, Total: 5890, Change: 4110, At: now.Add(-time.Minute)},
		Refused: map[pos.Tender]string{},
	}
}

func view() screen.View {
	v := screen.View{
		Now: now, First: map[string]int{}, Category: "常用", Categories: []string{"常用", "饮料", "零食", "日用"},
		Version: "1.0.0", Names: map[string]string{"1001": "王芳", "1002": "李建国", "2001": "赵敏"}, Products: 312,
	}
	v.Tiles = []screen.Tile{
		{"100001", "可口可乐", "330ml", 300},
		{"100013", "农夫山泉", "550ml", 200},
		{"100022", "红牛", "250ml", 600},
		{"600001", "茶叶蛋", "1 个", 200},
		{"1", "鲜肉包", "1 个", 250},
		{"2", "关东煮", "1 串", 300},
		{"3", "现磨豆浆", "中杯", 400},
		{"4", "饭团", "金枪鱼", 650},
		{"5", "购物袋", "大号", 30},
		{"6", "中华", "硬包", 4500},
		{"7", "打火机", "1 个", 200},
		{"8", "抽纸", "3 层", 390},
	}
	v.Staff = []screen.Staff{
		{"1001", "王芳", pos.Cashier},
		{"1002", "李建国", pos.Cashier},
		{"1003", "陈小雨", pos.Cashier},
		{"2001", "赵敏", pos.Supervisor},
		{"1004", "周强", pos.Cashier},
		{"9001", "孙丽", pos.Owner},
	}
	return v
}

type shown struct {
	name string
	s    checkout.Snapshot
	v    screen.View
	cust bool
}

func attempt(state pos.State) pos.Attempt {
	return pos.Attempt{
		ID: "000000000487", Tender: pos.Card, State: state, Amount: 18540, Approved: 18540, STAN: "000487", Batch: "000012", RRN: "113214008972",
		AuthCode: "083415", MaskedPAN: "622202******1234", EntryMode: "chip", Receipt: "000129", Cashier: "1001", Created: now.Add(-18 * time.Minute),
	}
}

// shows are all screens in the states worth looking at.
func shows() []shown {
	var out []shown
	for _, some := range [][]shown{sales(), machine(), backOffice(), moneyBack(), books(), devicePages(), customerPages(), extremes(), crowded()} {
		out = append(out, some...)
	}
	return out
}

func sales() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("sale", func(s *checkout.Snapshot, v *screen.View) { v.Qty = "3" })
	add("sale-empty", func(s *checkout.Snapshot, v *screen.View) { s.Basket = pos.Basket{Receipt: "000129"}; s.Selected = 0 })
	add("sale-offline", func(s *checkout.Snapshot, v *screen.View) {
		s.Line.State, s.Line.Cause, s.Line.Since = "offline", "network", now.Add(-6*time.Minute)
		s.Line.Queued, s.Line.QueuedSum = 3, 12850
		s.Refused[pos.QR] = "qr_offline"
	})
	add("sale-split", func(s *checkout.Snapshot, v *screen.View) {
		s.Basket.Paid = 5000
		s.Shop.Demo = true
		v.Notice = "没有找到这个条码"
		s.Devices[1] = pos.Condition{Name: "printer", State: "fault", Code: "paper_out"}
	})
	add("cash", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Cash; v.Tendered = "200.00" })
	add("cash-short", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Cash; v.Tendered = "100" })
	add("sheet", func(s *checkout.Snapshot, v *screen.View) {
		v.Sheet = screen.Sheet{Open: true, Who: "2001", PIN: 3, Note: "密码不对，请重输"}
	})
	add("card-present", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardPresent, Began: now.Add(-4 * time.Second), Deadline: now.Add(56 * time.Second)}
		s.Devices[0].State = "busy"
		v.Bench = screen.Bench{On: true, Cards: []string{"ok", "chip", "offline-approve", "funds-51", "timeout-68", "torn"}}
	})
	add("card-pin", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardPIN, Began: now.Add(-19 * time.Second), Deadline: now.Add(41 * time.Second), MaskedPAN: "622202******1234", Entry: "chip"}
		s.Devices[0].State = "busy"
	})
	add("card-pin-or-ok", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardPIN, Bypass: true, Began: now.Add(-19 * time.Second), Deadline: now.Add(41 * time.Second), MaskedPAN: "622202******1234", Entry: "chip"}
		v.Bench = screen.Bench{On: true}
	})
	add("card-host", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardHost, Began: now.Add(-7 * time.Second), Deadline: now.Add(53 * time.Second), MaskedPAN: "622202******1234", Entry: "chip"}
	})
	add("qr", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepQR
		s.QR = &checkout.QRView{Amount: 18540, Code: "https://pay.example/order/000000000487", Began: now.Add(-32 * time.Second), Expires: now.Add(88 * time.Second)}
	})
	return out
}

func machine() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	for kind, code := range map[checkout.OutcomeKind]string{checkout.OutcomeApproved: "00", checkout.OutcomeRefused: "51", checkout.OutcomeUnknown: "no_answer"} {
		add("outcome-"+string(kind), func(s *checkout.Snapshot, v *screen.View) {
			s.Step = checkout.StepOutcome
			a := attempt(pos.Approved)
			a.Tries = 2
			s.Outcome = &checkout.Outcome{Kind: kind, Attempt: a, Code: code, Offer: []pos.Tender{pos.QR, pos.Cash, pos.Card}, At: now, Due: 0}
		})
	}
	add("outcome-cash", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepOutcome
		s.Outcome = &checkout.Outcome{Kind: checkout.OutcomeApproved, At: now, Change: 1460, Attempt: pos.Attempt{Tender: pos.Cash, Amount: 18540, Approved: 18540, Tendered: 20000, Receipt: "000129"}}
	})
	add("signin", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, s.Operator = checkout.StepSignIn, pos.Operator{}
		v.Who, v.PIN = "1001", 2
		v.Tests = tests("ok")
	})
	add("selftest", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, v.Screen = checkout.StepSignIn, screen.SelfTest
		v.Tests = tests("fault")
	})
	add("selftest-stopped", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, v.Screen = checkout.StepSignIn, screen.SelfTest
		v.Tests = tests("ok")
		v.Tests[0].State, v.Tests[0].Code, v.Tests[0].Detail = "fault", "safe_mode", "the journal is in safe mode: the record hot/1 is damaged"
		v.Tests[8].State, v.Tests[8].Code = "fault", "no_line"
	})
	add("selftest-good", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, v.Screen = checkout.StepSignIn, screen.SelfTest
		v.Tests = tests("ok")
	})
	return out
}

func backOffice() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("today", today)
	add("today-empty", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Today })
	add("queue", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Queue
		s.Line.Queued, s.Line.QueuedSum, s.Line.Persons, s.Line.Reversing = 3, 12850, 2, 1
		for i, st := range []pos.State{pos.LateDeclined, pos.LateDeclined, pos.Reversing, pos.OfflineApproved, pos.Deferred, pos.OfflineApproved} {
			a := attempt(st)
			a.Amount, a.Tries = pos.Amount(2200+1300*i), 5-i
			if st == pos.LateDeclined {
				a.Code = "51"
				a.Created = now.Add(-49 * time.Hour)
			}
			v.Waiting = append(v.Waiting, a)
		}
	})
	add("queue-empty", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Queue })
	add("records", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Records
		for _, st := range []pos.State{pos.Approved, pos.Declined, pos.Reversed, pos.Reversing, pos.OfflineApproved, pos.LateDeclined, pos.Cancelled, pos.Approved, pos.Approved, pos.Approved, pos.Approved, pos.Approved} {
			v.Found2 = append(v.Found2, attempt(st))
		}
	})
	add("record", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Attempt = screen.Record, attempt(pos.Reversed)
		for i, e := range []pos.EventType{pos.EvCreated, pos.EvSending, pos.EvUnknown, pos.EvReversing, pos.EvReversalTry, pos.EvReversalTry, pos.EvReversed} {
			v.Events = append(v.Events, pos.Event{Seq: uint64(48201 + i), Type: e, Time: now.Add(time.Duration(i) * 7 * time.Second), Amount: 18540, STAN: "000487"})
		}
	})
	add("held", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Held
		v.HeldList = []pos.Basket{{Ticket: "1", Total: 2300, Lines: s.Basket.Lines[:2]}, {Ticket: "2", Total: 5890, Lines: s.Basket.Lines[2:3], Note: "红衣服"}}
		s.Basket = pos.Basket{}
	})
	add("search", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Letters = screen.Search, "nfsq"
		v.Found = []pos.Product{{SKU: "1", Name: "农夫山泉 550ml", Price: 200, Category: "饮料", Unit: "瓶"}, {SKU: "2", Name: "农夫山泉 1.5L", Price: 400, Category: "饮料", Unit: "瓶"}}
	})
	add("catalogue", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Catalogue
		for range 12 {
			v.Found = append(v.Found, pos.Product{Name: "农夫山泉 550ml", Barcode: "6921168002344", Price: 200, Unit: "瓶"})
		}
	})
	add("settings", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, s.Shop.Demo, v.Bench.On, v.Gear.Known, s.Operator.Role = screen.Settings, true, true, true, pos.Owner
		s.Devices = append(s.Devices, pos.Condition{Name: "pole", State: "fault", Code: "unplugged"}, pos.Condition{Name: "drawer", State: "ok"})
		v.Tests = tests("ok")
	})
	return out
}

func tests(printer string) []pos.Condition {
	var out []pos.Condition
	for _, n := range []string{"journal", "clock", "disk", "keys", "reader", "printer", "scanner", "drawer", "host"} {
		c := pos.Condition{Name: n, State: "ok", Took: 600 * time.Millisecond}
		if n == "printer" {
			c.State = printer
			if printer != "ok" {
				c.Code = "paper_out"
			}
		}
		out = append(out, c)
	}
	return out
}

func today(s *checkout.Snapshot, v *screen.View) {
	v.Screen = screen.Today
	s.Line.Queued, s.Line.QueuedSum, s.Line.Persons, s.Line.Reversing = 3, 12850, 2, 1
	s.Operator.Name = "孙丽"
	v.Now = now.Add(4 * time.Minute)
	t := pos.Totals{Sums: pos.Sums{Net: 1284650, Gross: 1284650, Count: 214}, ByHour: map[int]pos.Sums{}}
	t.ByTender = map[pos.Tender]pos.Sums{pos.QR: {Net: 783510, Count: 146}, pos.Card: {Net: 298940, Count: 31}, pos.Cash: {Net: 202200, Count: 37}}
	t.ByCashier = map[string]pos.Sums{"1001": {Net: 810420, Count: 132}, "1002": {Net: 352230, Count: 61}, "2001": {Net: 122000, Count: 21}}
	t.ByProduct = []pos.ProductSums{{Name: "中华 硬包", Qty: 22000, Unit: "包", Amount: 99000}, {Name: "农夫山泉 550ml", Qty: 86000, Unit: "瓶", Amount: 17200}, {Name: "鲜肉包", Qty: 63000, Unit: "个", Amount: 15750}, {Name: "茶叶蛋", Qty: 74000, Unit: "个", Amount: 14800}}
	t.Pending, t.LateDeclined = pos.Sums{Count: 3, Gross: 12850}, pos.Sums{Count: 2, Gross: 8600}
	for h, n := range map[int]pos.Amount{7: 40000, 8: 96000, 9: 144000, 10: 111000, 11: 137000, 12: 219000, 13: 245000, 14: 278600} {
		t.ByHour[h] = pos.Sums{Net: n}
	}
	w := pos.Totals{Sums: pos.Sums{Net: 1900000}, ByHour: map[int]pos.Sums{}}
	for h, n := range map[int]pos.Amount{7: 49000, 8: 86000, 9: 130000, 10: 118000, 11: 122000, 12: 206000, 13: 234000, 14: 231000, 15: 108000, 16: 99000, 17: 135000, 18: 213000, 19: 230000, 20: 170000, 21: 96000, 22: 42000} {
		w.ByHour[h] = pos.Sums{Net: n}
	}
	v.Totals, v.LastWeek, v.SameTime = t, w, 1192020
}
