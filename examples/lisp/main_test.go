package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) {
	if os.Getenv("LISP_TEST_MAIN") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// depth is how deep the tests go where plain recursion would be fine, too: what
// counts there is the number of hops.
const depth = 100_000

// small is so that a limit of a few megabytes is reached soon.
const small = "-max-memory=8MiB"

func lisp(stdin string, args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// reader and printer
		{`42 -7 +7 #t #f "a\n\"b\"\\" x`, `42|-7|7|#t|#f|"a\n\"b\"\\"`},
		{`'(a (b . c) () "d" . e) ; comment`, `(a (b . c) () "d" . e)`},
		{`''a '(1 .5)`, `(quote a)`},
		{"'(a ; one\n b)", `(a b)`},
		{`car (lambda (x) x)`, `#<procedure car>|#<procedure lambda>`},
		{`(define (f) 1) f`, `#<procedure f>`},
		// special forms
		{`(if #f 1) (if '() 1 2) (if #f 1 2)`, `1|2`},
		{`(cond (#f 1) ((+ 1 1)) (else 3)) (cond (#f 1) (else 2 3)) (cond (#f 1))`, `2|3`},
		{`(define x 1) (define (f) (set! x (+ x 1)) x) (f) (f) x`, `2|3|3`},
		{`(define (f a . rest) (list a rest)) (f 1) (f 1 2 3) ((lambda all all) 1 2)`, `(1 ())|(1 (2 3))|(1 2)`},
		{`(define (f) (define a 1) (define a (+ a 1)) (define b a) (list a b)) (f) (f)`, `(2 2)|(2 2)`},
		{`(let ((x 1) (y 2)) (define z 3) (list x y z)) (let () 1)`, `(1 2 3)|1`},
		{`(let* ((x 1) (x (+ x 1)) (y (* x 10))) (define z 1) (list x y z))`, `(2 20 1)`},
		{`(let loop ((i 0) (l '())) (if (= i 3) l (loop (+ i 1) (cons i l))))`, `(2 1 0)`},
		{`(define (counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n))) (define c (counter)) (c) (c) ((counter))`, `1|2|1`},
		{`(begin 1 2) (and) (or) (and 1 2) (and 1 #f 2) (or #f 3) (or #f #f)`, `2|#t|#f|2|#f|3|#f`},
		{`(apply + 1 '(2))`, ``},
		{`(apply apply (list + '(1 2)))`, `3`},
		// primitives and prelude
		{`(+) (*) (- 3) (- 10 2 3) (+ 1 2 3) (* 2 3 4)`, `0|1|-3|5|6|24`},
		{`(quotient -7 2) (remainder -7 2) (modulo -7 2) (modulo 7 -2) (modulo 6 -2) (modulo 9223372036854775807 9223372036854775806)`, `-3|-1|1|-1|0|1`},
		{`(< 1 2 3) (< 1 3 2) (= 1 1 1) (>= 2 2 1) (<= 1 2) (> 1 2)`, `#t|#f|#t|#t|#t|#f`},
		{`(eq? 'a 'a) (eq? '(1) '(1)) (equal? '(1 (2 . "x")) '(1 (2 . "x"))) (equal? '(1 2) '(1 3)) (equal? '(1) '(1 2)) (eq? '() '())`, `#t|#f|#t|#f|#f|#t`},
		{`(map (lambda (p) (p '())) (list null? pair? number? boolean? string? symbol? procedure? not))`, `(#t #f #f #f #f #f #f #f)`},
		{`(cons 1 2) (car '(1 2)) (cdr '(1 2)) (cadr '(1 2)) (caddr '(1 2 3)) (list) (iota 3)`, `(1 . 2)|1|(2)|2|3|()|(0 1 2)`},
		{`(length '(1 2 3)) (append '(1 2) '(3)) (reverse '(1 2 3)) (filter pair? '(1 (2) 3 (4)))`, `3|(1 2 3)|(3 2 1)|((2) (4))`},
		{`(fold-left - 0 '(1 2 3)) (fold-right - 0 '(1 2 3)) (string-append "a" "b")`, `-6|2|"ab"`},
		{`(begin (display '("a" b)) (write '("a" b)) (newline))`, `(a b)("a" b)`},
	} {
		want := strings.ReplaceAll(c.want, "|", "\n") + "\n"
		if c.want == "" {
			want = ""
		}
		_, out, errs := lisp("", "-e", c.text)
		if out != want && out != strings.TrimSuffix(want, "\n") {
			t.Errorf("%s\nprints %q, want %q\n%s", c.text, out, want, errs)
		}
	}
}

