package download_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/download"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/reader/emv"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/drivers/sim/card"
)

const patient = time.Minute

// acquirerOf is a host on loopback with its file service over TLS, the till's line to it, and how the till fetches a file.
type acquirerOf struct {
	host  *simhost.Host
	dir   string
	fetch func(ctx context.Context, name string) (io.ReadCloser, error)
	addr  string
}

func newAcquirer(t *testing.T) *acquirerOf {
	t.Helper()
	a := &acquirerOf{dir: t.TempDir()}
	profile := profile(t)
	var err error
	if a.host, err = simhost.New(simhost.Config{Dir: a.dir, Profile: profile}); err != nil {
		t.Fatal(err)
	}
	addr, err := a.host.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a.addr = addr.String()
	done := make(chan error, 1)
	go func() { done <- a.host.Serve(t.Context()) }()
	files, err := simhost.ServeFiles(a.dir, "127.0.0.1:0", profile.File, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(files.Close(), a.host.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	pem, err := os.ReadFile(filepath.Join(a.dir, simhost.FilesCA))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	a.fetch = https(files.URL(), roots)
	return a
}

// https fetches as the till does: TLS 1.3, this authority and no other.
func https(url string, roots *x509.CertPool) func(ctx context.Context, name string) (io.ReadCloser, error) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots}, DisableKeepAlives: true}}
	return func(ctx context.Context, name string) (io.ReadCloser, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+name, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode != http.StatusOK {
			return nil, errors.Join(errors.New(resp.Status), resp.Body.Close())
		}
		return resp.Body, nil
	}
}

