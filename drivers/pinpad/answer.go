package pinpad

import "tillkeeper/app/pos"

// verdict answers the data of an answer, or what its status says.
func verdict(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, ErrRefused
	}
	switch data[0] {
	case StatusOK:
		return data[1:], nil
	case StatusNoKeys:
		return nil, ErrNoKeys
	case StatusKCV:
		return nil, ErrKCV
	case StatusCancelled:
		return nil, ErrCancelled
	case StatusTimeout:
		return nil, ErrTimeout
	case StatusBypassed:
		return nil, ErrBypassed
	case StatusExhausted:
		return nil, ErrExhausted
	case StatusNoTMK:
		return nil, ErrNoTMK
	case StatusEntry:
		return nil, entryError(data[1:])
	}
	return nil, ErrRefused
}

var entryErrors = map[byte]pos.Error{
	EntryLength: {Code: "component_length", Message: "a key component has 32 hexadecimal digits", Remedy: "type it again from the sheet"},
	EntryParity: {Code: "component_parity", Message: "a byte of the component does not have odd parity", Remedy: "type it again from the sheet"},
	EntryWeak:   {Code: "component_weak", Message: "this is a weak key", Remedy: "ask the acquirer for other components"},
	EntrySame:   {Code: "component_same", Message: "the second component is the first one again", Remedy: "begin again, each person with the own sheet"},
	EntryPerson: {Code: "component_person", Message: "the two components are entered by two people", Remedy: "let the second person sign in"},
	EntryOrder:  {Code: "component_order", Message: "no first component waits", Remedy: "begin again with the first component"},
}

// entryError answers ErrEntry within the words for its reason.
func entryError(reason []byte) error {
	if len(reason) != 1 {
		return ErrRefused
	}
	e, ok := entryErrors[reason[0]]
	if !ok {
		return ErrRefused
	}
	e.Err = ErrEntry
	return &e
}
