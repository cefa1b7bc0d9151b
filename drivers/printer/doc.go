// Package printer drives receipt printers that speak ESC/POS, and the cash
// drawer behind them: an encoder from a slip to bytes, and a Printer that keeps
// a queue on disk, sends one job at a time, reads the printer's status and never
// lets a fault of the printer become a fault of the sale.
//
// # What it promises
//
// A job is queued, sent, printed or unknown. It is on disk before Print returns
// and its state "sent" is on disk before its first byte leaves, so that after a
// crash nothing is lost and nothing is printed twice: what was sent and not
// confirmed is unknown, and goes out again only by Reprint, marked COPY. A
// printer that stops within a job keeps it; the job is confirmed when the
// printer has printed it. The states come from the printer: GS ( H says which
// job is done, GS r where a model has no GS ( H, and nothing makes it unknown.
//
// It never fails a sale, never guesses a device, and never emits 10 04, 10 05 or
// 10 14 inside a slip: printers obey these real-time commands even inside other
// data.
//
// # On the wire
//
// Widths are in columns: 48 (or 42) on 80 mm paper, 32 on 58 mm; a Han character
// takes two. Text is GB18030 in its one- and two-byte codes only; a line with
// any other character is drawn as dots when a font is given, and printed with
// '?' in their place when not. How models differ is data: Models.
//
// # On disk
//
// Opts.Dir holds printer.queue, a record a line (record.go), mode 0600: the lines
// of slips as they are printed, so card numbers are masked in it as they are on
// paper. What is printed is taken out. The state of a job is overwritten in
// place, which needs no room on a full disk; what a full disk does not take is
// printed from memory, and the condition says so. A damaged file is set aside as
// printer.queue.damaged, and none of its jobs goes out by itself. printer.cut is
// there while the printer may be within a command that a crash cut short: the
// next job ends it first. printer.lock keeps a second till out.
package printer
