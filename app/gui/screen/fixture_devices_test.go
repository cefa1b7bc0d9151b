package screen_test

import (
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// gear is a shop's devices: a printer without paper and the drawer that hangs on it, a scale that is not there yet.
func gear() screen.Gear {
	dev := func(name, url, identity, state, code, detail string) pos.Device {
		return pos.Device{Name: name, URL: url, Identity: identity, Condition: pos.Condition{Name: name, State: state, Code: code, Detail: detail}}
	}
	return screen.Gear{
		Known: true, Chosen: "printer",
		List: []pos.Device{
			dev("reader", "pcsc:", "072f:223b ACS ACR1252", "ok", "", ""),
			dev("pinpad", "serial:/dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0?baud=9600", "0403:6001 FT232R", "ok", "", ""),
			dev("printer", "lp:/dev/usb/lp0", "0416:5011 POS-80 printer", "fault", "paper_out", "status 0x60"),
			dev("qr", "st7789+spi:SPI0.0?dc=GPIO25", "", "ok", "", ""),
			dev("pole", "serial:/dev/ttyUSB2", "", "fault", "unplugged", "/dev/ttyUSB2"),
			dev("scanner", "evdev:/dev/input/by-id/usb-Honeywell-event-kbd", "0c2e:0b61 Honeywell 1200g", "ok", "", ""),
			dev("scale", "", "", "off", "not_configured", ""),
			dev("drawer", "printer:", "", "fault", "offline", ""),
			dev("customer", "", "", "off", "", ""),
		},
	}
}

// devicePages are the devices page in the states worth looking at.
func devicePages() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
		v.Screen, v.Gear = screen.Devices, gear()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("devices", func(s *checkout.Snapshot, v *screen.View) {})
	add("devices-slips", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Slips = []pos.Printing{{ID: 1, Number: "000127", State: "unknown", Reason: "unplugged"}, {ID: 2, Number: "000128", State: "queued", Reason: "paper_out"}, {ID: 3, Number: "000129", State: "sent", Copy: true}}
	})
	add("devices-drawer", func(_ *checkout.Snapshot, v *screen.View) { v.Gear.Chosen = "drawer" })
	add("devices-line", func(_ *checkout.Snapshot, v *screen.View) {
		v.Gear.Chosen = "host"
		v.Gear.List = append(v.Gear.List,
			pos.Device{Name: "host", URL: "tls:bank.example:7000", Condition: pos.Condition{Name: "host", State: "fault", Code: "offline"}},
			pos.Device{Name: "journal", URL: "file:", Condition: pos.Condition{Name: "journal", State: "fault", Code: "journal_damaged"}})
	})
	add("devices-result", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Chosen = "reader"
		v.Gear.Result = screen.Result{What: "interactive", Name: "reader", Cond: pos.Condition{Name: "reader", State: "ok", Found: []pos.Remark{pos.Say("card_pays"), pos.Say("card_serial", "E5F6")}}}
	})
	for name, said := range map[string][2]pos.Remark{
		"daemon_down": {pos.Say("pcscd_down", "/run/pcscd/pcscd.comm"), pos.Say("run", "sudo systemctl enable --now pcscd.socket")},
		"no_permission": {pos.Say("group_may_not", "/dev/ttyUSB0", "plugdev"), pos.Say("udev_group",
			"sudo cp 70-tillkeeper.rules /etc/udev/rules.d/ && sudo udevadm control --reload && sudo udevadm trigger", "sudo usermod -aG plugdev till")},
		"busy_elsewhere": {
			pos.Say("reader_kernel", "pn533_usb", "ACS ACR122U"),
			pos.Say("run", "echo blacklist pn533_usb | sudo tee /etc/modprobe.d/tillkeeper.conf && sudo modprobe -r pn533_usb"),
		},
	} {
		add("devices-"+name, func(s *checkout.Snapshot, v *screen.View) {
			v.Gear.Chosen = "reader"
			v.Gear.List[0].Condition = pos.Condition{Name: "reader", State: "fault", Code: name, Found: said[:1], Mend: said[1:]}
			if name == "busy_elsewhere" {
				v.Gear.Result = screen.Result{What: "internal", Name: "reader", Cond: v.Gear.List[0].Condition}
			}
		})
	}
	add("devices-drawer", func(s *checkout.Snapshot, v *screen.View) { v.Gear.Chosen = "drawer" })
	add("devices-scale", func(s *checkout.Snapshot, v *screen.View) { v.Gear.Chosen = "scale" })
	add("devices-customer", func(s *checkout.Snapshot, v *screen.View) { v.Gear.Chosen = "customer" })
	add("devices-customer-open", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Chosen, v.Gear.Second, v.Gear.List[8].Condition.State = "customer", true, "ok"
	})
	add("devices-failed", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Chosen = "pole"
		v.Gear.Result = screen.Result{What: "external", Name: "pole", Cond: pos.Condition{Name: "pole", State: "fault", Code: "unplugged"}}
	})
	add("devices-doing", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Doing = screen.Doing{What: "external", Name: "printer", Since: now.Add(-2 * time.Second), Until: now.Add(28 * time.Second)}
	})
	add("devices-hand", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Chosen = "reader"
		v.Gear.Doing = screen.Doing{What: "interactive", Name: "reader", Since: now.Add(-8 * time.Second), Until: now.Add(22 * time.Second)}
	})
	add("devices-found", func(s *checkout.Snapshot, v *screen.View) {
		v.Gear.Looked, v.Gear.Found = true, []pos.Found{
			{Name: "reader", URL: "pcsc:", Label: "ACS ACR1252 Dual Reader 00 00", Identity: "072f:223b"},
			{Name: "printer", URL: "lp:/dev/usb/lp1", Label: "EPSON TM-T82III Receipt", Identity: "04b8:0e28 X2QF007531"},
			{Name: "scale", URL: "cas:/dev/serial/by-id/usb-Prolific-if00?baud=9600", Label: "Prolific USB-Serial Controller", Identity: "067b:2303"},
			{Name: "scanner", URL: "evdev:/dev/input/by-id/usb-Honeywell-event-kbd", Label: "Honeywell 1200g", Identity: "0c2e:0b61"},
		}
	})
	add("devices-nothing", func(s *checkout.Snapshot, v *screen.View) { v.Gear.Looked = true })
	add("devices-none", func(s *checkout.Snapshot, v *screen.View) { v.Gear = screen.Gear{} })
	return append(out, atTheCounter()...)
}

