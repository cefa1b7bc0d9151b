package drivers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// The limits of fetching the acquirer's file.
const (
	fetchLimit = 2 * time.Minute
	fileMost   = 1 << 30 // bytes
)

// files fetches the acquirer's files over HTTPS: that of a day, URL/2006-01-02.csv,
// and others by their name.
type files struct {
	url    string
	client http.Client
}

// openFiles prepares the fetching of the acquirer's files; without an address
// they are imported by hand.
func (s *Set) openFiles(_ context.Context, c Config) error {
	if c.HostInside {
		profile, err := profileOf(c)
		if err != nil {
			return err
		}
		served, err := simhost.ServeFiles(filepath.Join(c.Dir, "acquirer"), "127.0.0.1:0", profile.File, nil, c.Log)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, served.Close)
		c.FilesURL, c.FilesCA = served.URL(), filepath.Join(c.Dir, "acquirer", "files-ca.pem")
	}
	if c.FilesURL == "" {
		return nil
	}
	if !strings.HasPrefix(c.FilesURL, "https://") {
		return pos.Errorf("bad_config", "write an address that begins with https://", "host.files: %q is not fetched in the clear", c.FilesURL)
	}
	roots, err := authority(c.FilesCA)
	if err != nil {
		return err
	}
	f := &files{url: strings.TrimRight(c.FilesURL, "/")}
	f.client.Timeout = fetchLimit
	f.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots}}
	s.fetchFile = f.get
	s.Files = func(ctx context.Context, day string) (io.ReadCloser, error) { return f.get(ctx, day+".csv") }
	return nil
}

// authority reads the certificate of who signs the server's; "" is the
// machine's own list.
func authority(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, &pos.Error{Code: "bad_config", Message: "the file of host.files_ca cannot be read", Remedy: "name a PEM file that is there", Err: err}
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, pos.Errorf("bad_config", "name a PEM file with the authority's certificate", "host.files_ca: %s holds no certificate", path)
	}
	return roots, nil
}

// errFile says that the acquirer has no such file, or did not hand it out.
var errFile = errors.New("the acquirer did not hand the file out")

func (f *files) get(ctx context.Context, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url+"/"+name, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, &pos.Error{Code: "no_line", Message: "the acquirer's file could not be fetched", Remedy: "look at the line, or import the file by hand", Err: err}
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.Join(
			&pos.Error{Code: "file_missing", Message: fmt.Sprintf("there is no file %s yet (%s)", name, resp.Status), Remedy: "fetch it later", Err: errFile}, resp.Body.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, fileMost), resp.Body}, nil
}
