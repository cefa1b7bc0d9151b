package acquirer

import "tillkeeper/app/pos"

// unreached is a connection to the host that was not made; the address is what
// whoever looks after the line has to know.
type unreached struct {
	address string
	cause   error
}

// Error gives the sentence of the cause, which names the address too.
func (u *unreached) Error() string { return u.cause.Error() }

// Unwrap gives the cause.
func (u *unreached) Unwrap() error { return u.cause }

// Remark says it for people, in the language of the shop.
func (u *unreached) Remark() pos.Remark { return pos.Say("host_unreached", u.address) }
