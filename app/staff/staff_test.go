package staff

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

var cheap = Cost{Passes: 1, KiB: 64, Threads: 1}

func code(err error) string {
	var e *pos.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func shop(t *testing.T) *List {
	t.Helper()
	text := "id,name,role,pin\n1001,王芳,cashier,135790\n2001,赵敏,supervisor,246802\n"
	ops, err := ReadCSV(strings.NewReader(text), cheap)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := Save(&b, []byte(text), ops); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "135790") {
		t.Fatal("a PIN in clear")
	}
	raw := b.Bytes()
	if _, ok := Load(bytes.NewReader(raw), []byte("another file")); ok {
		t.Fatal("the hashes of another file were taken")
	}
	back, ok := Load(bytes.NewReader(raw), []byte(text))
	if !ok {
		t.Fatal("the hashes were not taken")
	}
	l, err := NewList(back)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSignIn(t *testing.T) {
	l, now := shop(t), time.Now()
	if o, err := l.SignIn("1001", "135790", now); err != nil || o.Name != "王芳" {
		t.Error(o, err)
	}
	if _, err := l.SignIn("1002", "135790", now); code(err) != "unknown_staff" {
		t.Error(err)
	}
	if _, err := l.Approve("1001", "135790", PriceOverride, now); code(err) != "needs_supervisor" {
		t.Error(err)
	}
	if _, err := l.Approve("2001", "246802", PriceOverride, now); err != nil {
		t.Error(err)
	}
}

func TestTenWrongTriesLock(t *testing.T) {
	l, now := shop(t), time.Now()
	for i := range maxTries {
		if _, err := l.SignIn("1001", "000000", now); code(err) != "wrong_pin" {
			t.Fatal(i, err)
		}
	}
	if _, err := l.SignIn("1001", "135790", now); code(err) != "locked" {
		t.Error("not locked:", err)
	}
	if _, err := l.SignIn("1001", "135790", now.Add(lockedFor)); err != nil {
		t.Error("still locked:", err)
	}
}

func TestBadFiles(t *testing.T) {
	for _, text := range []string{
		"", "id,name,role\n", "id,name,role,pin\n1,a,king,135790\n", "id,name,role,pin\n1,a,cashier,123\n",
		"id,name,role,pin\n1,a,cashier,135790\n1,b,cashier,135790\n",
	} {
		if _, err := ReadCSV(strings.NewReader(text), cheap); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