func TestErrors(t *testing.T) {
	const tooDeep = `lisp: recursion too deep: the calls use [0-9.]+ MiB and 8 MiB is the limit; -max-memory raises it\n`
	for _, c := range []struct {
		text   string
		status int
		want   string // pattern
	}{
		{`(car 5)`, 1, `^lisp: car: want a pair, got 5\n$`},
		{`(define (f x) (+ 1 (car x))) (define (g x) (+ 1 (f x))) (+ 1 (g 'a))`, 1, `^lisp: car: want a pair, got a\n  in f <- g\n$`},
		{`(define (f x) (g x)) (define (g x) (car x)) (f 1)`, 1, `\n  in g\n$`}, // a tail call replaces its caller
		{`(define (f n) (if (= n 0) (error "done:" 'a "b" n) (+ 1 (f (- n 1))))) (f 10)`, 1, `^lisp: done: a "b" 0\n  in f x 11\n$`},
		{`(car (iota 3) 1)`, 1, `car: want 1 arguments, got 2`},
		{`((lambda (x) x))`, 1, `lambda: want 1 arguments, got 0`},
		{`((lambda (x . y) x))`, 1, `lambda: want 1 or more arguments, got 0`},
		{`(apply car)`, 1, `apply: want 2 arguments, got 1`},
		{`(apply car 1)`, 1, `apply: want a list, got 1`},
		{`(1 2)`, 1, `not a procedure: 1`},
		{`(car . 5)`, 1, `not a call: \(car \. 5\)`},
		{`()`, 1, `\(\) is not an expression; the empty list is '\(\)`},
		{`x`, 1, `undefined: x`},
		{`(set! x 1)`, 1, `set!: undefined: x`},
		{`if`, 1, `if is a keyword, not a variable`},
		{`(define if 1)`, 1, `if is a keyword and cannot be defined`},
		{`(define 1 1)`, 1, `want \(define NAME X\)`},
		{`(lambda (1) 1)`, 1, `not the name of a parameter: 1`},
		{`(quote)`, 1, `want \(quote X\)`}, {`(if 1)`, 1, `want \(if`}, {`(cond 1)`, 1, `want \(cond`}, {`(begin)`, 1, `want \(begin`},
		{`(let x 1)`, 1, `want \(let LOOP`}, {`(let ((x)) 1)`, 1, `want a list of \(NAME X\)`}, {`(let* 1 1)`, 1, `want a list`},
		{`(lambda x)`, 1, `want \(lambda`}, {`(set! 1 2)`, 1, `want \(set!`}, {`(and . 1)`, 1, `want \(and`},
		{`(+ 9223372036854775807 1)`, 1, `\+: the result does not fit into 64 bits`},
		{`(- -9223372036854775808)`, 1, `-: the result does not fit`},
		{`(* 4294967296 2147483648)`, 1, `\*: the result does not fit`},
		{`(quotient -9223372036854775808 -1)`, 1, `the result does not fit`},
		{`(modulo 1 0)`, 1, `modulo: division by zero`},
		{`(+ 'a)`, 1, `\+: want a number, got a`},
		{`(< 1 'a)`, 1, `<: want a number, got a`},
		{`(iota -1)`, 1, `iota: want a number from 0`},
		{`(car (cdr (iota 100000)))`, 0, ``},
		{`(+ (iota 1000))`, 1, `want a number, got \(0 1 2 .{50,60}\.\.\.\n$`}, // cut off
		{"\n(foo", 1, `^lisp: -e:2: the input ends inside a \( that begins in line 2\n$`},
		{`(1 . 2 3)`, 1, `want one expression and a \) after the dot`},
		{`)`, 1, `-e:1: a \) too many`}, {`'`, 1, `inside a quote`}, {`"a`, 1, `inside a string`}, {`"\q"`, 1, `\\q: strings know`},
		{`1.5`, 1, `numbers are whole`}, {`#x`, 1, `numbers are whole`}, {`9223372036854775808`, 1, `does not fit into 64 bits`},
		// without end
		{`(define (f x) (+ 1 (f x))) (f 1)`, 3, `^` + tooDeep + `  in f x [0-9,]{5,}\n$`},
		{`(define (f x) (+ 1 (g x))) (define (g x) (* 2 (f x))) (define (main) (+ 1 (f 1))) (main)`, 3, `^` + tooDeep + `  in .*\((f <- g|g <- f)\) x [0-9,]{5,}.* <- main\n$`},
		{`(define (f x) (map f (list x))) (f 1)`, 3, `^` + tooDeep + `  in (f <- )?map x [0-9,]{5,}\n$`},
		{`(length (iota 1000000))`, 3, `length x [0-9,]{5,}`},
		{strings.Repeat("(", 100_000), 3, `^` + tooDeep + `$`},
		{"'" + strings.Repeat("(", 10_000), 1, `ends inside a \( that begins in line 1`},
		// cannot be caught by the program, and leaves nothing behind
		{`(define (f) (and (f) (f))) (f)`, 3, `f x [0-9,]{5,}`},
	} {
		status, _, errs := lisp("", small, "-e", c.text)
		if status != c.status || !regexp.MustCompile(c.want).MatchString(errs) {
			t.Errorf("%.100s\nstatus %d, want %d\n%.300s", c.text, status, c.status, errs)
		}
	}
}

