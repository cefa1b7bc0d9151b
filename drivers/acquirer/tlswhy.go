package acquirer

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"

	"tillkeeper/app/pos"
)

// reason is why TLS did not come about: for the log, and for people in the language of the shop.
type reason struct {
	detail string
	said   pos.Remark
}

// alerts are what a host says when it ends a TLS handshake (RFC 8446 6.2), as the library words it.
var alerts = []struct {
	has string
	why reason
}{
	{"protocol version", reason{"the host does not speak TLS 1.3", pos.Say("tls_too_old")}},
	{"certificate required", reason{"the host asks for a certificate and this till showed none", pos.Say("own_cert_missing")}},
	{"expired certificate", reason{"the host says that our certificate has expired", pos.Say("own_cert_refused")}},
	{"revoked certificate", reason{"the host says that our certificate was revoked", pos.Say("own_cert_refused")}},
	{"unknown certificate authority", reason{"the host does not know the CA of our certificate", pos.Say("own_cert_refused")}},
	{"bad certificate", reason{"the host does not take our certificate", pos.Say("own_cert_refused")}},
	{"certificate unknown", reason{"the host does not take our certificate", pos.Say("own_cert_refused")}},
	{"unsupported certificate", reason{"the host does not take our certificate", pos.Say("own_cert_refused")}},
	{"access denied", reason{"the host does not let this till in", pos.Say("host_lets_not_in")}},
}

// tlsWhy says in plain words why TLS did not come about; nothing where it was something else.
func tlsWhy(err error) reason {
	var own ownCertificate
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case err == nil:
		return reason{}
	case errors.As(err, &own):
		return reason{firstLine(err), own.said}
	case errors.Is(err, errNoTLS):
		return reason{firstLine(err), pos.Say("own_cert_missing")}
	case errors.As(err, &unknown):
		return reason{"the host's certificate is not from the CA that is configured", pos.Say("host_cert_stranger")}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return reason{"the host's certificate has expired or is not valid yet", pos.Say("host_cert_expired")}
	case errors.As(err, &name):
		return reason{"the host's certificate is for another name", pos.Say("host_cert_name")}
	case errors.As(err, &verify):
		return reason{"the host's certificate is not good: " + firstLine(verify.Err), pos.Say("host_cert_bad")}
	case errors.As(err, &record):
		return reason{"the host does not speak TLS", pos.Say("tls_too_old")}
	}
	text := firstLine(err)
	remote := errors.As(err, &op) && op.Op == "remote error"
	if !remote && !strings.Contains(text, "tls: ") {
		return reason{}
	}
	for _, a := range alerts {
		if strings.Contains(text, a.has) {
			return a.why
		}
	}
	return reason{"no TLS with the host: " + text, pos.Say("tls_failed")}
}

// tlsDetail is what the log says of it; empty where it was something else.
func tlsDetail(err error) string { return tlsWhy(err).detail }

func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// insecure is a connection that ended because TLS did not come about.
type insecure struct {
	cause error
	said  pos.Remark
}

// because is an error of a connection that ended, with the reason where TLS gave
// one.
func (ln *line) because(err error) error {
	if why := tlsWhy(ln.ended()); why.detail != "" {
		return &insecure{fmt.Errorf("%w: %s", err, why.detail), why.said}
	}
	return err
}

// Error gives the sentence of the cause.
func (i *insecure) Error() string { return i.cause.Error() }

// Unwrap gives the cause.
func (i *insecure) Unwrap() error { return i.cause }

// Remark says it for people, in the language of the shop.
func (i *insecure) Remark() pos.Remark { return i.said }
