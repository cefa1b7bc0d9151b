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
var wanted = map[string]string{
	"ca_keys":         "fetch the file of CA keys from the acquirer, name it under terminal.ca and start the till again",
	"blacklist":       "fetch the blacklist from the acquirer, name it under offline.blacklist and start the till again",
	"parameters":      "ask the acquirer for the new parameters and write them into the profile or under [offline]",
	"card_parameters": "ask the acquirer for the new card parameters and write them into the profile",
}

// openDownloads prepares the loading of what the host asks for. The CA keys that
// the acquirer's service brought are in force over those of terminal.ca.
func (s *Set) openDownloads(_ context.Context, c Config) error {
	s.downloads = download.New(download.Options{
		Dir: c.Dir, Fetch: s.fetchFile, Remedy: wanted, Changed: s.changed, Log: c.Log,
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
