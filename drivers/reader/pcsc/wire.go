package pcsc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The commands of pcscd's socket (pcsc-lite, winscard_msg.h).
const (
	cmdEstablish     = 0x01
	cmdConnect       = 0x04
	cmdReconnect     = 0x05
	cmdDisconnect    = 0x06
	cmdBegin         = 0x07
	cmdEnd           = 0x08
	cmdTransmit      = 0x09
	cmdControl       = 0x0A
	cmdStatus        = 0x0B
	cmdGetAttribute  = 0x0F
	cmdVersion       = 0x11
	cmdReadersState  = 0x12
	cmdWait          = 0x13
	cmdStopWait      = 0x14
	versionMajor     = 4
	versionMinor     = 4 // since pcsc-lite 1.8.26; later daemons take it, or name their own
	versionMinorMost = 5 // of those that take nothing but their own (2.3, 2.4.0): the same messages
)

// Sizes on the wire, bytes.
const (
	maxReaderName  = 128
	maxATR         = 33
	maxReaders     = 16
	stateSize      = 184 // name 128, counter 4, state 4, sharing 4, ATR 33 and 3 of padding, its length 4, protocol 4
	statesSize     = maxReaders * stateSize
	attributeSize  = 264
	maxCommand     = 65544 // what pcscd takes of an extended APDU
	maxAnswer      = 4096 + 2
	ioRequestBytes = 16 // of a protocol control header; pcscd only hands it on
)

// State is one reader as pcscd shows it.
type State struct {
	Name     string
	Counter  uint32 // of cards put in and taken out
	Present  bool   // a card is in it
	Powered  bool   // and has power
	Sharing  int32  // handles open on it at this moment; -1 is one that excludes the others
	ATR      []byte // answer to reset, empty without a card or for one that did not answer
	Protocol Protocol
}

// The bits of a reader's state.
const (
	flagPresent = 0x04
	flagPowered = 0x10
)

// ErrProtocol: what came from the socket is not pcscd's.
var ErrProtocol = errors.New("pcsc: an answer that is none of pcscd's")

// parseStates reads the sixteen places of the state table; those without a name are free. The numbers are of the machine's
// own byte order.
func parseStates(raw []byte) ([]State, error) {
	if len(raw) != statesSize {
		return nil, fmt.Errorf("%w: state table of %d bytes", ErrProtocol, len(raw))
	}
	var out []State
	for ; len(raw) > 0; raw = raw[stateSize:] {
		name, _, ended := bytes.Cut(raw[:maxReaderName], []byte{0})
		if len(name) == 0 {
			continue
		}
		atrLength := binary.NativeEndian.Uint32(raw[176:])
		if !ended || atrLength > maxATR && atrLength != ^uint32(0) {
			return nil, fmt.Errorf("%w: a reader with an ATR of %d bytes", ErrProtocol, atrLength)
		}
		flags := binary.NativeEndian.Uint32(raw[132:])
		s := State{
			Name: string(name), Counter: binary.NativeEndian.Uint32(raw[128:]), Present: flags&flagPresent != 0, Powered: flags&flagPowered != 0,
			Sharing: int32(binary.NativeEndian.Uint32(raw[136:])), Protocol: Protocol(binary.NativeEndian.Uint32(raw[180:])),
		}
		if atrLength <= maxATR { // -1 is an ATR that is not known yet
			s.ATR = bytes.Clone(raw[140 : 140+atrLength])
		}
		out = append(out, s)
	}
	return out, nil
}

// same says that nothing changed between two looks at the readers. Power and sharing do not count: pcscd tells nobody of them.
func same(a, b []State) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Name != y.Name || x.Counter != y.Counter || x.Present != y.Present || !bytes.Equal(x.ATR, y.ATR) {
			return false
		}
	}
	return true
}

// message builds a command: length and number, then the fields; a number is 4 bytes, a string the room of a reader's name.
func message(command uint32, fields ...any) []byte {
	body := make([]byte, 8)
	for _, f := range fields {
		switch f := f.(type) {
		case uint32:
			body = binary.NativeEndian.AppendUint32(body, f)
		case string:
			var name [maxReaderName]byte
			copy(name[:maxReaderName-1], f)
			body = append(body, name[:]...)
		case int: // so much room for an answer
			body = append(body, make([]byte, f)...)
		}
	}
	binary.NativeEndian.PutUint32(body, uint32(len(body)-8))
	binary.NativeEndian.PutUint32(body[4:], command)
	return body
}

// reply is the body of an answer, as large as that of its command.
type reply []byte

func (r reply) at(offset int) uint32 { return binary.NativeEndian.Uint32(r[offset:]) }

// code is the result, the last number of every body.
func (r reply) code() Code { return Code(r.at(len(r) - 4)) }

// readReply reads a body of n bytes.
func readReply(r io.Reader, n int) (reply, error) {
	body := make(reply, n)
	_, err := io.ReadFull(r, body)
	return body, err
}

// readBytes reads the bytes that follow a body which announced them.
func readBytes(r io.Reader, announced uint32) ([]byte, error) {
	if announced > maxAnswer {
		return nil, fmt.Errorf("%w: %d bytes announced", ErrProtocol, announced)
	}
	return readReply(r, int(announced))
}
