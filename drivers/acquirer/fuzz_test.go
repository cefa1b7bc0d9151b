package acquirer

import (
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// FuzzAnswers gives every message that can be unpacked to what reads answers: it
// may not panic, and what it takes for an answer has what is read of it.
func FuzzAnswers(f *testing.F) {
	p, err := wire.Load(nil, "../../assets/profiles/cup.json")
	if err != nil {
		f.Fatal(err)
	}
	l := New(Options{Address: "127.0.0.1:1", Profile: p, TID: tid, MID: mid, Keys: &testKeys{loaded: true}})
	f.Cleanup(func() {
		if err := l.Close(); err != nil {
			f.Error(err)
		}
	})
	var wants []*wire.Message
	for _, r := range []pos.Request{contactless("000123"), reversal("000123"), follow(pos.OpRefund, "000126", 50)} {
		m, err := l.message(r)
		if err != nil {
			f.Fatal(err)
		}
		wants = append(wants, m)
	}
	for _, op := range []string{settleOp, uploadOp, signOffOp, signOnOp} {
		m, _, err := l.control(op, "000128", "000001", "")
		if err != nil {
			f.Fatal(err)
		}
		wants = append(wants, m)
	}
	for _, v := range []string{"V2", "V4", "V5", "V7", "V12", "V13"} {
		f.Add(vector(f, v)[2:])
	}
	for _, w := range wants {
		for _, code := range []string{"", "00", "30"} {
			a := closing(w, code)
			a.Fields[54], a.Fields[63] = "0002156C000000123456", "CUP"+pad("")+pad("SMS1")+pad("")
			b, err := p.Pack(p.NewHeader(), a)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, m, err := p.Unpack(b)
		if err != nil {
			return
		}
		for _, w := range wants {
			if l.misfit(w, m) != "" {
				continue
			}
			if code := m.Get(39); w.MTI[1] == classSettle && (code == "" || p.Codes.IsSuccess(code)) {
				if r := hostTotals(m); r.Host.Debit < 0 || r.Host.Debit > 2*maxAmount || r.Host.CreditCount < 0 {
					t.Fatalf("%+v", r)
				}
			}
			if m.Get(11) != w.Get(11) || h.Requirement() > 9 {
				t.Fatalf("%v answers %v", m, w)
			}
		}
		if r := l.reply(m); r.Amount < 0 || r.Amount > maxAmount || len(r.Org) > 3*p.Texts.Organisation {
			t.Fatalf("%+v", r)
		}
		batchOf(m)
	})
}
