package acquirer

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	rand2 "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

func TestShopSwitches(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	for i, s := range []struct {
		shop Shop
		want string
	}{
		{Shop{Maintenance: true}, "91"},
		{Shop{Windows: []Window{{"00:00", "24:00"}}}, "91"},
		{Shop{Hours: &Window{"00:00", "00:00"}}, "58"},
		{Shop{Forbidden: map[string]bool{KindSale: true}}, "12"},
		{Shop{RiskHold: true, RiskFrom: 100}, "01"},
		{Shop{RiskHold: true, RiskFrom: 101}, "00"},
	} {
		h.SetShop(s.shop)
		c.code(s.want, c.sale(fmt.Sprintf("%06d", i+1), testPAN, 100))
	}
	at := func(s string) time.Time {
		v, err := time.Parse("15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if night := (Window{"22:00", "06:00"}); !night.holds(at("23:00")) || !night.holds(at("05:59")) || night.holds(at("06:00")) {
		t.Error("a window over midnight")
	}
}

func TestFileAndPrint(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	s := c.sale("000090", testPAN, 1050)
	a := c.code("00", s)
	gone := c.sale("000091", testPAN, 250)
	c.code("00", gone)
	c.code("00", reversal(gone))
	c.code("00", c.about("0220", "000092", "25", s, a, 50))
	var out bytes.Buffer
	if err := WriteFile(h.cfg.Dir, "", h.cfg.Profile.File, &out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 3 || rows[1][10] != "10.50" || rows[2][10] != "-0.50" || rows[2][12] != "000090" || rows[1][9] != "622424******0113" {
		t.Fatalf("%v %v", err, rows)
	}
	out.Reset()
	if err := WriteFile(h.cfg.Dir, "2001-01-01", h.cfg.Profile.File, &out); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%v %s", err, out.String())
	}
	if err := WriteFile(h.cfg.Dir, "yesterday", h.cfg.Profile.File, &out); err == nil {
		t.Error("a day that is none was taken")
	}
	out.Reset()
	if err := PrintLedger(h.cfg.Dir, &out); err != nil || strings.Contains(out.String(), testPAN) {
		t.Fatal(err, out.String())
	}
	dec, states := json.NewDecoder(&out), ""
	for dec.More() {
		var e Entry
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		states += fmt.Sprintf("%s %s %d;", e.Kind, e.State, e.Net)
	}
	if states != "sale approved 1050;sale reversed 0;reversal done 0;refund approved -50;" {
		t.Error(states)
	}
}

// self makes a certificate that is its own authority.
func self(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand2.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand2.Reader, form, form, public, private)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: private}, pool
}

func TestMutualTLS(t *testing.T) {
	cert, pool := self(t)
	_, addr := start(t, func(c *Config) {
		c.TLS = &tls.Config{
			MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		}
	})
	c := dial(t, addr)
	plain := c.conn
	conn, err := tls.Dial("tcp", addr, &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}, RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	c.conn, c.in = conn, bufio.NewReader(conn)
	c.signOn()
	c.code("00", c.sale("000002", testPAN, 100))
	c.conn, c.in = plain, bufio.NewReader(plain)
	c.send(c.sale("000003", testPAN, 100))
	if a, err := c.get(patient); err == nil {
		t.Error("answered in the clear", a.Fields)
	}
	conn.Close() //nolint:errcheck // end of the test
}

// TestHistories asks for money at random and holds the balance against the ledger read anew.
func TestHistories(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	first := h.Balance(testPAN)
	dice := rand.New(rand.NewPCG(11, 12))
	type done struct{ ask, answer *wire.Message }
	var all []done
	counts := map[string]int{}
	for n := range 600 {
		stan := fmt.Sprintf("%06d", n+1)
		m := c.sale(stan, testPAN, 1+dice.Int64N(1000))
		if len(all) > 0 {
			o := all[dice.IntN(len(all))]
			switch dice.IntN(5) {
			case 0:
				m = reversal(o.ask)
			case 1:
				m = c.about("0200", stan, "23", o.ask, o.answer, amountOf(o.ask))
			case 2:
				m = c.about("0220", stan, "25", o.ask, o.answer, 1+dice.Int64N(amountOf(o.ask)))
			case 3:
				m = o.ask
			}
		}
		a := c.ask(m)
		counts[m.MTI+a.Get(39)]++
		if a.Get(39) == "00" && m.MTI != "0400" {
			all = append(all, done{m, a})
		}
	}
	sum := int64(0)
	for k, v := range charges(t, h) {
		if v < 0 {
			t.Errorf("%v charges %d fen", k, v)
		}
		sum += v
	}
	if got := first - h.Balance(testPAN); got != sum {
		t.Errorf("%d fen moved, the ledger says %d", got, sum)
	}
	for _, want := range []string{"020000", "040000", "022000", "020094"} {
		if counts[want] == 0 {
			t.Errorf("no %s in %v", want, counts)
		}
	}
}
