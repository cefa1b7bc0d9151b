package opening

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"tillkeeper/app/config"
	"tillkeeper/app/pos"
)

// chosenFile holds the devices that were chosen while a till ran.
const chosenFile = "devices.toml"

// Chosen gives the devices that were chosen on this till before.
func Chosen(dir string) (map[string]string, error) {
	path := filepath.Join(dir, chosenFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	chosen, err := config.ReadChosen(string(text))
	if err != nil {
		return nil, &pos.Error{Code: "bad_config", Message: path, Remedy: "delete it, then choose the devices again", Err: err}
	}
	return chosen, nil
}

// remembering lets one change at a time be kept.
var remembering sync.Mutex

// Remember keeps the choice of a device in the till's folder.
func Remember(dir string) func(name, url string) error {
	return func(name, url string) error {
		remembering.Lock()
		defer remembering.Unlock()
		chosen, err := Chosen(dir)
		if err != nil {
			return err
		}
		if chosen == nil {
			chosen = map[string]string{}
		}
		chosen[name] = url
		return write(filepath.Join(dir, chosenFile), []byte(config.WriteChosen(chosen)))
	}
}
