package acquirer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	KindBalance: "余额查询",
}

// notice decides whether the issuer notifies, tells the till so (F63) and puts the notice in the outbox.
func (h *Host) notice(m *wire.Message, kind, number string, o *outcome) {
	a := h.account(number)
	told := a.SMS && o.amount >= a.SMSFrom
	if kind == KindBalance {
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

// reversed tells the cardholder that a payment of which he was told is undone.
func (h *Host) reversed(number string, t *txn, o *outcome) {
	if a := h.account(number); number == "" || !a.SMS || t.Amount < a.SMSFrom {
		return
	}
	h.send(number, KindReversal, t.Amount, m37(o.number), fmt.Sprintf("您尾号%s的卡%s%s元已冲正，可用余额%s元",
		last(number, 4), smsWords[t.Kind], yuan(t.Amount), yuan(h.available(number))))
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

// Outbox reads the notices of a host's folder, running or stopped, oldest first.
func Outbox(dir string) ([]SMS, error) {
	f, err := os.Open(filepath.Join(dir, outboxName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var out []SMS
	for dec := json.NewDecoder(f); ; {
		var s SMS
		switch err := dec.Decode(&s); {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF): // a line that is being written is none yet
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("acquirer: %s: %w", outboxName, err)
		}
		out = append(out, s)
	}
}

// PrintOutbox writes the notices, a line each: time, kind, masked number, text.
func PrintOutbox(dir string, w io.Writer) error {
	all, err := Outbox(dir)
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Time.Format(time.DateTime), s.Kind, s.PAN, s.Text); err != nil {
			return err
		}
	}
	return nil
}

func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

func last(text string, n int) string { return text[max(0, len(text)-n):] }