// Every recursion in the interpreter goes deep: eval in each kind of expression,
// the reader, the printer and equal?.
func TestDeep(t *testing.T) {
	open, shut := strings.Repeat("(", depth), strings.Repeat(")", depth)
	nest := fmt.Sprintf(`(define (nest n l) (if (= n 0) l (nest (- n 1) (list l)))) (define a (nest %d 1)) (define b (nest %d 1))`, depth, depth)
	count := func(body string) string {
		return fmt.Sprintf("(define (f n) (if (= n 0) 0 %s)) (f %d)", body, depth)
	}
	for text, want := range map[string]string{
		fmt.Sprintf(`(length (iota %d))`, depth):                                   fmt.Sprint(depth),
		fmt.Sprintf(`(length (map (lambda (x) x) (append (iota %d) '())))`, depth): fmt.Sprint(depth),
		count(`(+ 1 (f (- n 1)))`):                                                 fmt.Sprint(depth),
		count(`(let ((m (f (- n 1)))) (+ m 1))`):                                   fmt.Sprint(depth),
		count(`(begin (f (- n 1)) n)`):                                             fmt.Sprint(depth),
		count(`(if (f (- n 1)) n)`):                                                fmt.Sprint(depth),
		count(`(cond ((f (- n 1)) n))`):                                            fmt.Sprint(depth),
		count(`(f (- n 1))`):                                                       "0",
		"(define x '" + open + shut + ") (equal? x '())":                           "#f",
		"'" + open + shut:                                                          open + shut,
		strings.Repeat("(+ 1 ", depth) + "0" + shut:                                fmt.Sprint(depth),
		"(begin '" + strings.Repeat("'", depth) + "x 1)":                           "1",
		nest + "(equal? a b)":                                                      "#t",
		nest + "(equal? a (car b))":                                                "#f",
		"(define (ack m n) (cond ((= m 0) (+ n 1)) ((= n 0) (ack (- m 1) 1)) (else (ack (- m 1) (ack m (- n 1)))))) (ack 2 200)": "403",
	} {
		status, out, errs := lisp("", "-e", text)
		if out != want+"\n" || status != 0 {
			t.Errorf("%.100s\nstatus %d, prints %.100q, want %.100q\n%.300s", text, status, out, want, errs)
		}
	}
}

