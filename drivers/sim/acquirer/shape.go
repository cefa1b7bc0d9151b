package acquirer

import (
	"encoding/hex"
	"slices"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
)

// KindBalance is a balance inquiry; it moves nothing and is not in the ledger.
const KindBalance = "balance"

const (
	stanDigits   = 6
	batchDigits  = 6
	originDigits = 12 // F61: batch, STAN
	datedDigits  = 16 // F61 of a refund: batch, STAN, MMDD
)

// cardNumber is F2, else the number of track 2, else a payment code of F59 (tag A3), else empty.
func cardNumber(m *wire.Message) string {
	if pan := m.Get(2); pan != "" {
		return pan
	}
	if pan, _, ok := strings.Cut(m.Get(35), "="); ok {
		return pan
	}
	code, _ := paymentCode(m.Get(59))
	return code
}

// kindOf names what a request asks for, by MTI, F3 and the type in F60; empty when the host has no such function.
func kindOf(m *wire.Message) string {
	switch m.MTI + m.Get(3) + prefix(m.Get(60), 2) {
	case "020000000022":
		if m.Has(59) {
			return KindCodeSale
		}
		return KindSale
	case "020000000036":
		return KindOfflineSale
	case "020020000023":
		return KindVoid
	case "022020000025":
		return KindRefund
	case "020031000001":
		return KindBalance
	case "010003000010":
		return KindPreauth
	case "010020000011":
		return KindPreauthVoid
	case "020000000020":
		return KindCompletion
	case "020020000021":
		return KindCompletionVoid
	}
	return ""
}

// paymentCode takes the customer's code out of F59: "A3", its length in three digits, the code, nothing behind it.
func paymentCode(f59 string) (string, bool) {
	if len(f59) < 6 || f59[:2] != "A3" || !digits(f59[2:5]) || int(number(f59[2:5])) != len(f59)-5 {
		return "", false
	}
	return f59[5:], digits(f59[5:])
}

// wallet names whose payment code it is, empty for nobody's: WeChat 10 to 15 and 18 digits, Alipay 25 to 30 and 16 to 24, UnionPay 62 and 16 to 20.
func wallet(code string) string {
	n, start := len(code), prefix(code, 2)
	switch {
	case !digits(code):
	case n == 18 && "10" <= start && start <= "15":
		return "wechat"
	case 16 <= n && n <= 24 && "25" <= start && start <= "30":
		return "alipay"
	case 16 <= n && n <= 20 && start == "62":
		return "unionpay"
	}
	return ""
}

// shape is what a kind of request has to carry beyond what all carry.
type shape struct {
	condition string // F25
	kind      string // F60, type
	needs     []int
}

var shapes = map[string]shape{
	KindSale:           {"00", "22", nil},
	KindCodeSale:       {"00", "22", []int{59}},
	KindOfflineSale:    {"00", "36", []int{55, 63}},
	KindVoid:           {"00", "23", []int{61}}, // F37: an original whose answer was lost has none at the till; F38: see judgeVoid
	KindRefund:         {"00", "25", []int{61, 63}},
	KindBalance:        {"00", "01", []int{52}},
	KindPreauth:        {"06", "10", nil},
	KindPreauthVoid:    {"06", "11", []int{38, 61}},
	KindCompletion:     {"06", "20", []int{38, 61}},
	KindCompletionVoid: {"06", "21", []int{38, 61}},
}

// flaw answers the first field of a request that is not as the protocol has it, 0 when all are.
func flaw(m *wire.Message, kind string) int {
	s := shapes[kind]
	if m.Get(25) != s.condition {
		return 25
	}
	if m.Get(49) != currency {
		return 49
	}
	if kind != KindBalance && !m.Has(4) {
		return 4
	}
	if networkOf(m) != "000" || number(batchOf(m)) == 0 {
		return 60
	}
	for _, id := range s.needs {
		if !m.Has(id) {
			return id
		}
	}
	if field := entryFlaw(m, kind); field != 0 {
		return field
	}
	return detailFlaw(m, kind)
}

// entryFlaw holds entry mode and PIN fields against each other.
func entryFlaw(m *wire.Message, kind string) int {
	f22 := m.Get(22)
	if len(f22) != 3 || !slices.Contains([]string{"01", "02", "03", "05", "07"}, f22[:2]) || f22[2] != '1' && f22[2] != '2' {
		return 22
	}
	if kind == KindCodeSale && f22 != "032" || kind == KindSale && f22[:2] == "03" {
		return 22
	}
	switch pin := m.Has(52); {
	case pin != m.Has(26):
		return 26
	case pin != m.Has(53):
		return 53
	case pin != (f22[2] == '1'):
		return 22
	}
	return 0
}

// detailFlaw looks into the fields that have parts.
func detailFlaw(m *wire.Message, kind string) int {
	f61, want := m.Get(61), originDigits
	if kind == KindRefund {
		want = datedDigits
	}
	switch {
	case follows(kind) && (len(f61) < want || !digits(f61)):
		return 61
	case kind == KindCodeSale:
		if _, ok := paymentCode(m.Get(59)); !ok {
			return 59
		}
	case kind == KindOfflineSale && !approvedOffline(m.Get(55)):
		return 55
	}
	if m.Has(63) && len(m.Get(63)) < len(organisation) {
		return 63
	}
	return 0
}

// approvedOffline tells whether chip data say in tag 8A that the card approved without the host.
func approvedOffline(f55 string) bool {
	raw, err := hex.DecodeString(f55)
	if err != nil {
		return false
	}
	items, err := wire.ParseTLV(raw)
	if err != nil {
		return false
	}
	for _, it := range items {
		if it.Tag == "8A" {
			return string(it.Value) == "Y1" || string(it.Value) == "Y3"
		}
	}
	return false
}

// reversalFlaw answers the first field of a reversal that is not as the protocol has it; t is its original, nil where it is not known.
func reversalFlaw(m *wire.Message, t *txn) int {
	if !slices.Contains([]string{"98", "A0", "06"}, m.Get(39)) {
		return 39
	}
	for _, id := range []int{26, 35, 36, 37, 52, 53} {
		if m.Has(id) {
			return id
		}
	}
	if t == nil {
		return 0
	}
	s := shapes[t.Kind]
	proc := "200000"
	switch t.Kind {
	case KindSale, KindCodeSale, KindOfflineSale, KindCompletion:
		proc = "000000"
	case KindPreauth:
		proc = "030000"
	}
	switch {
	case m.Get(3) != proc:
		return 3
	case m.Get(25) != s.condition:
		return 25
	case prefix(m.Get(60), 2) != s.kind:
		return 60
	}
	return 0
}
