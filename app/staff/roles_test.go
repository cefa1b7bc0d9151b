package staff

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

func TestWhoMayDoWhat(t *testing.T) {
	for p, want := range map[Permission][3]bool{ // cashier supervisor owner
		PriceOverride: {false, true, true}, DiscountOverLimit: {false, true, true}, SameCardAgain: {false, true, true},
		VoidSale: {false, true, true}, RefundSale: {false, true, true}, LeaveOut: {false, true, true},
		EnterKeys: {false, true, true},
		SeeTotals: {false, true, true}, Resolve: {false, true, true}, Settings: {false, false, true}, "launch": {},
	} {
		for i, r := range []pos.Role{pos.Cashier, pos.Supervisor, pos.Owner} {
			if Can(r, p) != want[i] {
				t.Errorf("%s %s: %v", r, p, !want[i])
			}
		}
		if Can("", p) || Can("king", p) {
			t.Errorf("a role that there is not may %s", p)
		}
	}
	if len(needs) != 10 {
		t.Errorf("%d permissions, the table above has 10", len(needs))
	}
}

func TestHashTexts(t *testing.T) {
	good, err := Hash("135790", cheap)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Hash("135790", cheap)
	if err != nil || good == again {
		t.Error("two hashes of one PIN are alike", err)
	}
	if ok, err := matches(good, "135790"); !ok || err != nil {
		t.Error(ok, err)
	}
	if ok, err := matches(good, "135791"); ok || err != nil {
		t.Error(ok, err)
	}
	for _, bad := range []string{
		"", "135790", "$argon2id$", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=0", 1), strings.Replace(good, "m=64", "m=1048577", 1),
		strings.Replace(good, "t=1", "t=17", 1), strings.Replace(good, "p=1", "p=0", 1), good + "x", good[:len(good)-1],
	} {
		if ok, err := matches(bad, "135790"); ok || err == nil {
			t.Errorf("%q: %v %v", bad, ok, err)
		}
	}
	for _, secret := range []string{"12345", strings.Repeat("1", maxSecret+1)} {
		if _, err := Hash(secret, cheap); code(err) != "bad_pin" {
			t.Errorf("%d digits: %v", len(secret), err)
		}
	}
}

func TestAGoodPINForgetsTheWrongOnes(t *testing.T) {
	l, now := shop(t), time.Now()
	for range 3 {
		for range maxTries - 1 {
			if _, err := l.SignIn("1001", "000000", now); code(err) != "wrong_pin" {
				t.Fatal(err)
			}
		}
		if _, err := l.SignIn("1001", "135790", now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.SignIn("2001", "246802", now); err != nil {
		t.Error("the tries of one count for another:", err)
	}
}

func TestALockedSupervisorApprovesNothing(t *testing.T) {
	l, now := shop(t), time.Now()
	for range maxTries {
		if _, err := l.Approve("2001", "000000", Resolve, now); code(err) != "wrong_pin" {
			t.Fatal(err)
		}
	}
	if _, err := l.Approve("2001", "246802", Resolve, now.Add(lockedFor-1)); code(err) != "locked" {
		t.Error(err)
	}
	if _, err := l.Approve("2001", "246802", Resolve, now.Add(lockedFor)); err != nil {
		t.Error(err)
	}
}

func TestNoSecretLeavesTheList(t *testing.T) {
	l := shop(t)
	ops := l.Operators()
	if len(ops) != 2 || ops[0].ID != "1001" || ops[1].ID != "2001" {
		t.Error(ops)
	}
	for _, o := range ops {
		if o.Secret != "" {
			t.Errorf("%s carries its secret", o.ID)
		}
	}
}

func TestGuessesAtOnceAreAllCounted(t *testing.T) {
	l, now := shop(t), time.Now()
	var all sync.WaitGroup
	for range maxTries {
		all.Go(func() { _, _ = l.SignIn("1001", "000000", now) })
	}
	all.Wait()
	if _, err := l.SignIn("1001", "135790", now); code(err) != "locked" {
		t.Error(err)
	}
}

func TestAFileOfHashesAndItsSize(t *testing.T) {
	hash, err := Hash("135790", cheap)
	if err != nil {
		t.Fatal(err)
	}
	file := func(n int) string {
		var b strings.Builder
		b.WriteString("\ufeffid,name,role,pin\n")
		for i := range n {
			b.WriteString(strconv.Itoa(1000+i) + ",名,cashier,\"" + hash + "\"\n")
		}
		return b.String()
	}
	ops, err := ReadCSV(strings.NewReader(file(maxStaff)), cheap)
	if err != nil || len(ops) != maxStaff || ops[0].Secret != hash {
		t.Fatal(len(ops), err)
	}
	if _, err := ReadCSV(strings.NewReader(file(maxStaff+1)), cheap); code(err) != "bad_staff" {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := Save(&b, nil, ops); err != nil {
		t.Fatal(err)
	}
	if back, err := Stored(&b); err != nil || len(back) != maxStaff || back[7] != ops[7] {
		t.Error(len(back), err)
	}
	if _, err := Stored(strings.NewReader("{")); err == nil {
		t.Error("half a file was taken")
	}
}