func profile(t *testing.T) *wire.Profile {
	t.Helper()
	p, err := wire.Load(os.DirFS("../../assets"), "cup")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// line is the till's own line to the host; asked is told what its answers want.
func (a *acquirerOf) line(t *testing.T, asked func(string)) *acquirer.Link {
	t.Helper()
	store, err := keys.OpenPad(filepath.Join(t.TempDir(), "pad.key"), simhost.DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	l := acquirer.New(acquirer.Options{Address: a.addr, Profile: profile(t), TID: "12345678", MID: "123456789012345", Keys: store.Port(nil), Asked: asked})
	t.Cleanup(func() { l.Close() })
	return l
}

// caKeys is the item of a till: its keys, and the file of them.
func caKeys(store *emv.KeyStore) map[string]download.Item {
	return map[string]download.Item{"ca_keys": {File: simhost.CAKeysName, Most: emv.MostCAFile, Check: func(b []byte) (func(), error) {
		return store.Check(b, emv.CATable{})
	}}}
}

var remedies = map[string]pos.Remark{"ca_keys": {Code: "fetch_ca_keys"}, "blacklist": {Code: "fetch_blacklist"}}

func loader(t *testing.T, o download.Options) *download.Loader {
	t.Helper()
	o.Mend = remedies
	l := download.New(o)
	t.Cleanup(func() { l.Close() })
	return l
}

// until waits for something that a goroutine of the loader does.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}

// TestCAKeysAreLoadedWhenTheHostAsks: an answer's header asks, the keys come over TLS, are in force and in the folder, and
// are there after a start without the service.
func TestCAKeysAreLoadedWhenTheHostAsks(t *testing.T) {
	a, dir := newAcquirer(t), t.TempDir()
	var store emv.KeyStore
	l := loader(t, download.Options{Dir: dir, Fetch: a.fetch, Items: caKeys(&store)})
	line := a.line(t, l.Asked)
	echo := func() {
		t.Helper()
		if err := line.Echo(t.Context(), "000001", "000001"); err != nil {
			t.Fatal(err)
		}
	}
	echo()
	if c := l.Condition(); c.State != "ok" || store.Table().Len() != 0 {
		t.Fatalf("nobody asked: %+v", c)
	}
	if err := a.host.Control([]byte(`{"ask":4}`)); err != nil {
		t.Fatal(err)
	}
	echo()
	until(t, "the keys are in force", func() bool { return store.Table().Len() == 1 && l.Condition().State == "ok" })
	echo() // the host goes on asking: nothing is owed
	if c := l.Condition(); c.State != "ok" {
		t.Errorf("%+v", c)
	}
	kept, err := os.ReadFile(filepath.Join(dir, simhost.CAKeysName))
	var want bytes.Buffer
	if err := errors.Join(err, emv.WriteCA(&want, card.Authority())); err != nil || !bytes.Equal(kept, want.Bytes()) {
		t.Errorf("%v, kept %d bytes of %d", err, len(kept), want.Len())
	}
	var next emv.KeyStore
	alone := loader(t, download.Options{Dir: dir, Items: caKeys(&next)})
	if ok, err := alone.Kept("ca_keys"); !ok || err != nil || next.Table().Len() != 1 {
		t.Errorf("after a start: %v %v, %d keys", ok, err, next.Table().Len())
	}
	for _, none := range []string{"blacklist", "x"} {
		if ok, err := alone.Kept(none); ok || err != nil {
			t.Errorf("%s: %v %v", none, ok, err)
		}
	}
}

// unharmed has a till with a good table asked to load each bad file from a real service and says what was harmed.
func unharmed(t *testing.T, items func(store *emv.KeyStore) map[string]download.Item) error {
	t.Helper()
	a := newAcquirer(t)
	var good bytes.Buffer
	if err := emv.WriteCA(&good, card.Authority()); err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good.Bytes())
	flipped[200] = map[bool]byte{true: '1', false: '0'}[flipped[200] == '0']
	for name, file := range map[string][]byte{
		"one digit of the modulus": flipped,
		"cut off":                  good.Bytes()[:good.Len()/2],
		"nothing":                  nil,
		"no key":                   []byte("# keys of 22 November\n"),
		"a page":                   []byte("<html>try again later</html>"),
		"the same key twice":       append(bytes.Clone(good.Bytes()), good.Bytes()...),
		"too long":                 bytes.Repeat([]byte("# this goes on and on\n"), emv.MostCAFile/20),
	} {
		if err := os.WriteFile(filepath.Join(a.dir, simhost.CAKeysName), file, 0o600); err != nil {
			t.Fatal(err)
		}
		var store emv.KeyStore
		table, err := emv.NewCATable(card.Authority(), emv.CAKey{RID: [5]byte{0xA0}, Index: 9, Modulus: bytes.Repeat([]byte{0xC1}, 64), Exponent: []byte{3}})
		if err != nil {
			t.Fatal(err)
		}
		store.Replace(table)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, simhost.CAKeysName), good.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		tried := make(chan struct{}, 1)
		l := loader(t, download.Options{Dir: dir, Fetch: a.fetch, Items: items(&store), Changed: func() { tried <- struct{}{} }})
		l.Asked("ca_keys")
		<-tried
		c := l.Condition()
		kept, err := os.ReadFile(filepath.Join(dir, simhost.CAKeysName))
		switch left, glob := filepath.Glob(filepath.Join(dir, "*")); {
		case err != nil || glob != nil || len(left) != 1 || !bytes.Equal(kept, good.Bytes()):
			return fmt.Errorf("%s: the folder was changed: %v %v", name, left, err)
		case store.Table().Len() != 2:
			return fmt.Errorf("%s: %d keys are in force", name, store.Table().Len())
		case c.State != "warn" || c.Code != "download_wanted" || len(c.Found) != 1 || c.Found[0].Code != "host_wants_failed" || !reflect.DeepEqual(c.Mend, []pos.Remark{remedies["ca_keys"]}):
			return fmt.Errorf("%s: nobody is told: %+v", name, c)
		}
	}
	return nil
}

// TestABadFileChangesNothing: neither the keys in force nor the file in the folder.
func TestABadFileChangesNothing(t *testing.T) {
	if err := unharmed(t, caKeys); err != nil {
		t.Error(err)
	}
}