// atTheCounter are the states of selling that devices bring.
func atTheCounter() []shown {
	out := refusedForReasons()
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("weigh", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Weighing = screen.Weigh, screen.Weighing{Scale: true, What: "红富士苹果 称重", Since: now.Add(-7 * time.Second), Until: now.Add(13 * time.Second)}
	})
	add("weigh-failed", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Weighing = screen.Weigh, screen.Weighing{Scale: true, What: "红富士苹果 称重", Code: "unplugged"}
		v.Entry = "1.25"
	})
	add("card-choose", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{
			Amount: 18540, Stage: checkout.CardRead, Began: now.Add(-4 * time.Second), Deadline: now.Add(16 * time.Second), Entry: "chip",
			Choices: []string{"PBOC DEBIT", "PBOC CREDIT", "CITY TRANSIT CARD"},
		}
	})
	add("card-choose-many", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardRead, Began: now.Add(-4 * time.Second), Deadline: now.Add(16 * time.Second)}
		for range 11 {
			s.Card.Choices = append(s.Card.Choices, "UNIONPAY QUASI CREDIT")
		}
	})
	add("sale-drawer-open", func(s *checkout.Snapshot, v *screen.View) {
		s.Devices = append(s.Devices, pos.Condition{Name: "drawer", State: "warn", Code: "drawer_open"})
	})
	down := pos.Condition{Name: "reader", State: "fault", Code: "daemon_down"}
	add("sale-reader-down", func(s *checkout.Snapshot, v *screen.View) { s.Devices[0] = down })
	add("sale-reader-down-empty", func(s *checkout.Snapshot, v *screen.View) {
		s.Basket, s.Selected, s.Devices[0] = pos.Basket{}, 0, down
	})
	for name, real := range map[string]bool{"card-pin-demo": false, "card-pin-pad": true} {
		add(name, func(s *checkout.Snapshot, v *screen.View) {
			s.Step = checkout.StepCard
			s.Card = &checkout.CardView{Amount: 18540, Stage: checkout.CardPIN, MaskedPAN: "622202******1234", Entry: "contactless"}
			v.Bench = screen.Bench{On: true, Real: map[string]bool{"pinpad": real}}
		})
	}
	add("sale-many-faults", func(s *checkout.Snapshot, v *screen.View) {
		s.Line.State, s.Line.Cause, s.Line.Since = "offline", "network", now.Add(-6*time.Minute)
		s.Line.Queued, s.Line.QueuedSum = 3, 12850
		s.Devices = nil
		for _, n := range []string{"reader", "pinpad", "printer", "qr", "pole", "scanner", "scale", "drawer"} {
			s.Devices = append(s.Devices, pos.Condition{Name: n, State: "fault", Code: "unplugged"})
		}
	})
	add("selftest-chain", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, v.Screen = checkout.StepSignIn, screen.SelfTest
		v.Tests = tests("ok")
		for i := range v.Tests {
			if n := v.Tests[i].Name; n == "printer" || n == "drawer" {
				v.Tests[i].State, v.Tests[i].Code = "fault", "unplugged"
			}
		}
		v.Tests = append(v.Tests, pos.Condition{Name: "pole", State: "ok"}, pos.Condition{Name: "scale", State: "warn", Code: "offline"}, pos.Condition{Name: "qr", State: "ok"})
	})
	return out
}

