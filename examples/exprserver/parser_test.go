package main

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// evalString evaluates text on the goroutine's own stack or that which its guards find.
func evalString(text string) (any, error) {
	n, err := parse(strings.NewReader(text), nil)
	if err != nil {
		return nil, err
	}
	v, err := n.eval()
	if err != nil {
		return nil, err
	}
	return v.JSON(), nil
}

func TestEval(t *testing.T) {
	for _, test := range []struct {
		text string
		want any // a string is a part of the error
	}{
		{"1", 1.0},
		{" 1 + 2 * 3 ", 7.0},
		{"(1 + 2) * 3", 9.0},
		{"10 - 4 - 3", 3.0},
		{"100 / 10 / 5", 2.0},
		{"17 % 5 * 2", 4.0},
		{"-2 - -3", 1.0},
		{"--+-2", -2.0},
		{"-(2 + 3) * 2", -10.0},
		{"1.5e3", 1500.0},
		{"2*3 >= 6", true},
		{"1 + 1 == 2 && !(4 < 3)", true},
		{"1 < 2 == 2 < 1", "cannot be compared"},
		{"(1 < 2) == (2 < 1)", false},
		{"true != false", true},
		{"false && 1 / 0 > 1 || true", true},
		{"true || 1 / 0 > 1", true},
		{"1 <= 1 && 1 > 1 || 2 >= 3", false},
		{"!!true", true},
		{"(((((7)))))", 7.0},
		{"1e308 * 10", "+Inf"},

		{"", "byte 0: expected an operand, found the end"},
		{"(", "byte 1: expected an operand, found the end"},
		{"(1", "byte 2: expected ) before the end"},
		{"1)", "byte 1: expected an operator or the end, found ')'"},
		{"(1]", "byte 2: expected an operator or ), found ']'"},
		{"1 +", "byte 3: expected an operand"},
		{"1 = 2", "byte 2: expected an operator or the end, found '='"},
		{"*", "byte 0: expected an operand, found '*'"},
		{"- x", `byte 2: "x" is not a number`},
		{"inf", "not a number"},
		{"1e", "not a number"},
		{strings.Repeat("1", 41), "too long"},
		{"1 / 0", "division by zero"},
		{"1 % 0", "division by zero"},
		{"1 && true", "needs truth values"},
		{"true && 1", "needs truth values"},
		{"!1", "needs truth values"},
		{"-true", "needs numbers"},
		{"true + 1", "needs numbers"},
		{"1 == true", "cannot be compared"},
	} {
		got, err := evalString(test.text)
		if err != nil {
			want, _ := test.want.(string)
			if want == "" || !strings.Contains(err.Error(), want) {
				t.Errorf("%.50q: error %v, want %v", test.text, err, test.want)
			}
		} else if got != test.want {
			t.Errorf("%.50q = %v, want %v", test.text, got, test.want)
		}
	}
}

// Every way to nest is guarded, in the parser and in the evaluator.
func TestDeep(t *testing.T) {
	const n = 1_000_000
	for name, text := range map[string]string{
		"parentheses": strings.Repeat("(", n) + "1" + strings.Repeat(")", n),
		"unary":       strings.Repeat("-", n) + "1",
		"operators":   strings.Repeat("1+", n) + "1",
		"mixed":       strings.Repeat("1+(-(2*", n/10) + "1" + strings.Repeat("))", n/10),
	} {
		_, err := vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (value, error) {
			tree, err := parse(strings.NewReader(text), nil)
			if err != nil {
				return value{}, err
			}
			return tree.eval()
		}, vstack.WithMaxMemory(2<<30))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err = vstack.Run(context.Background(), func(context.Context, *vstack.Stack) (*node, error) {
			return parse(strings.NewReader(text), nil)
		}, vstack.WithMaxMemory(4<<20))
		if flat := name == "operators"; errors.Is(err, vstack.ErrOverflow) == flat {
			t.Errorf("%s with little memory: %v", name, err)
		}
	}
}

// A failure to read comes out as it is, wherever it happens.
func TestReadError(t *testing.T) {
	const text = "  (1 + -22) * true == 3 "
	for i := range len(text) {
		in := io.MultiReader(strings.NewReader(text[:i]), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := parse(in, nil); err != io.ErrClosedPipe {
			t.Errorf("after %q: %v", text[:i], err)
		}
	}
	if _, err := parse(iotest.OneByteReader(strings.NewReader(text)), nil); err != nil {
		t.Error(err)
	}
}

// On a stack of its own and without one an expression has the same value.
func FuzzEval(f *testing.F) {
	for _, text := range []string{"1+2*(3-4)", "!(1<2)||true&&false", "--1e3%7", "((", "1==true"} {
		f.Add(text)
	}
	stack := vstack.New()
	f.Cleanup(stack.Close)
	f.Fuzz(func(t *testing.T, text string) {
		want, wantErr := evalString(text)
		var got any
		err := stack.Run(context.Background(), func(context.Context) (err error) {
			got, err = evalString(text)
			return err
		})
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() || err == nil && got != want && got == got {
			t.Errorf("got %v, %v; want %v, %v", got, err, want, wantErr)
		}
	})
}
