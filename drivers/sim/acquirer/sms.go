package acquirer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

const outboxName = "sms.jsonl"

// SMS is one notice of an issuer to a cardholder, as the outbox has it; amounts in fen.
type SMS struct {
	Time   time.Time `json:"time"`
	PAN    string    `json:"pan"`  // masked
	Kind   string    `json:"kind"` // of the message, or "wrong_pin"
	Amount int64     `json:"amount"`
	Left   int64     `json:"left"` // available after it
	RRN    string    `json:"rrn,omitempty"`
	Text   string    `json:"text"`
}

var smsWords = map[string]string{
	KindSale: "消费", KindCodeSale: "扫码消费", KindOfflineSale: "脱机消费", KindVoid: "消费撤销", KindRefund: "退货",
	KindPreauth: "预授权", KindPreauthVoid: "预授权撤销", KindCompletion: "预授权完成", KindCompletionVoid: "预授权完成撤销",
	"balance": "余额查询",
}

// notice decides whether the issuer notifies, tells the till so (F63) and puts the notice in the outbox.
func (h *Host) notice(m *wire.Message, kind, number string, o *outcome) {
	a := h.account(number)
	told := a.SMS && o.amount >= a.SMSFrom
	if kind == "balance" {
		told = a.SMS && a.Asks
	}
	o.notify = "SMS0"
	if !told {
		return
	}
	o.notify = "SMS1"
	h.send(number, kind, o.amount, m37(o.number), fmt.Sprintf("您尾号%s的卡%s%s元，可用余额%s元",
		last(number, 4), smsWords[kind], yuan(o.amount), yuan(h.available(number))))
}

// warn tells the cardholder of a wrong PIN.
func (h *Host) warn(_ *wire.Message, kind, number string, o *outcome) {
	if a := h.account(number); a.SMS && (o.code == "55" || o.code == "75") {
		h.send(number, "wrong_pin", o.amount, "", fmt.Sprintf("您尾号%s的卡%s时密码错误", last(number, 4), smsWords[kind]))
	}
}

// send appends to the outbox; a notice lost with the process is no money lost, so there is no flush.
func (h *Host) send(number, kind string, amount int64, rrn, text string) {
	line, err := json.Marshal(SMS{
		Time: h.cfg.Clock.Now(), PAN: wire.MaskPAN(number), Kind: kind, Amount: amount,
		Left: h.available(number), RRN: rrn, Text: text,
	})
	if err == nil {
		err = appendFile(filepath.Join(h.cfg.Dir, outboxName), append(line, '\n'))
	}
	if err != nil {
		h.log.Error("acquirer: outbox", "err", err)
	}
}

func appendFile(name string, line []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(line)
	return errors.Join(err, f.Close())
}

func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

func last(text string, n int) string { return text[max(0, len(text)-n):] }
