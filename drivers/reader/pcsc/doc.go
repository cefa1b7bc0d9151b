// Package pcsc reads cards through pcscd, the PC/SC daemon of pcsc-lite, without its library: it speaks the daemon's socket
// itself, so that the till starts where libpcsclite is missing. Client is the protocol, Reader the till's card reader on
// top of it.
//
// On the socket a command is two numbers, the length of its body and its own number, and the body; the answer is the body
// alone with its results filled in, the last number of which is the PC/SC result. Numbers are 32 bits in the machine's byte
// order. APDUs follow the body of their command. A wait for a change of the readers is answered at once with the state of
// all sixteen places, and then with 8 bytes when something happens (pcsc-lite 1.9 to 2.5, protocol 4:4 and 4:5).
//
// It never logs and never keeps what a card said, polls nothing while things are well, allocates no more than 4 kB for an
// answer, and lets go of every card with its session. A daemon that dies is dialled again, at most every two seconds.
package pcsc