// The interpreter needs no stack of its own: on any goroutine its guards find one.
func TestNoStack(t *testing.T) {
	in := newInterp(bufio.NewWriter(&bytes.Buffer{}))
	r := &reader{in: bufio.NewReader(strings.NewReader("(define (f n) (if (= n 0) '() (list (f (- n 1))))) (equal? (f 100000) (f 100000))")), name: in.symbol}
	for want := value(nil); ; want = true {
		x, err := r.read()
		if err != nil {
			break
		}
		if v, err := in.eval(x, nil); v != want || err != nil {
			t.Errorf("%s: %v, %v", in.show(x), v, err)
		}
	}
}

func TestTimeout(t *testing.T) {
	// Where the machine is slow it may stop before there is anything to trace.
	for _, text := range []string{
		`(define (loop) (loop)) (loop)`, // never passes the guard of eval in one frame
		`(define (loop n) (loop (+ n 1))) (loop 0)`,
		`(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 80)`,
	} {
		status, out, errs := lisp("", "-timeout", "20ms", "-e", text)
		if status != exitTimeout || out != "" || !regexp.MustCompile(`^lisp: stopped after 20ms, the -timeout\n(  in (loop|fib.*)\n)?$`).MatchString(errs) {
			t.Errorf("%s: status %d, %q, %q", text, status, out, errs)
		}
	}
}

func TestPrograms(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		want   string
	}{
		"ackermann.scm": {0, `^\(4 5 9 61\)\n253\n$`},
		"length.scm":    {0, `^100000\n$`},
		"forever.scm":   {3, `in .*\((even\? <- odd\?|odd\? <- even\?)\) x [0-9,]{5,}.*count-even x 3\n$`},
	} {
		text, err := os.ReadFile(filepath.Join("programs", name))
		if err != nil {
			t.Skip(err) // js/wasm has no files here
		}
		// The same with less to do.
		smaller := strings.NewReplacer("5000000", "100000", "(ack 3 8)", "(ack 3 5)").Replace(string(text))
		memory := "-max-memory=64MiB"
		if c.status == exitOverflow {
			memory = small
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(smaller), 0o666); err != nil {
			t.Fatal(err)
		}
		status, out, errs := lisp("", memory, file)
		if status != c.status || !regexp.MustCompile(c.want).MatchString(out+errs) {
			t.Errorf("%s: status %d, %q, %q", name, status, out, errs)
		}
	}
}

func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.scm")
	if err := os.WriteFile(file, []byte("(define (twice x) (* 2 x))\n(display \"loaded \")"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args           []string
		stdin          string
		status         int
		stdout, stderr string // patterns
	}{
		{[]string{"-h"}, "", 0, `usage:`, `^$`},
		{[]string{file}, "", 0, `^loaded $`, `^$`},
		{[]string{"-e", "(twice 4)", file}, "", 0, `^loaded 8\n$`, `^$`},
		{[]string{"-max-memory", "0", "-e", "1"}, "", 0, `^1\n$`, `^$`},
		{nil, "1 2\n(car 3) 4", 1, `^1\n2\n$`, `car: want a pair`},
		{[]string{"no-such-file"}, "", 1, `^$`, `^lisp: open no-such-file: `},
		{[]string{"-max-memory", "1k"}, "", 2, `^$`, `want at least 256 KiB`},
		{[]string{"-max-memory", "x"}, "", 2, `^$`, `want a whole number of bytes`},
		{[]string{"-timeout", "-1s"}, "", 2, `^$`, `want a positive time; lisp -h explains\n$`},
		{[]string{"a", "b"}, "", 2, `^$`, `one FILE at most`},
		{[]string{"-x"}, "", 2, `^$`, `not defined: -x; lisp -h explains`},
	} {
		status, out, errs := lisp(c.stdin, c.args...)
		if status != c.status || !regexp.MustCompile(c.stdout).MatchString(out) || !regexp.MustCompile(c.stderr).MatchString(errs) {
			t.Errorf("lisp %q: status %d, want %d\n%q\n%q", c.args, status, c.status, out, errs)
		}
	}
}

