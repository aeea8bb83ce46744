package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/vstack-go/vstack/vstack"
)

// documents has shallow documents; encoding/json says which are valid.
var documents = []string{
	// Values of every kind, alone and inside.
	`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `""`, `"a"`, `[]`, `{}`,
	` null`, "null\n", " \t\r\n[ \t\r\n] \t\r\n", "{ \n }",
	`[null,true,false,0,"",[],{}]`, `{"a":null,"b":[1,{"c":{}}],"":""}`,
	`[[[[[[[[[[]]]]]]]]]]`, `[[],[[]],[[],[[]]]]`, `{"a":{"a":{"a":{}}}}`,
	`[ 1 , 2 ]`, `{ "a" : 1 , "b" : 2 }`, "[\n\t1\r\n]",
	`{"a":1,"a":2}`, `{"a":1,"a":1}`, `{"\u0061":1,"a":2}`,
	// Numbers.
	`12345678901234567890123456789012345678901234567890`, `0.1`, `-0.0`, `1e5`, `1E5`, `1e+5`, `1e-5`, `1.5e10`,
	`0e0`, `0e+1`, `1e400`, `-1e-400`, `123.456`, `0.0000000000000000000001`, `1.0`, `100`, `[1,-2]`, `20e1`,
	`-`, `+1`, `.5`, `1.`, `-.5`, `01`, `-01`, `00`, `0x1`, `1e`, `1e+`, `1.e5`, `1.5e`, `- 1`, `1 2`, `1a`, `1e5.5`, `1_000`,
	`--1`, `1-`, `1e--1`, `Infinity`, `-Infinity`, `NaN`, `0.1.2`, `1,000`, `[1.]`, `[-]`, `[01]`, `0b1`, `1e5e5`, `１`, `[1 000]`,
	// Words.
	`nul`, `nulll`, `True`, `TRUE`, `tru`, `truee`, `fals`, `[true false]`, `[nul]`, `undefined`, `n`, `[t`, `{"a":tru}`, "nu\x00l",
	// Strings.
	`"\"\\\/\b\f\n\r\t"`, `"\u0000"`, `"\u00e9\u20AC\uFFFF"`, `"\ud83d\ude80"`, `"\uD83D\uDE80x"`, `"é € 🚀"`, "\"\x7f\"", "\"\u2028\u2029\"",
	`"/"`, `"\\"`, `"\\\""`, `"\\u0041"`, `"a\u0062c"`, "\"\ufeff\"", "\"\U0010ffff\"", "\"\ufffd\"", `"'"`,
	`"`, `"a`, `"\`, `"\"`, `"\u`, `"\u1`, `"\u12`, `"\u123`, `"\u1234`, `"\x41"`, `"\a"`, `"\'"`, `"\0"`, `"\u12G4"`, `"\U0041"`, `"\ 1"`,
	`'a'`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\"a\r\nb\"", `"\u 041"`, `"\u00`, `"a" "b"`, `a`, `"a"b`, `\u0022a"`, "\"\\\n\"", "\"\\\xff\"",
	// Structure.
	``, ` `, `[`, `]`, `{`, `}`, `[1`, `[1,`, `[1,]`, `[,1]`, `[,]`, `[1,,2]`, `[1 2]`, `[1:2]`, `]]`, `[]]`, `[[]`, `[}`, `{]`, `[1}`, `{"a":1]`,
	`{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a",1}`, `{"a" 1}`, `{a:1}`, `{1:1}`, `{"a":1 "b":2}`, `{"a"::1}`,
	`{"a":1,,"b":2}`, `{"a":}`, `{:1}`, `{null:1}`, `{'a':1}`, `{"a":1}}`, `{"a":1},`, `[1],`, `[]{}`, `{}[]`, `1,`, `,`, `:`, `[]x`, `[] []`,
	`[1;2]`, `(1)`, `<null>`, `*`, `[*]`, `{"a":"b":"c"}`, `{"a":[}]}`, `[{"a":]`,
	// Comments, odd white space, marks and bytes.
	`/* c */1`, `1//c`, `[1/**/]`, `#1`, "\ufeff1", "\ufeff", "1\ufeff", "\u00a01", "[1\u2028]", "\v1", "\f1", "\x001", "1\x00", "\x00", "[\x00]", "[1\x00]", "\xff", "[\xff]", "é", "[é]",
	"\xef\xbb\xbf{}", "\xfe\xff\x00[", "1\x1a",
}

// stricter has documents that encoding/json takes and this parser does not: the
// RFC leaves them open.
var stricter = []string{
	`"\ud800"`, `"\udc00"`, `"\ud83d\ud83d"`, `"\ude80\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ud83d"`, `["\uDEAD"]`, `{"\ud800":1}`, `"\ud83d\ude80\ude80"`,
	"\"\xff\"", "\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"é\xe2\x82é\"", "\"\xf0\x9f\x9a\"", "{\"\xff\":1}", "\"a\xe9\"",
}

// chunks is a reader that gives n bytes at a time.
type chunks struct {
	in io.Reader
	n  int
}

func (c chunks) Read(p []byte) (int, error) { return c.in.Read(p[:min(c.n, len(p))]) }

// formatted formats text on a stack.
func formatted(text string, indent int) (string, error) {
	var out strings.Builder
	_, err := format(strings.NewReader(text), &out, indent)
	return out.String(), err
}

// readers are ways to read a document: all that depends on where the buffer
// ends shows when it is always full.
var readers = []func(text string) io.Reader{
	func(text string) io.Reader { return strings.NewReader(text) },
	func(text string) io.Reader { return iotest.OneByteReader(strings.NewReader(text)) },
	func(text string) io.Reader { return chunks{strings.NewReader(text), 2} },
	func(text string) io.Reader { return chunks{strings.NewReader(text), 3} },
	func(text string) io.Reader { return iotest.DataErrReader(strings.NewReader(text)) },
}

// compare checks the parser against encoding/json, with all the readers.
func compare(t *testing.T, text string, valid bool) {
	t.Helper()
	if !valid {
		var first *syntaxError
		for i, reader := range readers {
			var syntax *syntaxError
			_, err := format(reader(text), io.Discard, compact)
			if !errors.As(err, &syntax) {
				t.Errorf("%q (reader %d): error %v, want a syntax error", text, i, err)
				return
			}
			if first == nil {
				first = syntax
			}
			if *syntax != *first {
				t.Errorf("%q (reader %d): error %v, and otherwise %v", text, i, err, first)
			}
		}
		return
	}
	var compacted, indented bytes.Buffer
	if err := errors.Join(json.Compact(&compacted, []byte(text)), json.Indent(&indented, []byte(strings.TrimSpace(text)), "", "   ")); err != nil {
		t.Fatal(err)
	}
	for i, reader := range readers {
		for indent, want := range map[int]string{compact: compacted.String() + "\n", 3: indented.String() + "\n"} {
			var out strings.Builder
			if _, err := format(reader(text), &out, indent); err != nil || out.String() != want {
				t.Errorf("%q (reader %d): %q, %v, want %q", text, i, &out, err, want)
			}
		}
	}
}

func TestDocuments(t *testing.T) {
	for _, text := range documents {
		valid := json.Valid([]byte(text))
		compare(t, text, valid)
		// Inside something, the same holds.
		if valid {
			compare(t, "["+text+"]", true)
			compare(t, `{"k":`+text+`,"k":`+text+`}`, true)
		}
		for _, around := range []string{"[%s]", `{"k":%s}`, "[1,%s,2]", "%s]", "%s "} {
			text := fmt.Sprintf(strings.ReplaceAll(around, "%s", "%[1]s"), text)
			compare(t, text, json.Valid([]byte(text)))
		}
	}
}

func TestStricter(t *testing.T) {
	for _, text := range stricter {
		if !json.Valid([]byte(text)) {
			t.Errorf("encoding/json does not take %q either", text)
		}
		compare(t, text, false)
		compare(t, `[1,{"k":`+text+`}]`, false)
	}
}

// Every way to cut a document short or to change a byte of it.
func TestMutations(t *testing.T) {
	const text = `{"a":[1,-2.5e+3,true,null,"x\n\u00e9é\ud83d\ude80"],"":{"b":[]} , "c" : { } }`
	defer func(all []func(string) io.Reader) { readers = all }(readers)
	readers = readers[:2] // there are thousands of these
	for i := range len(text) {
		compareAny(t, text[:i])
		for _, c := range []byte("\x00 \"\\,:[]{}0-.eu\x80\xff\n") {
			compareAny(t, text[:i]+string(rune(c))+text[i+1:])
			compareAny(t, text[:i]+string([]byte{c})+text[i+1:])
			compareAny(t, text[:i]+string([]byte{c})+text[i:])
		}
		compareAny(t, text[:i]+text[i+1:])
	}
}

func compareAny(t *testing.T, text string) {
	t.Helper()
	compare(t, text, json.Valid([]byte(text)) && utf8.ValidString(text) && surrogatesPaired(text))
}

var escapes = regexp.MustCompile(`\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.`)

// surrogatesPaired is for valid JSON.
func surrogatesPaired(text string) bool {
	for _, escape := range escapes.FindAllString(text, -1) {
		if len(escape) == 6 && strings.Contains("dD", escape[2:3]) && escape[3] >= '8' {
			return false
		}
	}
	return true
}

func FuzzFormat(f *testing.F) {
	for _, text := range append(documents, stricter...) {
		f.Add([]byte(text))
	}
	f.Add([]byte(strings.Repeat("[", 500)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.Count(text, []byte("["))+bytes.Count(text, []byte("{")) >= 10_000 {
			t.Skip("too deep for encoding/json")
		}
		if len(text) > 1000 {
			t.Skip("indented, it could be huge")
		}
		compareAny(t, string(text))
	})
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, `1:1: expected a value, found the end of the input`},
		{"\n\n  ", `3:3: expected a value, found the end of the input`},
		{`[1,`, `1:4: expected a value, found the end of the input`},
		{`[1,]`, `1:4: expected a value, found ']'`},
		{`[1`, `1:3: expected ',' or ']', found the end of the input`},
		{"[\n  1\n  2\n]", `3:3: expected ',' or ']', found '2'`},
		{"[\r\n1\r\n2]", `3:1: expected ',' or ']', found '2'`},
		{`{"a":1;}`, `1:7: expected ',' or '}', found ';'`},
		{`{1:2}`, `1:2: expected a string, the name of a member, found '1'`},
		{`{"a":1,}`, `1:8: expected a string, the name of a member, found '}'`},
		{`{"a" 1}`, `1:6: expected ':', found '1'`},
		{`[] x`, `1:4: expected the end of the document, found 'x'`},
		{"[]\n\x00", `2:1: expected the end of the document, found '\x00'`},
		{`nulL`, `1:4: expected null, found 'L'`},
		{`-`, `1:2: expected a digit, found the end of the input`},
		{`-a`, `1:2: expected a digit, found 'a'`},
		{`012`, `1:2: expected no digit after a leading 0, found '1'`},
		{`1.`, `1:3: expected a digit after the decimal point, found the end of the input`},
		{`[1.5e+]`, `1:7: expected a digit in the exponent, found ']'`},
		{`"abc`, `1:5: expected '"', the end of the string, found the end of the input`},
		{"\"a\nb\"", `1:3: expected an escape such as \n or \u001f in the string, found '\n'`},
		{"\"a\x00\"", `1:3: expected an escape such as \n or \u001f in the string, found '\x00'`},
		{`"\x41"`, `1:3: expected one of "\/bfnrtu after the backslash, found 'x'`},
		{`"\u00g0"`, `1:6: expected a hexadecimal digit, found 'g'`},
		{`["\udc00"]`, `1:3: expected a high surrogate, \ud800 to \udbff, before the low one, found none`},
		{`["\ud800"]`, `1:9: expected a low surrogate, \udc00 to \udfff, after the high one, found '"'`},
		{`["\ud800\u0041"]`, `1:9: expected a low surrogate, \udc00 to \udfff, after the high one, found none`},
		{"[\"é\xff\"]", `1:5: expected UTF-8, found the byte 0xff`},
		{"[\"é\xe2\x82", `1:7: expected the rest of a UTF-8 sequence, found the end of the input`},
		{"\ufeff[]", `1:1: expected a value, found a byte order mark (U+FEFF), which JSON must not have`},
		// Columns count bytes: é is two of them, 🚀 four.
		{"[\"é\" \"🚀\"]", `1:7: expected ',' or ']', found '"'`},
		{"[\n\"🚀\", é]", `2:9: expected a value, found 'é'`},
		{"{\"é\": [\"🚀\",\n \"é\"} ]", `2:6: expected ',' or ']', found '}'`},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
			_, err := format(in, io.Discard, compact)
			if err == nil || err.Error() != c.want {
				t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
			}
		}
	}
}

