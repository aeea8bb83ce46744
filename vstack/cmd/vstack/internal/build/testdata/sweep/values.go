package main

import (
	"bytes"
	"encoding/asn1"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"expvar"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
)

// Encoders, and what looks at values with reflection.

type list struct {
	V    int
	Next *list
}

type box struct{ In any }

func lists(n int) *list {
	var l *list
	for range n {
		l = &list{1, l}
	}
	return l
}

func slicesOf(n int) any {
	var v any = 1
	for range n {
		v = []any{v}
	}
	return v
}

func mapsOf(n int) any {
	var v any = 1
	for range n {
		v = map[string]any{"a": v}
	}
	return v
}

func boxes(n int) any {
	var v any = 1
	for range n {
		v = box{v}
	}
	return v
}

func pointers(n int) any {
	var v any = 1
	for range n {
		w := v
		v = &w
	}
	return v
}

// A text is a list that marshals itself.
type text struct{ next *text }

func (t *text) MarshalJSON() ([]byte, error) {
	if t.next == nil {
		return []byte("1"), nil
	}
	if _, err := json.Marshal(t.next); err != nil {
		return nil, err
	}
	return []byte("1"), nil
}

func (t *text) String() string {
	if t.next == nil {
		return "1"
	}
	return fmt.Sprint(t.next)
}

func texts(n int) *text {
	t := &text{}
	for range n {
		t = &text{t}
	}
	return t
}

// An xmlList can be read and written as XML.
type xmlList struct {
	XMLName xml.Name `xml:"a"`
	Next    *xmlList `xml:"a"`
}

func marshal(v any) error {
	_, err := json.Marshal(v)
	return err
}

func differ(a, b any) error {
	if !reflect.DeepEqual(a, b) {
		return fmt.Errorf("they are not equal")
	}
	return nil
}

func init() {
	ways["json.Marshal list"] = func(n int) error { return marshal(lists(n)) }
	ways["json.Marshal slices"] = func(n int) error { return marshal(slicesOf(n)) }
	ways["json.Marshal maps"] = func(n int) error { return marshal(mapsOf(n)) }
	ways["json.Marshal pointers"] = func(n int) error { return marshal(pointers(n)) }
	ways["json.Marshal Marshaler"] = func(n int) error { return marshal(texts(n)) }
	ways["json.Encoder boxes"] = func(n int) error { return json.NewEncoder(io.Discard).Encode(boxes(n)) }
	ways["json.Unmarshal"] = func(n int) error {
		var v any
		return json.Unmarshal([]byte(strings.Repeat("[", n)+strings.Repeat("]", n)), &v)
	}
	ways["json.Unmarshal list"] = func(n int) error {
		return json.Unmarshal([]byte(strings.Repeat(`{"Next":`, n)+"null"+strings.Repeat("}", n)), new(list))
	}
	ways["json.Compact"] = func(n int) error {
		return json.Compact(new(bytes.Buffer), []byte(strings.Repeat("[", n)+strings.Repeat("]", n)))
	}
	ways["json.Decoder.Token"] = func(n int) error {
		d := json.NewDecoder(strings.NewReader(strings.Repeat("[", n) + strings.Repeat("]", n)))
		for {
			if _, err := d.Token(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}
	ways["reflect.DeepEqual lists"] = func(n int) error { return differ(lists(n), lists(n)) }
	ways["reflect.DeepEqual slices"] = func(n int) error { return differ(slicesOf(n), slicesOf(n)) }
	ways["reflect.DeepEqual maps"] = func(n int) error { return differ(mapsOf(n), mapsOf(n)) }
	ways["reflect.Value.Comparable"] = func(n int) error {
		if !reflect.ValueOf(boxes(n)).Comparable() {
			return fmt.Errorf("it is not")
		}
		return nil
	}
	ways["fmt.Sprint slices"] = func(n int) error { fmt.Fprint(io.Discard, slicesOf(n)); return nil }
	ways["fmt.Sprint maps"] = func(n int) error { fmt.Fprint(io.Discard, mapsOf(n)); return nil }
	ways["fmt %+v boxes"] = func(n int) error { fmt.Fprintf(io.Discard, "%+v", boxes(n)); return nil }
	ways["fmt %#v boxes"] = func(n int) error { fmt.Fprintf(io.Discard, "%#v", boxes(n)); return nil }
	ways["fmt %x slices"] = func(n int) error { fmt.Fprintf(io.Discard, "%x", slicesOf(n)); return nil }
	ways["fmt Stringer"] = func(n int) error { fmt.Fprint(io.Discard, texts(n)); return nil }
	fewer["xml.Marshal"] = 10
	ways["xml.Marshal"] = func(n int) error {
		var l *xmlList
		for range n {
			l = &xmlList{Next: l}
		}
		return xml.NewEncoder(io.Discard).Encode(l)
	}
	ways["xml.Unmarshal"] = func(n int) error {
		return xml.Unmarshal([]byte(strings.Repeat("<a>", n)+strings.Repeat("</a>", n)), new(xmlList))
	}
	ways["xml.Decoder.Skip"] = func(n int) error {
		d := xml.NewDecoder(strings.NewReader(strings.Repeat("<a>", n) + strings.Repeat("</a>", n)))
		if _, err := d.Token(); err != nil {
			return err
		}
		return d.Skip()
	}
	fewer["gob.Encoder"] = 20
	ways["gob.Encoder"] = func(n int) error { return gob.NewEncoder(io.Discard).Encode(lists(n)) }
	fewer["gob.Decoder"] = 20
	ways["gob.Decoder"] = func(n int) error {
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(lists(n)); err != nil {
			return err
		}
		return gob.NewDecoder(&b).Decode(new(list))
	}
	fewer["asn1.Marshal"] = 100 // it adds the lengths up anew at each level
	ways["asn1.Marshal"] = func(n int) error { _, err := asn1.Marshal(boxes(n)); return err }
	ways["asn1.Unmarshal"] = func(n int) error {
		var v asn1.RawValue
		_, err := asn1.Unmarshal(bytes.Repeat([]byte{0x30, 0x80}, n), &v)
		return err
	}
	fewer["expvar.Map"] = 100 // it copies
	ways["expvar.Map"] = func(n int) error {
		m := new(expvar.Map)
		for range n {
			next := new(expvar.Map)
			next.Set("a", m)
			m = next
		}
		_ = m.String()
		return nil
	}
	group := func(n int) slog.Attr {
		a := slog.Int("a", 1)
		for range n {
			a = slog.Group("g", a)
		}
		return a
	}
	ways["slog.JSONHandler"] = func(n int) error {
		slog.New(slog.NewJSONHandler(io.Discard, nil)).Info("x", group(n))
		return nil
	}
	fewer["slog.TextHandler"] = 100 // the names of all groups stand before each value
	ways["slog.TextHandler"] = func(n int) error {
		slog.New(slog.NewTextHandler(io.Discard, nil)).Info("x", group(n))
		return nil
	}
	ways["slog.Value.Equal"] = func(n int) error {
		if !group(n).Equal(group(n)) {
			return fmt.Errorf("they are not equal")
		}
		return nil
	}
}
