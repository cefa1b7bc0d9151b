package find

// known is a device whose kind its numbers tell.
type known struct {
	vid, pid string // lower case; pid "" is every product of the maker
	kind     string // printer scanner reader adapter (a serial line: its far end cannot be seen)
	label    string
}

// table is from the public list of USB ids (linux-usb.org/usb.ids, as systemd's
// hwdb 20-usb-vendor-model carries it) but for the rows marked *, which are the
// numbers that those devices show in the support threads of python-escpos,
// escpos-php and of the Linux kernel's drivers (ch341.c, usb-serial).
var table = []known{
	{"04b8", "0202", "printer", "EPSON TM series (UB-U05)"},
	{"04b8", "0e03", "printer", "EPSON TM-T20"},
	{"04b8", "0e15", "printer", "EPSON TM-T20II"},  // *
	{"04b8", "0e27", "printer", "EPSON TM-T20III"}, // *
	{"04b8", "0e28", "printer", "EPSON TM-T20III"}, // *
	{"0416", "5011", "printer", "ESC/POS printer (Winbond)"},
	{"0483", "5743", "printer", "POS58 printer"}, // *
	{"0483", "070b", "printer", "POS80 printer"}, // *
	{"0519", "", "printer", "Star Micronics"},
	{"0dd4", "", "printer", "Custom"},
	{"0fe6", "811e", "printer", "ESC/POS printer (ICS)"},
	{"1504", "", "printer", "BIXOLON"},
	{"1d90", "", "printer", "CITIZEN"},
	{"1fc9", "2016", "printer", "POS printer (NXP)"},  // *
	{"20d1", "7008", "printer", "POS printer"},        // *
	{"28e9", "0289", "printer", "POS printer (GD32)"}, // *
	{"6868", "0200", "printer", "POS58 printer"},      // *
	{"1a86", "7584", "printer", "CH340S parallel"},

	{"0536", "", "scanner", "Hand Held Products / Honeywell"},
	{"05e0", "", "scanner", "Symbol / Zebra"},
	{"05f9", "", "scanner", "PSC / Datalogic"},
	{"065a", "", "scanner", "Opticon"},
	{"080c", "", "scanner", "Datalogic"},
	{"0c2e", "", "scanner", "Metrologic / Honeywell"},
	{"13ba", "0018", "scanner", "PCP-BCG4209"},
	{"1eab", "", "scanner", "Newland"},

	{"04e6", "", "reader", "SCM / Identiv"},
	{"072f", "", "reader", "ACS"},
	{"076b", "", "reader", "OMNIKEY"},
	{"08e6", "", "reader", "Gemalto"},

	{"0403", "6001", "adapter", "FTDI FT232"},
	{"0403", "6010", "adapter", "FTDI FT2232"},
	{"0403", "6011", "adapter", "FTDI FT4232"},
	{"0403", "6014", "adapter", "FTDI FT232H"},
	{"0403", "6015", "adapter", "FTDI FT-X"},
	{"067b", "", "adapter", "Prolific PL2303"},
	{"10c4", "ea60", "adapter", "CP210x"},
	{"1a86", "5523", "adapter", "CH341"},
	{"1a86", "7523", "adapter", "CH340"},
	{"1a86", "55d4", "adapter", "CH9102"}, // *
}

// lookUp finds a device in the table, the row of its product before that of its
// maker.
func lookUp(vid, pid string) (known, bool) {
	maker, found := known{}, false
	for _, k := range table {
		switch {
		case k.vid != vid || vid == "":
		case k.pid == pid:
			return k, true
		case k.pid == "":
			maker, found = k, true
		}
	}
	return maker, found
}
