package screen_test

import (
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// secrets are the screens of the entry of a master key.
func secrets() []shown {
	var out []shown
	add := func(name string, k screen.KeyEntry) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
		k.Known = true
		v.Screen, v.Keying = screen.Keys, k
		out = append(out, shown{name, s, v, false})
	}
	one := [2]string{"孙丽"}
	both := [2]string{"孙丽", "赵敏"}
	values := [2]string{"82E13665", "D2BAE5F5"}
	add("keys-who", screen.KeyEntry{Step: screen.KeyWho, Part: 1, Number: "9001", PIN: 3, Field: screen.FieldPIN})
	add("keys-who-fault", screen.KeyEntry{
		Step: screen.KeyWho, Part: 2, Field: screen.FieldNumber, People: one, Values: [2]string{values[0]}, Fault: "两份要由两个人输入，请换另一个人",
	})
	add("keys-type", screen.KeyEntry{Step: screen.KeyType, Part: 1, People: one, Typed: 21})
	add("keys-typed", screen.KeyEntry{Step: screen.KeyType, Part: 2, People: both, Values: [2]string{values[0]}, Typed: 32})
	add("keys-type-fault", screen.KeyEntry{
		Step: screen.KeyType, Part: 2, People: both, Values: [2]string{values[0]}, Fault: "一份密钥是 32 位，请照纸再输一次",
	})
	add("keys-pad", screen.KeyEntry{Step: screen.KeyType, Part: 1, People: one, AtPad: true, Busy: true})
	add("keys-pad-fault", screen.KeyEntry{
		Step: screen.KeyType, Part: 2, People: both, Values: [2]string{values[0]}, AtPad: true, Fault: "有一位输错了，请照纸再输一次",
	})
	add("keys-check", screen.KeyEntry{Step: screen.KeyCheck, Part: 1, People: one, Values: [2]string{values[0]}})
	add("keys-whole", screen.KeyEntry{Step: screen.KeyWhole, Part: 2, People: both, Values: values, Whole: "08D7B4FB"})
	add("keys-done", screen.KeyEntry{Step: screen.KeyDone, Part: 2, People: both, Values: values, Whole: "08D7B4FB"})
	s, v := full(), view()
	s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
	v.Screen, v.Keying.Known = screen.Settings, true
	return append(out, shown{"settings-keys", s, v, false})
}