// An error far into a document, past many buffers.
func TestErrorPosition(t *testing.T) {
	line := `["é", 1.5, {"🚀": null}],` + "\n"
	_, err := formatted("["+strings.Repeat(line, 50_000)+"   !]", compact)
	if want := "50001:4: expected a value, found '!'"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = formatted("["+strings.Repeat(strings.TrimSpace(line), 50_000)+"   !]", compact)
	if want := fmt.Sprintf("1:%d: expected a value, found '!'", 1+50_000*len(strings.TrimSpace(line))+4); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// Tokens that straddle the ends of the buffers, at every offset.
func TestBufferEnds(t *testing.T) {
	const text = `{"é\ud83d\ude80\n":[-12.5e+30,true,"日本語"]}`
	for _, size := range []int{inputBuffer, outputBuffer} {
		for before := size - len(text) - 2; before <= size+2; before++ {
			for _, pad := range []string{" ", "1"} {
				doc := "[" + strings.Repeat(pad, before) + text + "]"
				if pad == "1" {
					doc = "[" + strings.Repeat(pad, before) + "," + text + "]"
				}
				var want bytes.Buffer
				json.Compact(&want, []byte(doc))
				if got, err := formatted(doc, compact); err != nil || got != want.String()+"\n" {
					t.Fatalf("after %d bytes: %v", before, err)
				}
			}
		}
	}
	long := `"` + strings.Repeat("x", 10*inputBuffer) + `"`
	if got, err := formatted(long, compact); err != nil || got != long+"\n" {
		t.Errorf("a long string: %d bytes, %v", len(got), err)
	}
}

func TestLayout(t *testing.T) {
	// Past maxLines, what is inside stays on one line, like a compact document.
	around := func(n int, text string) string { return strings.Repeat("[", n) + text + strings.Repeat("]", n) }
	for _, text := range []string{around(maxLines, ""), around(maxLines-1, `{"a":1}`), around(maxLines-2, `{"a":[1,2],"b":{}}`)} {
		var want bytes.Buffer
		json.Indent(&want, []byte(text), "", "  ")
		if got, err := formatted(text, 2); err != nil || got != want.String()+"\n" {
			t.Errorf("%d levels: not as json.Indent, %v", maxLines, err)
		}
	}
	deep := func(n int) string { return around(n, `{"a":[1,2],"b":[]}`) }
	got, err := formatted(deep(maxLines+100), 2)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	middle := strings.Repeat(" ", 2*maxLines) + deep(100)
	if len(lines) != 2*maxLines+1 || lines[maxLines] != middle {
		t.Errorf("%d lines, the middle one %q", len(lines), strings.TrimSpace(lines[len(lines)/2]))
	}
	if got, err := formatted(deep(maxLines+100), maxIndent); err != nil || strings.ReplaceAll(got, strings.Repeat(" ", maxIndent), "  ") != strings.Join(lines, "\n")+"\n" {
		t.Errorf("indented by %d: %v", maxIndent, err)
	}
}

func TestDeep(t *testing.T) {
	const brackets = 100_000
	_, err := formatted(strings.Repeat("[", brackets), compact)
	if want := fmt.Sprintf("1:%d: expected a value, found the end of the input", brackets+1); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = formatted(strings.Repeat(`{"":`, brackets), compact)
	if want := fmt.Sprintf("1:%d: expected a value, found the end of the input", 4*brackets+1); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	_, err = formatted(strings.Repeat("[", brackets)+"]}", compact)
	if want := fmt.Sprintf("1:%d: expected ',' or ']', found '}'", brackets+2); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	levels := 1_000_000
	if ^uint(0)>>32 == 0 || testing.Short() {
		levels /= 5
	}
	text, err := io.ReadAll(&nest{depth: levels})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := format(bytes.NewReader(text), &out, compact); err != nil || !bytes.Equal(out.Bytes(), text) {
		t.Errorf("%d levels: %d bytes, %v, want %d bytes", levels, out.Len(), err, len(text))
	}
	// Outside Run the guard finds a stack by itself, and without it this is not too deep yet.
	for name, document := range map[string]func(*parser) error{"outside Run": (*parser).document, "unguarded": (*parser).documentUnguarded} {
		out.Reset()
		if err := document(newParser(bytes.NewReader(text), newFormatter(&out, compact))); err != nil || !bytes.Equal(out.Bytes(), text) {
			t.Errorf("%d levels %s: %d bytes, %v", levels, name, out.Len(), err)
		}
	}
}

func TestOverflow(t *testing.T) {
	level, err := format(&nest{depth: 1_000_000}, io.Discard, compact, vstack.WithMaxMemory(1<<20))
	if !errors.Is(err, vstack.ErrOverflow) || level < 1000 || level > 100_000 {
		t.Errorf("%v at level %d", err, level)
	}
}

func TestGenerate(t *testing.T) {
	for depth, want := range []string{"0\n", "[0]\n", `[{"in":0}]` + "\n", `[{"in":[0]}]` + "\n", `[{"in":[{"in":0}]}]` + "\n"} {
		for _, in := range []io.Reader{&nest{depth: depth}, iotest.OneByteReader(&nest{depth: depth})} {
			if got, err := io.ReadAll(in); err != nil || string(got) != want {
				t.Errorf("depth %d: %q, %v, want %q", depth, got, err, want)
			}
		}
	}
	if err := iotest.TestReader(&nest{depth: 3}, []byte(`[{"in":[0]}]`+"\n")); err != nil {
		t.Error(err)
	}
}

// What goes wrong outside the document is reported as it is.
func TestReadAndWriteErrors(t *testing.T) {
	for i, text := range []string{`[1,2]`, `[1, 2`, `"abc`, `"\ud8`, "\"\xe2\x82", `12`, `tru`, ``, `[1, `, `{"a"`, "\"\\"} {
		if _, err := format(io.MultiReader(strings.NewReader(text), iotest.ErrReader(os.ErrDeadlineExceeded)), io.Discard, 2); err != os.ErrDeadlineExceeded {
			t.Errorf("%d: %q and a failure to read: %v", i, text, err)
		}
	}
	if _, err := format(stuck{}, io.Discard, 2); err != io.ErrNoProgress {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	// A failure to write ends the work soon, not after the whole input.
	in := &progress{in: &nest{depth: 1_000_000}}
	if _, err := format(in, &failing{}, compact); err != io.ErrShortWrite {
		t.Errorf("a failure to write: %v", err)
	}
	if in.read > 4*inputBuffer {
		t.Errorf("%d bytes read after a failure to write", in.read)
	}
	if _, err := format(strings.NewReader("["+strings.Repeat("0,", 100_000)+"0]"), &failing{}, maxIndent); err != io.ErrShortWrite {
		t.Errorf("a failure to write, with more to write: %v", err)
	}
	if _, err := format(strings.NewReader("[]"), &failing{}, compact); err != io.ErrShortWrite {
		t.Errorf("a failure to write at the end: %v", err)
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type failing struct{ failed bool }

func (f *failing) Write([]byte) (int, error) {
	if f.failed {
		panic("written to after it had failed")
	}
	f.failed = true
	return 0, io.ErrShortWrite
}

// The document is never in memory, whatever its size.
func TestBoundedMemory(t *testing.T) {
	const times = 50_000
	record := `{"name": "value", "list": [1, 2.5, -3e8, "a\nb"], "é": {"deep": [[[]]]}},`
	in := io.MultiReader(strings.NewReader("["), &repeat{record, times}, strings.NewReader("0]"))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := format(in, io.Discard, 2); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("%d bytes allocated for %d bytes of input", allocated, times*len(record))
	}
}

// repeat is a reader of the same text, again and again.
type repeat struct {
	text string
	n    int
}

func (r *repeat) Read(p []byte) (n int, err error) {
	if r.n == 0 {
		return 0, io.EOF
	}
	for r.n > 0 && len(p)-n >= len(r.text) {
		n += copy(p[n:], r.text)
		r.n--
	}
	if n == 0 {
		return 0, io.ErrShortBuffer
	}
	return n, nil
}
