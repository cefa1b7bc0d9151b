package acquirer

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/reader/emv"
)

// fetch gets a URL as the till does: it trusts the certificate in the host's folder and no other.
func fetch(t *testing.T, dir, url string, want int) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, FilesCA))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		t.Fatal("no certificate")
	}
	client := &http.Client{Timeout: patient, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	a, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close() //nolint:errcheck // end of the test
	body, err := io.ReadAll(a.Body)
	if err != nil || a.StatusCode != want {
		t.Fatalf("%s: %v %s", url, err, a.Status)
	}
	return string(body)
}

func TestFilesOverHTTPS(t *testing.T) {
	h, c, _ := ready(t, nil)
	c.code("00", c.sale("000010", testPAN, 1050))
	quiet := slog.New(slog.DiscardHandler)
	var before []byte
	for range 2 { // a server that comes again has the same certificate
		s, err := ServeFiles(h.cfg.Dir, "127.0.0.1:0", h.cfg.Profile.File, nil, quiet)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		day := time.Now().Format(dayLayout)
		if err := WriteFile(h.cfg.Dir, day, h.cfg.Profile.File, &want); err != nil {
			t.Fatal(err)
		}
		if got := fetch(t, h.cfg.Dir, s.URL()+day+".csv", 200); got != want.String() || strings.Count(got, "\n") != 2 {
			t.Errorf("%q", got)
		}
		for _, path := range []string{"", "yesterday.csv", day, "../ledger.jsonl", "2026-13-01.csv"} {
			fetch(t, h.cfg.Dir, s.URL()+path, 404)
		}
		if _, err := http.Get(s.URL() + day + ".csv"); err == nil {
			t.Error("trusted by everybody")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		raw, err := os.ReadFile(filepath.Join(h.cfg.Dir, FilesCA))
		if err != nil || before != nil && !bytes.Equal(raw, before) {
			t.Error("another certificate", err)
		}
		before = raw
	}
	s, err := ServeFiles(h.cfg.Dir, "127.0.0.1:0", h.cfg.Profile.File, []Planting{{PlantReversed, 1}, {PlantDouble, 1}, {PlantDrop, 1}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, h.cfg.Dir, s.URL()+time.Now().Format(dayLayout)+".csv", 200); strings.Count(got, "\n") != 3 { // one sale: only it can be doubled
		t.Errorf("%q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0"} {
		if _, err := ServeFiles(h.cfg.Dir, addr, h.cfg.Profile.File, nil, quiet); !errors.Is(err, ErrNotLoopback) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}

// TestCAKeysOverHTTPS: that of the simulated cards, or what lies in the folder.
func TestCAKeysOverHTTPS(t *testing.T) {
	dir := t.TempDir()
	s, err := ServeFiles(dir, "127.0.0.1:0", profile(t).File, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // end of the test
	table, err := emv.LoadCA(strings.NewReader(fetch(t, dir, s.URL()+CAKeysName, 200)))
	if err != nil || table.Len() != 1 {
		t.Errorf("%v, %d keys", err, table.Len())
	}
	const own = "# nothing yet\n"
	if err := os.WriteFile(filepath.Join(dir, CAKeysName), []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := fetch(t, dir, s.URL()+CAKeysName, 200); got != own {
		t.Errorf("%q", got)
	}
}

// TestLineTLS speaks to the host with the PEM files of its folder, and without.
func TestLineTLS(t *testing.T) {
	dir := t.TempDir()
	first, err := LineTLS(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LineTLS(dir)
	if err != nil || !bytes.Equal(first.Certificates[0].Certificate[0], second.Certificates[0].Certificate[0]) {
		t.Fatal("another certificate", err)
	}
	_, addr := start(t, func(c *Config) { c.TLS = first })
	c := dial(t, addr)
	plain := c.conn
	defer plain.Close() //nolint:errcheck // end of the test
	raw, err := os.ReadFile(filepath.Join(dir, LineCA))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, LineClient), filepath.Join(dir, LineClientKey))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", addr, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, Certificates: []tls.Certificate{own}})
	if err != nil {
		t.Fatal(err)
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
	c.signOn()
	c.code("00", c.sale("000010", testPAN, 100))
	stranger, err := tls.Dial("tcp", addr, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool})
	if err == nil { // TLS 1.3: the refusal comes with the first read
		defer stranger.Close() //nolint:errcheck // end of the test
		if err := stranger.SetReadDeadline(time.Now().Add(patient)); err != nil {
			t.Fatal(err)
		}
		_, err = stranger.Read(make([]byte, 1))
	}
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a till without a certificate was taken:", err)
	}
}

func TestPlantedDifferences(t *testing.T) {
	h, c, _ := ready(t, nil)
	for n := range 8 {
		c.code("00", c.sale(fmt.Sprintf("%06d", 10+2*n), testPAN, int64(1000+n)))
	}
	gone := c.sale("000030", testPAN, 5555)
	c.code("00", gone)
	c.code("00", reversal(gone))
	read := func(spec string) ([][]string, []Planted) {
		t.Helper()
		plan, err := ParsePlanting(spec)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		planted, err := PlantedFile(h.cfg.Dir, "", plan, h.cfg.Profile.File, &out)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows[1:], planted
	}
	var out bytes.Buffer
	if err := WriteFile(h.cfg.Dir, "", h.cfg.Profile.File, &out); err != nil {
		t.Fatal(err)
	}
	true8, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(true8) != 9 {
		t.Fatal(err, len(true8))
	}
	rows, planted := read("1")
	if len(planted) != 5 || len(rows) != 8-1+1+0+1+1 {
		t.Fatalf("%v\n%v", planted, rows)
	}
	checkPlanted(t, true8, rows, planted)
	if again, same := read("1"); fmt.Sprint(again) != fmt.Sprint(rows) || fmt.Sprint(same) != fmt.Sprint(planted) {
		t.Error("another file the second time")
	}
	if _, planted := read("3,charge"); len(planted) != 3 || planted[0].STAN == planted[1].STAN {
		t.Error(planted)
	}
	refusedPlans(t, h.cfg.Dir)
}

func refusedPlans(t *testing.T, dir string) {
	t.Helper()
	for _, spec := range []string{"2,reversed", "9,drop"} {
		plan, err := ParsePlanting(spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := PlantedFile(dir, "", plan, profile(t).File, io.Discard); !errors.Is(err, ErrPlant) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	for _, spec := range []string{"", "x", "0", "1001", "1,rain", "1,drop,drop", "drop"} {
		if _, err := ParsePlanting(spec); !errors.Is(err, ErrPlant) {
			t.Errorf("%q: %v", spec, err)
		}
	}
}

// checkPlanted holds a file against the true one, difference by difference.
func checkPlanted(t *testing.T, true8, rows [][]string, planted []Planted) {
	t.Helper()
	count := func(stan, amount string) (n int) {
		for _, r := range rows {
			if r[colSTAN] == stan && (amount == "" || r[colAmount] == amount) {
				n++
			}
		}
		return n
	}
	for _, p := range planted {
		var want, got int
		switch p.Kind {
		case PlantDrop:
			want, got = 0, count(p.STAN, "")
		case PlantCharge:
			want, got = 1, count(p.STAN, "")
			if slices.ContainsFunc(true8, func(r []string) bool { return r[colSTAN] == p.STAN }) || number(p.STAN)%2 == 0 {
				t.Errorf("%+v is a number that moved money", p)
			}
		case PlantAmount:
			i := slices.IndexFunc(true8, func(r []string) bool { return r[colSTAN] == p.STAN })
			want, got = 1, count(p.STAN, "11"+true8[i][colAmount][2:])
		case PlantReversed:
			want, got = 1, count("000030", "55.55")
		case PlantDouble:
			want, got = 2, count(p.STAN, "")
		}
		if got != want {
			t.Errorf("%+v: %d lines, want %d", p, got, want)
		}
	}
}
