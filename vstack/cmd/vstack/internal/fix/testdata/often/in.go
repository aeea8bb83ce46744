// Package often has recursion of several functions, of which some run also where nothing
// nests.
package often

import "strconv"

// Text calls value for each value, and list only for one with others in it.
func Text(v any) string { return string(value(nil, v)) }

func value(to []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(to, v)
	case int:
		return strconv.AppendInt(to, int64(v), 10)
	case string:
		return strconv.AppendQuote(to, v)
	case []any:
		return list(to, v)
	}
	return append(to, "null"...)
}

func list(to []byte, all []any) []byte {
	to = append(to, '[')
	for i, v := range all {
		if i > 0 {
			to = append(to, ',')
		}
		to = value(to, v)
	}
	return append(to, ']')
}

// A Reader counts the x in S. It calls item for each byte, and items for each parenthesis.
type Reader struct {
	S  string
	at int
}

func (r *Reader) Count() (n int) {
	for r.at < len(r.S) {
		n += r.item()
	}
	return n
}

func (r *Reader) item() int {
	c := r.S[r.at]
	r.at++
	switch c {
	case '(':
		return r.items()
	case ' ', '\t', '\n':
		return 0
	case 'x':
		return 1
	}
	return 0
}

func (r *Reader) items() (n int) {
	for r.at < len(r.S) && r.S[r.at] != ')' {
		n += r.item()
	}
	r.at++
	return n
}
