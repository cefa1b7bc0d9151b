// Package acquirer is the simulated acquirer with its issuers: a host of its
// own behind a real socket, for tests, the demo and the bench.
//
// Promise: what an answer says is on disk, flushed, before its first byte
// leaves; a host killed at any moment and opened again on its folder knows all
// money it ever acknowledged. It keeps no card number in the clear: the ledger
// has the masked form and a keyed hash. It never moves money twice for one
// terminal, merchant, batch and STAN. It never answers a message that it cannot
// unpack. Refused requests, wrong PIN counts and reversals without an original
// are remembered in memory only; so is the key serial number of a PIN that moved
// no money (that of one that did is in the ledger). One host at a time may have a
// folder. Files are handed out on loopback only. It knows no secret that is worth anything.
//
// # Folder
//
//	ledger.jsonl    one line for each message that moved money, each upload, script result and batch closed; append only, flushed
//	terminals.json  batch and wrapped working keys by TID/MID
//	card.key        key of the card hashes, 32 bytes
//	numbers         last block of a million reference numbers taken
//	sms.jsonl       notices of the issuers to cardholders
//	tls-*.pem       the line's certificates, where it is asked for TLS
//	files-*.pem     the file server's certificate and key
//	ca-keys.txt     the CA keys that are handed out, where somebody put them there; else that of the simulated cards
//
// Amounts are fen (minor units) everywhere.
//
// # What it does with a message
//
// Any terminal and merchant may sign on. A financial message without working
// keys gets 77, one with a wrong MAC A0, both with processing requirement 3 in
// the header. The same terminal, merchant, batch and STAN again gets 94, except
// after 77, 99 and A0. A reversal is acknowledged with 00 whatever became of
// its original, which is undone once, less its refunds; one whose original is
// not known gets 25 (Config.OriginalNotThere), and the original is processed as
// any other when it comes later (Config.RefuseOvertaken declines it). A
// reversal with another amount than was asked gets 64. Account answers 68, 96
// and 98 move the money and then say that code. Refunds and uploads are never
// reversed (12). A request or reversal whose fields are not those of its kind
// (condition, entry mode, PIN fields, original, details) gets 30. Requests of one
// connection are decided in the order they came; answers may overtake each other.
//
// A payment that says that a PIN was wanted and none was entered gets 55 where the account has a PIN, and counts as no try.
// A PIN whose key serial number (DUKPT) is not higher than the last one of its device gets 99 and counts as no try.
//
// Equal totals (0500) close a batch; the same 0500 again gets the same answer. In
// an upload (0320) each trace number counts once, over restarts too; its end with
// another count than that gets 30 and leaves the batch open. What comes with the
// number of a closed batch is taken and marked late; the totals said stay as they are.
//
// # Switches
//
// Control, and the control file of the command, take JSON; what a key does not name stays as it is:
//
//	{"line":false,                          the line is pulled
//	 "latency":"200ms",                     added to every answer
//	 "shop":{"maintenance":true},           see Shop; the whole of it is replaced
//	 "accounts":{"62...":{"state":"lost"}}, see Account; the other keys of an account stay, its PIN tries are forgotten
//	 "faults":{"rules":[...]},              a fault plan, null for none
//	 "answer":"55",                         the next payment, void or refund gets this code
//	 "ask":4,                               processing requirement in every answer's header: 1 parameters, 4 CA keys, 5 card parameters, 7 blacklist, 0 none again
//	 "forget_keys":true}                    every terminal has to sign on again: 77
//
// # Fault plan
//
//	{"seed":1,"rules":[{"fault":"drop_answer","mti":"0200","nth":3}, ...]}
//
// Each request is held against the rules in order; the first rule that is due
// strikes. "fault" is one of:
//
//	drop_request  the request is lost
//	drop_answer   taken, but the answer is lost
//	delay         the request arrives "delay" later (3s), so that its reversal may overtake it
//	answer_late   taken at once, answered "delay" later (3s)
//	answer_twice  the answer twice, "delay" apart (0)
//	foreign_stan  a well-signed answer with the next STAN instead; with "answer":true the true one follows
//	corrupt       one byte of the answer changed at random
//	bad_mac       F64 wrong
//	no_mac        F64 left out
//	reset         taken, then the connection is reset ("before":true: not taken)
//	half_frame    half the answer, then the connection closes
//	slow_bytes    the answer byte by byte, "delay" apart (10ms)
//	refuse        not taken; the line is pulled for "delay" (1s)
//	restart       taken, not answered; the host comes back from its disk after "delay" (0) ("before":true: not taken)
//	code          the answer says "code", no money moves ("taken":true: it moves all the same)
//
// {"answer":"55"} without a fault is "code" for the next payment, void or refund:
// approvals and 68, 96, 98 move the money, other codes do not.
//
// The other keys narrow a rule: "mti", "type" (F60, two digits), "stan" and "kind"
// of the request (the kinds of the ledger, balance, upload_end, sign_on, sign_off,
// echo, or money), "max_amount" in fen, "nth" (that matching request only),
// "every" (each nth), "probability" (a number or a text, 0 to 1), "times" (at
// most so often). An unknown key or fault is an error that names it.
package acquirer
