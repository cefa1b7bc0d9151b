package pinpad

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"

	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/keys/dukpt"
	pad "tillkeeper/drivers/pinpad"
)

// do answers the commands that need nobody.
func (s *Sim) do(ctx context.Context, f pad.Frame) (status byte, data []byte) {
	switch f.Cmd {
	case pad.CmdInfo:
		_, err := s.store.Working()
		return pad.StatusOK, []byte{version, bit(s.store.HasTMK()), bit(err == nil), s.store.DUKPTKind()}
	case pad.CmdLoad:
		layout, f62, err := split(f.Data)
		if err == nil {
			err = s.store.LoadKeys(ctx, f62, layout)
		}
		return answer(err)
	case pad.CmdMAC:
		algorithm, text, err := split(f.Data)
		if err != nil {
			return pad.StatusRefused, nil
		}
		w, err := s.store.Working()
		if err != nil {
			return answer(err)
		}
		mac, err := keys.MAC(algorithm, w.MAK, text)
		if err != nil {
			return answer(err)
		}
		return pad.StatusOK, mac
	case pad.CmdData:
		return s.data(f.Data)
	case pad.CmdBeep:
		s.show(Screen{Asks: AsksBeep})
		s.show(Screen{})
		return pad.StatusOK, nil
	}
	return pad.StatusRefused, nil
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// answer says an error in the words of the wire.
func answer(err error) (status byte, data []byte) {
	for _, known := range []struct {
		err    error
		status byte
	}{
		{keys.ErrNoKeys, pad.StatusNoKeys},
		{keys.ErrKCV, pad.StatusKCV},
		{keys.ErrNoTMK, pad.StatusNoTMK},
		{dukpt.ErrExhausted, pad.StatusExhausted},
	} {
		if errors.Is(err, known.err) {
			return known.status, nil
		}
	}
	for reason, e := range map[byte]error{
		pad.EntryLength: keys.ErrComponent, pad.EntryParity: keys.ErrParity, pad.EntryWeak: keys.ErrWeakKey,
		pad.EntrySame: keys.ErrSameComponent, pad.EntryPerson: keys.ErrSamePerson, pad.EntryOrder: keys.ErrNoFirst,
	} {
		if errors.Is(err, e) {
			return pad.StatusEntry, []byte{reason}
		}
	}
	if err != nil {
		return pad.StatusRefused, nil
	}
	return pad.StatusOK, nil
}

func split(data []byte) (name string, rest []byte, err error) {
	if len(data) == 0 || len(data) < 1+int(data[0]) {
		return "", nil, fmt.Errorf("%w: the name is cut off", pad.ErrRefused)
	}
	n := 1 + int(data[0])
	return string(data[1:n]), data[n:], nil
}

// data encrypts under the data key of a new DUKPT transaction.
func (s *Sim) data(in []byte) (status byte, out []byte) {
	k, err := s.store.NextDUKPT()
	if err != nil {
		return answer(err)
	}
	defer k.Forget()
	var c cipher.Block
	if pinKey(k).AES {
		c, err = aes.NewCipher(k.Data)
	} else {
		c, err = Key{Bytes: k.Data}.cipher(pad.Format0)
	}
	if err != nil {
		return answer(err)
	}
	n := c.BlockSize()
	sealed := make([]byte, max(1, (len(in)+n-1)/n)*n)
	copy(sealed, in)
	cipher.NewCBCEncrypter(c, make([]byte, n)).CryptBlocks(sealed, sealed)
	return pad.StatusOK, append(append([]byte{byte(len(k.KSN))}, k.KSN...), sealed...)
}

func pinKey(k dukpt.Keys) Key { return Key{Bytes: k.PIN, AES: k.Type >= dukpt.AES128} }

// pinHead is format, scheme, flag and amount of CmdPIN.
const pinHead = 3 + 8

// pin waits for the customer and answers the encrypted block.
func (s *Sim) pin(ctx context.Context, data []byte) (status byte, out []byte) {
	if len(data) < pinHead {
		return pad.StatusRefused, nil
	}
	format, scheme, bypass := pad.Format(data[0]), pad.Scheme(data[1]), data[2] == 1
	pan := string(data[pinHead:])
	if err := checkPAN(pan); err != nil {
		return pad.StatusRefused, nil
	}
	if status := s.ready(format, scheme); status != pad.StatusOK {
		return status, nil
	}
	amount := int64(binary.BigEndian.Uint64(data[3:])) //nolint:gosec // the till wrote it from a signed one
	s.customer.expect(amount)
	s.show(Screen{Asks: AsksPIN, Amount: amount})
	defer s.show(Screen{})
	e, status := s.customer.wait(ctx, s.Patience, amount)
	if status != pad.StatusOK {
		return status, nil
	}
	defer clear(e.typed)
	switch {
	case e.cancelled, len(e.typed) == 0 && !bypass:
		return pad.StatusCancelled, nil
	case len(e.typed) == 0:
		return pad.StatusBypassed, nil
	}
	return s.block(format, scheme, e.typed, pan)
}

// ready tells, before a customer is asked, whether there is a key for this format: AES for format 4, triple DES for the others.
func (s *Sim) ready(f pad.Format, scheme pad.Scheme) byte {
	if f != pad.Format0 && f != pad.Format3 && f != pad.Format4 {
		return pad.StatusRefused
	}
	kind := s.store.DUKPTKind()
	w, err := s.store.Working()
	switch {
	case scheme == pad.Session && (err != nil || w.PIK == nil), scheme != pad.Session && kind == 0:
		return pad.StatusNoKeys
	case scheme == pad.DUKPTAES && kind == dukpt.KindAES,
		scheme == pad.DUKPTTDES && kind == dukpt.KindTDES && f != pad.Format4, scheme == pad.Session && f != pad.Format4:
		return pad.StatusOK
	}
	return pad.StatusRefused
}

// block encrypts the PIN under the PIK or the PIN key of a new DUKPT transaction.
func (s *Sim) block(f pad.Format, scheme pad.Scheme, pin []byte, pan string) (status byte, out []byte) {
	var key Key
	var ksn []byte
	if scheme != pad.Session {
		k, err := s.store.NextDUKPT()
		if err != nil {
			return answer(err)
		}
		defer k.Forget()
		key, ksn = pinKey(k), k.KSN
	} else {
		w, err := s.store.Working()
		if err != nil {
			return answer(err)
		}
		key.Bytes = w.PIK
	}
	b, err := Encipher(f, key, pin, pan)
	if err != nil {
		return answer(err)
	}
	return pad.StatusOK, append(append([]byte{byte(len(b))}, b...), ksn...)
}

// component waits for a person at the keypad and takes one component of the TMK.
func (s *Sim) component(ctx context.Context, data []byte) (status byte, out []byte) {
	if len(data) == 0 || data[0] != 1 && data[0] != 2 {
		return pad.StatusRefused, nil
	}
	s.custodian.expect(0)
	s.show(Screen{Asks: AsksComponent, Number: int(data[0])})
	defer s.show(Screen{})
	e, status := s.custodian.wait(ctx, s.Patience, 0)
	if status == pad.StatusOK && e.cancelled {
		status = pad.StatusCancelled
	}
	if status != pad.StatusOK {
		s.ceremony.Cancel()
		return status, nil
	}
	person := string(data[1:])
	if data[0] == 1 {
		kcv, err := s.ceremony.First(person, e.typed)
		if err != nil {
			return answer(err)
		}
		return pad.StatusOK, kcv[:]
	}
	kcv, whole, err := s.ceremony.Second(person, e.typed)
	if err != nil {
		return answer(err)
	}
	return pad.StatusOK, append(kcv[:], whole[:]...)
}
