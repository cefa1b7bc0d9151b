package look

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// glyphs is a set of the glyphs of one face, by their numbers.
type glyphs map[uint16]bool

// cuts are the small cuts of a face by what they keep of the Chinese characters, from the smallest on.
var cuts = []keep{{"common", 0xB0, 0xD7}, {"national", 0xB0, 0xF7}}

// keep names Chinese characters by the rows of GB 2312 that they stand in: its first level, 3755 in common use, ends with
// the row of the first byte D7, its second one with F7.
type keep struct {
	name        string
	first, last byte
}

// alsoCommon are characters of the second level that goods of a convenience store have in their names.
const alsoCommon = "嗨孚怡橘沐浣炫芙茉莓蚝蛳豉豚郫醺鹭"

// characters gives what is in the cut of the Chinese characters.
func (k keep) characters() *runes {
	var rows []byte
	for row := int(k.first); row <= int(k.last); row++ {
		for cell := 0xA1; cell <= 0xFE; cell++ {
			rows = append(rows, byte(row), byte(cell))
		}
	}
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(rows)
	if err != nil {
		return &runes{} // not with this table
	}
	out := &runes{}
	for _, c := range string(text) + alsoCommon {
		out.add(c)
	}
	return out
}

// cut gives a TrueType face without the outlines of the dropped glyphs, for Fyne takes every outline of a face apart and
// keeps them all. Everything else stays as it is, the numbers of the glyphs too, so what is drawn with the others is the
// same to the pixel. A dropped glyph that is a part of any other stays. Checksums are not computed anew: nobody looks.
func cut(font []byte, drop glyphs) ([]byte, error) {
	tables, err := tablesOf(font)
	if err != nil {
		return nil, err
	}
	head, loca, glyf := tables["head"], tables["loca"], tables["glyf"]
	if len(head) < 54 || len(loca) < 4 || len(glyf) == 0 {
		return nil, fmt.Errorf("%w: no outlines", ErrArt)
	}
	at := offsets(loca, head[51] == 1)
	outline := func(i int) []byte { return glyf[min(at[i], len(glyf)):min(max(at[i], at[i+1]), len(glyf))] }
	kept := glyphs{}
	for i := range len(at) - 1 {
		for _, part := range parts(outline(i)) {
			kept[part] = true
		}
	}
	var outlines []byte
	where := make([]byte, 0, 4*len(at))
	for i := range len(at) - 1 {
		where = binary.BigEndian.AppendUint32(where, uint32(len(outlines)))
		if !drop[uint16(i)] || kept[uint16(i)] {
			outlines = append(outlines, outline(i)...)
			outlines = append(outlines, make([]byte, -len(outlines)&3)...)
		}
	}
	head = append([]byte(nil), head...)
	head[50], head[51] = 0, 1 // the offsets are long ones
	tables["head"], tables["loca"], tables["glyf"] = head, binary.BigEndian.AppendUint32(where, uint32(len(outlines))), outlines
	return join(font, tables), nil
}

// Sizes in a face's file: what stands before the list of tables, an entry of the list.
const (
	fileHeader = 12
	tableEntry = 16
)

// tablesOf finds the tables of a face by their tags.
func tablesOf(font []byte) (map[string][]byte, error) {
	if len(font) < fileHeader {
		return nil, fmt.Errorf("%w: not a face", ErrArt)
	}
	out := map[string][]byte{}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		at := fileHeader + i*tableEntry
		if len(font) < at+tableEntry {
			return nil, fmt.Errorf("%w: the face ends early", ErrArt)
		}
		first, n := int(binary.BigEndian.Uint32(font[at+8:])), int(binary.BigEndian.Uint32(font[at+12:]))
		if first+n > len(font) {
			return nil, fmt.Errorf("%w: the face ends early", ErrArt)
		}
		out[string(font[at:at+4])] = font[first : first+n]
	}
	return out, nil
}

// join writes the tables as a file, in the order that they have in an older one.
func join(font []byte, tables map[string][]byte) []byte {
	n := int(binary.BigEndian.Uint16(font[4:]))
	size := fileHeader + n*tableEntry
	for _, t := range tables {
		size += len(t) + 3
	}
	out := append(make([]byte, 0, size), font[:fileHeader+n*tableEntry]...)
	for i := range n {
		entry := fileHeader + i*tableEntry
		table := tables[string(font[entry:entry+4])]
		binary.BigEndian.PutUint32(out[entry+8:], uint32(len(out)))
		binary.BigEndian.PutUint32(out[entry+12:], uint32(len(table)))
		out = append(out, table...)
		out = append(out, make([]byte, -len(out)&3)...)
	}
	return out
}

// offsets reads where each outline begins, and where the last one ends.
func offsets(loca []byte, long bool) []int {
	if long {
		out := make([]int, len(loca)/4)
		for i := range out {
			out[i] = int(binary.BigEndian.Uint32(loca[4*i:]))
		}
		return out
	}
	out := make([]int, len(loca)/2)
	for i := range out {
		out[i] = 2 * int(binary.BigEndian.Uint16(loca[2*i:]))
	}
	return out
}

// Flags of a part of a composed outline.
const (
	partWords  = 1 << 0 // its place takes four bytes, not two
	partScale  = 1 << 3
	partMore   = 1 << 5
	partScaleX = 1 << 6
	partMatrix = 1 << 7
)

// parts lists the glyphs that a composed outline is made of; a plain one has none.
func parts(outline []byte) (out []uint16) {
	if len(outline) < 10 || outline[0] < 0x80 { // a number of contours under zero says that it is composed
		return nil
	}
	for at := 10; at+4 <= len(outline); {
		flags := binary.BigEndian.Uint16(outline[at:])
		out = append(out, binary.BigEndian.Uint16(outline[at+2:]))
		if flags&partMore == 0 {
			break
		}
		at += 6
		if flags&partWords != 0 {
			at += 2
		}
		switch {
		case flags&partScale != 0:
			at += 2
		case flags&partScaleX != 0:
			at += 4
		case flags&partMatrix != 0:
			at += 8
		}
	}
	return out
}