// refusedForReasons are outcomes of cards whose reader or chip had something to say.
func refusedForReasons() (out []shown) {
	add := func(name string, o checkout.Outcome) {
		s, v := full(), view()
		s.Step, s.Outcome = checkout.StepOutcome, &o
		out = append(out, shown{name, s, v, false})
	}
	for _, code := range []string{
		"card_removed", "chip_blocked", "application_blocked", "use_chip", "two_cards", "unplugged", "daemon_down", "no_reader", "busy_elsewhere", "no_permission",
		"wrong_speed", "see_phone", "pin_tries_exceeded", "card_not_authentic", "card_data_wrong", "issuer_not_recognised", "terminal_setup", "no_pinpad", "offline_declined", "22",
	} {
		a := attempt(pos.Declined)
		a.MaskedPAN, a.RRN, a.EntryMode = "", "", ""
		add("outcome-refused-"+code, checkout.Outcome{Kind: checkout.OutcomeRefused, Attempt: a, Code: code, Offer: []pos.Tender{pos.Card, pos.QR, pos.Cash}, At: now})
	}
	torn := attempt(pos.Reversing)
	torn.Tries = 1
	add("outcome-torn", checkout.Outcome{Kind: checkout.OutcomeUnknown, Attempt: torn, Code: "card_removed", Offer: []pos.Tender{pos.QR, pos.Cash, pos.Card}, At: now})
	return out
}

// customerPages are the customer's window in every state.
func customerPages() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{"customer-" + name, s, v, true})
	}
	add("idle", func(s *checkout.Snapshot, v *screen.View) { s.Basket, s.Selected = pos.Basket{}, 0 })
	add("closed", func(s *checkout.Snapshot, v *screen.View) { s.Step, s.Basket = checkout.StepSignIn, pos.Basket{} })
	add("sale", func(s *checkout.Snapshot, v *screen.View) { s.Basket.Lines[1].Discount, s.Basket.Total = 100, 18440 })
	add("cash", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Tendered = screen.Cash, "200" })
	add("cash-wait", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Cash })
	card := func(stage checkout.CardStage, more func(*checkout.CardView)) func(s *checkout.Snapshot, v *screen.View) {
		return func(s *checkout.Snapshot, v *screen.View) {
			s.Step = checkout.StepCard
			s.Card = &checkout.CardView{Amount: 18540, Stage: stage, Began: now, MaskedPAN: "622202******1234", Entry: "chip"}
			if more != nil {
				more(s.Card)
			}
		}
	}
	add("present", card(checkout.CardPresent, nil))
	add("pin", card(checkout.CardPIN, func(v *checkout.CardView) { v.Amount = 5000 }))
	add("pin-or-ok", card(checkout.CardPIN, func(v *checkout.CardView) { v.Bypass = true }))
	add("bank", card(checkout.CardHost, nil))
	add("choose", card(checkout.CardRead, func(v *checkout.CardView) { v.Choices = []string{"PBOC DEBIT", "PBOC CREDIT", "CITY TRANSIT CARD"} }))
	add("balance", card(checkout.CardPresent, func(v *checkout.CardView) { v.Kind, v.Amount = pos.Balance, 0 }))
	add("refund", card(checkout.CardPresent, func(v *checkout.CardView) { v.Kind, v.Amount = pos.Refund, 900 }))
	add("qr", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepQR
		s.QR = &checkout.QRView{Amount: 18540, Code: "https://pay.example/order/000000000487", Began: now.Add(-32 * time.Second), Expires: now.Add(88 * time.Second)}
	})
	add("qr-closing", func(s *checkout.Snapshot, v *screen.View) {
		s.Step = checkout.StepQR
		s.QR = &checkout.QRView{Amount: 18540, Code: "https://pay.example/order/000000000487", Closing: true}
	})
	end := func(kind checkout.OutcomeKind, code string, more func(*checkout.Outcome)) func(s *checkout.Snapshot, v *screen.View) {
		return func(s *checkout.Snapshot, v *screen.View) {
			s.Step = checkout.StepOutcome
			s.Outcome = &checkout.Outcome{Kind: kind, Attempt: attempt(pos.Approved), Code: code, At: now, Finished: kind == checkout.OutcomeApproved}
			if more != nil {
				more(s.Outcome)
			}
		}
	}
	add("thanks", end(checkout.OutcomeApproved, "00", nil))
	add("change", end(checkout.OutcomeApproved, "", func(o *checkout.Outcome) {
		o.Change, o.Attempt = 1460, pos.Attempt{Tender: pos.Cash, Amount: 18540, Approved: 18540, Tendered: 20000}
	}))
	add("part", end(checkout.OutcomeApproved, "00", func(o *checkout.Outcome) { o.Due, o.Finished, o.Attempt.Approved = 13540, false, 5000 }))
	add("refused", end(checkout.OutcomeRefused, "51", nil))
	add("unknown", end(checkout.OutcomeUnknown, "no_answer", nil))
	add("balance-done", end(checkout.OutcomeApproved, "00", func(o *checkout.Outcome) {
		b := pos.Amount(123456)
		o.Balance, o.Attempt.Kind, o.Attempt.Amount = &b, pos.Balance, 0
	}))
	return out
}