// TestABadFileChangesNothingBites: a loader that takes what it gets is caught, and so is one that takes an empty file.
func TestABadFileChangesNothingBites(t *testing.T) {
	for name, check := range map[string]func(s *emv.KeyStore, b []byte) (func(), error){
		"takes anything": func(*emv.KeyStore, []byte) (func(), error) { return func() {}, nil },
		"takes no key": func(s *emv.KeyStore, b []byte) (func(), error) {
			t, err := emv.LoadCA(bytes.NewReader(b))
			return func() { s.Replace(t) }, err
		},
		"puts before it looks": func(s *emv.KeyStore, b []byte) (func(), error) {
			s.Replace(emv.CATable{})
			return s.Check(b, emv.CATable{})
		},
	} {
		err := unharmed(t, func(s *emv.KeyStore) map[string]download.Item {
			return map[string]download.Item{"ca_keys": {File: simhost.CAKeysName, Most: emv.MostCAFile, Check: func(b []byte) (func(), error) { return check(s, b) }}}
		})
		if err == nil {
			t.Errorf("%s: passed", name)
		}
	}
}

// TestAStrangersServiceIsNotTrusted: another authority's certificate brings nothing.
func TestAStrangersServiceIsNotTrusted(t *testing.T) {
	a, other := newAcquirer(t), newAcquirer(t)
	pem, err := os.ReadFile(filepath.Join(other.dir, simhost.FilesCA))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	files, err := simhost.ServeFiles(a.dir, "127.0.0.1:0", profile(t).File, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close() //nolint:errcheck // end of the test
	var store emv.KeyStore
	tried := make(chan struct{}, 1)
	l := loader(t, download.Options{Dir: t.TempDir(), Fetch: https(files.URL(), roots), Items: caKeys(&store), Changed: func() { tried <- struct{}{} }})
	l.Asked("ca_keys")
	<-tried
	if c := l.Condition(); c.State != "warn" || !strings.Contains(fmt.Sprint(c.Found), "certificate") || store.Table().Len() != 0 {
		t.Errorf("%+v, %d keys", c, store.Table().Len())
	}
}

// TestAPaymentNeverWaits: with a service that hangs the line answers as ever, and the till ends at once.
func TestAPaymentNeverWaits(t *testing.T) {
	a := newAcquirer(t)
	began := make(chan struct{})
	var store emv.KeyStore
	l := loader(t, download.Options{Dir: t.TempDir(), Items: caKeys(&store), Fetch: func(ctx context.Context, _ string) (io.ReadCloser, error) {
		close(began) // a second time would panic
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	line := a.line(t, l.Asked)
	if err := a.host.Control([]byte(`{"ask":4}`)); err != nil {
		t.Fatal(err)
	}
	if err := line.Echo(t.Context(), "000001", "000001"); err != nil {
		t.Fatal(err)
	}
	<-began
	for range 3 {
		if err := line.Echo(t.Context(), "000002", "000001"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestWhatNobodyBringsIsSaid: with what to do, and not without end.
func TestWhatNobodyBringsIsSaid(t *testing.T) {
	a := newAcquirer(t)
	var store emv.KeyStore
	l := loader(t, download.Options{Dir: t.TempDir(), Items: caKeys(&store)}) // no service
	line := a.line(t, l.Asked)
	for _, ask := range []int{7, 4, 1, 5, 7} {
		if err := a.host.Control(fmt.Appendf(nil, `{"ask":%d}`, ask)); err != nil {
			t.Fatal(err)
		}
		if err := line.Echo(t.Context(), "000001", "000001"); err != nil {
			t.Fatal(err)
		}
	}
	want := pos.Condition{
		Name: "downloads", State: "warn", Code: "download_wanted",
		Found: []pos.Remark{
			pos.Say("host_wants", "blacklist"), pos.Say("host_wants", "ca_keys"), pos.Say("host_wants", "card_parameters"), pos.Say("host_wants", "parameters"),
		},
		Mend: []pos.Remark{remedies["blacklist"], remedies["ca_keys"]},
	}
	if c := l.Condition(); !reflect.DeepEqual(c, want) {
		t.Errorf("%+v", c)
	}
	for n := range 100 {
		l.Asked(fmt.Sprint("thing ", n))
	}
	if n := len(l.Condition().Found); n > 17 {
		t.Errorf("%d things are remembered", n)
	}
}
