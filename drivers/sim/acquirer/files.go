package acquirer

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/sim/card"
)

const (
	filesPath    = "/files/"
	filesTimeout = 10 * time.Second // to read a request's header
	filesHeader  = 8 << 10          // bytes of a request's header
)

// ErrNotLoopback means that a server was asked to listen where others could reach it.
var ErrNotLoopback = errors.New("acquirer: only loopback addresses")

// FileServer hands the acquirer's files out over HTTPS, as GET /files/2026-11-21.csv, and the CA keys as /files/ca-keys.txt; the certificate that speaks for it is FilesCA in the host's folder.
type FileServer struct {
	dir     string
	plan    []Planting
	layout  pos.FileLayout
	log     *slog.Logger
	ln      net.Listener
	server  *http.Server
	stopped chan error
}

// ServeFiles begins to hand out the files of a host's folder, running or stopped, on a loopback address, as a layout has them, with differences planted where plan names some.
func ServeFiles(dir, addr string, l pos.FileLayout, plan []Planting, log *slog.Logger) (*FileServer, error) {
	where, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !where.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s", ErrNotLoopback, addr)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	secure, err := filesTLS(dir)
	if err != nil {
		return nil, err
	}
	ln, err := net.ListenTCP("tcp", where)
	if err != nil {
		return nil, err
	}
	s := &FileServer{dir: dir, plan: plan, layout: l, log: log, ln: ln, stopped: make(chan error, 1)}
	s.server = &http.Server{
		Handler: s, ReadHeaderTimeout: filesTimeout, MaxHeaderBytes: filesHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() { s.stopped <- s.server.Serve(tls.NewListener(ln, secure)) }()
	return s, nil
}

// URL is where a day's file is, but for "2026-11-21.csv" behind it.
func (s *FileServer) URL() string { return "https://" + s.ln.Addr().String() + filesPath }

// Close ends the server and its connections.
func (s *FileServer) Close() error {
	err := s.server.Close()
	if end := <-s.stopped; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, end)
	}
	return err
}

// possible is what of the plan a day has lines for; the rest is logged.
func (s *FileServer) possible(day string) []Planting {
	var out []Planting
	for _, p := range s.plan {
		if _, err := PlantedFile(s.dir, day, append(out[:len(out):len(out)], p), s.layout, io.Discard); errors.Is(err, ErrPlant) {
			s.log.Warn("acquirer: file", "day", day, "err", err)
			continue
		}
		out = append(out, p)
	}
	return out
}

func (s *FileServer) charset() string {
	if s.layout.Encoding == pos.FileGBK {
		return pos.FileGBK
	}
	return pos.FileUTF8
}

// CAKeysName is the file of the CA keys, in the host's folder and at the server.
const CAKeysName = "ca-keys.txt"

// authorities answers the CA keys as they lie in the folder, else that of the simulated cards.
func (s *FileServer) authorities() ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(s.dir, CAKeysName))
	if !errors.Is(err, fs.ErrNotExist) {
		return raw, err
	}
	var out bytes.Buffer
	err = emv.WriteCA(&out, card.Authority())
	return out.Bytes(), err
}

// serveAuthorities answers the CA keys whole.
func (s *FileServer) serveAuthorities(w http.ResponseWriter) {
	raw, err := s.authorities()
	if err != nil {
		s.log.Error("acquirer: CA keys", "err", err)
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := w.Write(raw); err != nil {
		s.log.Debug("acquirer: file not sent", "err", err)
	}
}

// ServeHTTP answers one file whole, or why there is none.
func (s *FileServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == filesPath+CAKeysName && r.Method == http.MethodGet {
		s.serveAuthorities(w)
		return
	}
	day, isFile := strings.CutPrefix(r.URL.Path, filesPath)
	day, isCSV := strings.CutSuffix(day, ".csv")
	if _, err := time.Parse(dayLayout, day); err != nil || !isFile || !isCSV {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	var out bytes.Buffer
	planted, err := PlantedFile(s.dir, day, s.possible(day), s.layout, &out)
	if err != nil {
		s.log.Error("acquirer: file", "day", day, "err", err)
		http.Error(w, "the file cannot be made", http.StatusInternalServerError)
		return
	}
	if len(planted) > 0 {
		s.log.Info("acquirer: file with planted differences", "day", day, "planted", fmt.Sprint(planted))
	}
	w.Header().Set("Content-Type", "text/csv; charset="+s.charset())
	w.Header().Set("Content-Length", fmt.Sprint(out.Len()))
	if _, err := w.Write(out.Bytes()); err != nil {
		s.log.Debug("acquirer: file not sent", "err", err)
	}
}
