package emv

import "context"

// Limits of issuer scripts in one answer (EMV Book 3, 10.10: 128 bytes in all).
const (
	maxScripts        = 8
	maxScriptCommands = 16
)

// script is one issuer script: its identifier and its commands.
type script struct {
	id       [4]byte
	commands [][]byte
}

type issuerAnswer struct {
	authentication []byte // 91
	before, after  []script
}

// parseHost takes the host's field 55 apart: 91, 71, 72. What is not well-formed is as if it were not there: the answer
// code has its own protection, and a card that wants issuer authentication will say so itself.
func parseHost(f55 []byte) issuerAnswer {
	objects, err := Parse(f55)
	if err != nil {
		return issuerAnswer{}
	}
	var a issuerAnswer
	for _, o := range objects {
		switch o.Tag {
		case tagIssuerAuth:
			a.authentication = o.Value
		case tagScriptBefore:
			if len(a.before) < maxScripts {
				a.before = append(a.before, parseScript(o))
			}
		case tagScriptAfter:
			if len(a.after) < maxScripts {
				a.after = append(a.after, parseScript(o))
			}
		}
	}
	return a
}

func parseScript(o Object) script {
	var s script
	for _, c := range o.Children {
		switch {
		case c.Tag == tagScriptID && len(c.Value) == 4:
			s.id = [4]byte(c.Value)
		case c.Tag == tagScriptCommand && len(s.commands) < maxScriptCommands:
			s.commands = append(s.commands, c.Value)
		}
	}
	return s
}

// Results of a script, upper half of its first result byte (EMV Book 4, annex A5).
const (
	scriptNotRun = 0x00
	scriptFailed = 0x10
	scriptDone   = 0x20
)

// runScripts sends scripts to the card and returns five bytes of result for each: result and the number of the command
// that failed (15 for a later one), then the identifier.
func (d *Dialogue) runScripts(ctx context.Context, scripts []script, failed byte) ([]byte, error) {
	var results []byte
	for _, s := range scripts {
		d.tsi[0] |= tsiScripts
		result := byte(scriptNotRun)
		var lost error
		for i, c := range s.commands {
			if len(c) < 4 { // no command at all
				result = scriptFailed | byte(min(i+1, 15))
				break
			}
			_, sw, err := d.raw(ctx, c)
			if err != nil {
				lost, result = err, scriptFailed|byte(min(i+1, 15))
				break
			}
			if sw != swOK && sw>>8 != 0x62 && sw>>8 != 0x63 {
				result = scriptFailed | byte(min(i+1, 15))
				break
			}
			result = scriptDone
		}
		if result&0xF0 != scriptDone {
			d.tvr[4] |= failed
		}
		results = append(append(results, result), s.id[:]...)
		if lost != nil {
			return results, lost
		}
	}
	return results, nil
}

// raw sends an issuer's command as it is, and fetches what it leaves behind.
func (d *Dialogue) raw(ctx context.Context, apdu []byte) ([]byte, uint16, error) {
	body, sw, err := d.transmit(ctx, apdu)
	for i := 0; err == nil && sw>>8 == 0x61 && i < maxGetResponse; i++ {
		body, sw, err = d.transmit(ctx, []byte{0x00, 0xC0, 0x00, 0x00, byte(sw)})
	}
	return body, sw, err
}
