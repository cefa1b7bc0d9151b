package drivers

import (
	"context"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/download"
	"tillkeeper/drivers/reader/emv"
)

// authoritiesFile is the file of CA keys at the acquirer's service and in the
// till's folder.
const authoritiesFile = "ca-keys.txt"

// wanted says what a person does about what the host asks for and no service
// brings.
var wanted = map[string]pos.Remark{
	"ca_keys":         pos.Say("fetch_ca_keys", "terminal.ca"),
	"blacklist":       pos.Say("fetch_blacklist", "offline.blacklist"),
	"parameters":      pos.Say("ask_parameters", "[offline]"),
	"card_parameters": pos.Say("ask_card_parameters"),
}

// openDownloads prepares the loading of what the host asks for. The CA keys that
// the acquirer's service brought are in force over those of terminal.ca.
func (s *Set) openDownloads(_ context.Context, c Config) error {
	s.downloads = download.New(download.Options{
		Dir: c.Dir, Fetch: s.fetchFile, Mend: wanted, Changed: s.changed, Log: c.Log,
		Items: map[string]download.Item{"ca_keys": {
			File: authoritiesFile, Most: emv.MostCAFile,
			Check: func(file []byte) (func(), error) { return s.authorities.Check(file, s.trusted) },
		}},
	})
	s.closers = append(s.closers, s.downloads.Close)
	if _, err := s.downloads.Kept("ca_keys"); err != nil {
		c.Log.Warn("the file of CA keys in the till's folder is damaged; those of terminal.ca are in force", "error", err)
		s.downloads.Asked("ca_keys")
	}
	return nil
}

// owed is what the host asked for and did not get, if there is anything.
func (s *Set) owed() []pos.Condition {
	if s.downloads == nil { // only devices were opened
		return nil
	}
	if c := s.downloads.Condition(); c.State != "ok" {
		return []pos.Condition{c}
	}
	return nil
}