// On a terminal there is a prompt, and errors do not end it.
func TestTerminal(t *testing.T) {
	stack := vstack.New(vstack.WithMaxMemory(8 << 20))
	defer stack.Close()
	var out, errs bytes.Buffer
	s := &session{stack: stack, out: bufio.NewWriter(&out), errs: &errs}
	s.in = newInterp(s.out)
	input := strings.NewReader("(define (f n)\n(+ 1 (f n)))\n(f 1) 8\n(car 1)\n) 9\n\n  (display \"x\ny\")\n1 2\n")
	status := s.run(context.Background(), source{name: "<stdin>", text: lineByLine{bufio.NewReader(input)}, print: true, terminal: true})
	s.out.Flush()
	if want := "> ... > > > > > ... x\ny> 1\n2\n> \n"; status != 0 || out.String() != want {
		t.Errorf("status %d, prints %q, want %q", status, &out, want)
	}
	if !regexp.MustCompile(`^lisp: recursion too deep.*\n  in f x [0-9,]+\nlisp: car: .*\nlisp: <stdin>:5: a \) too many\n$`).MatchString(errs.String()) {
		t.Errorf("%q", &errs)
	}
}

// A lineByLine gives a line with each Read, as a terminal does.
type lineByLine struct{ in *bufio.Reader }

func (l lineByLine) Read(buf []byte) (int, error) {
	line, err := l.in.ReadString('\n')
	return copy(buf, line), err
}

// Ctrl-C ends the program that is running.
func TestInterrupt(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-e", `(begin (display "running") (newline)) (define (loop) (loop)) 0 (loop)`)
	cmd.Env = append(os.Environ(), "LISP_TEST_MAIN=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Skip(err) // no processes here
	}
	// Until the last value before the loop. The interrupt may come in between, when
	// it ends the program as it does any other.
	out := bufio.NewScanner(pipe)
	for out.Scan() && out.Text() != "0" {
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Skip(err) // Windows
	}
	cmd.Wait()
	if status := cmd.ProcessState.ExitCode(); status != exitInterrupt && status != -1 {
		t.Errorf("exit status %d, %s", status, &errs)
	}
}

func TestTrace(t *testing.T) {
	for calls, want := range map[string]string{ // the outermost first
		"a":                             "a",
		"a b":                           "b <- a",
		"a a a":                         "a x 3",
		"a b b c":                       "c <- b x 2 <- a",
		"m a b a b a b":                 "(b <- a) x 3 <- m",
		"a b c a b c a b":               "(b <- a <- c) x 2 <- b <- a",
		"f a b a b f a b f":             "(f <- b <- a) x 2 <- b <- a <- f",
		"a b c d e f g h i j k l m n o": "o <- n <- m <- l <- k <- j <- i <- h <- g <- f <- e <- d <- ... 2 more ... <- a",
	} {
		var running []*lambda
		for _, name := range strings.Fields(calls) {
			running = append(running, &lambda{name: name})
		}
		if got := trace(running); got != want {
			t.Errorf("%s: %s, want %s", calls, got, want)
		}
	}
}

func TestMultiply(t *testing.T) {
	numbers := []int64{0, 1, -1, 2, 3, -3, 1 << 31, 1<<32 - 1, -1 << 32, 3037000500, math.MaxInt64, math.MinInt64, math.MaxInt64 / 2, math.MinInt64 / 2}
	for _, a := range numbers {
		for _, b := range numbers {
			c, ok := multiply(a, b)
			fits := a == 0 || b == 0 || a*b/b == a && !(a == math.MinInt64 && b == -1 || b == math.MinInt64 && a == -1)
			if ok != fits || ok && c != a*b {
				t.Errorf("%d * %d: %d, %v", a, b, c, ok)
			}
		}
	}
}

func BenchmarkAckermann(b *testing.B) {
	for b.Loop() {
		if status, _, errs := lisp("", "-e", "(define (ack m n) (cond ((= m 0) (+ n 1)) ((= n 0) (ack (- m 1) 1)) (else (ack (- m 1) (ack m (- n 1)))))) (ack 3 5)"); status != 0 {
			b.Fatal(errs)
		}
	}
}
