package self

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each build has one of the two halves of this package: the assembly of its
// architecture with what goes with it, or purego.go. A GOARCH that the list in the
// build constraints does not have is one of the second kind.
func TestConstraints(t *testing.T) {
	if _, err := os.Stat("self.go"); err != nil {
		t.Skip("the sources are not here: ", err)
	}
	full, every := []string{"check.go", "self.go", "shared.go"}, []string{"doc.go", "table.go"}
	// In a program of vstack build package runtime tells.
	built := []string{"self_build.go", "shared.go"}
	for _, c := range []struct {
		arch, compiler, tag string
		asm                 string // "" if there is none
	}{
		{"386", "gc", "", "self_386.s"},
		{"amd64", "gc", "", "self_amd64.s"},
		{"arm", "gc", "", "self_arm.s"},
		{"arm64", "gc", "", "self_arm64.s"},
		{"loong64", "gc", "", "self_loong64.s"},
		{"mips", "gc", "", "self_mipsx.s"},
		{"mipsle", "gc", "", "self_mipsx.s"},
		{"mips64", "gc", "", "self_mips64x.s"},
		{"mips64le", "gc", "", "self_mips64x.s"},
		{"ppc64", "gc", "", "self_ppc64x.s"},
		{"ppc64le", "gc", "", "self_ppc64x.s"},
		{"riscv64", "gc", "", "self_riscv64.s"},
		{"s390x", "gc", "", "self_s390x.s"},
		{"wasm", "gc", "", "self_wasm.s"},
		{"sparc64", "gc", "", ""},
		{"amd64", "gc", "purego", ""}, // tinygo sets it too
		{"amd64", "gccgo", "", ""},
		{"arm64", "gccgo", "", ""},
		{"wasm", "gc", "purego", ""},
		{"amd64", "gc", "vstackbuild", ""},
		{"sparc64", "gc", "vstackbuild", ""},
	} {
		context := build.Default
		context.GOARCH, context.Compiler, context.BuildTags = c.arch, c.compiler, []string{c.tag}
		var got []string
		for _, file := range sources(t) {
			if match, err := context.MatchFile(".", file); err != nil {
				t.Fatal(err)
			} else if match {
				got = append(got, file)
			}
		}
		want := slices.Clone(every)
		switch {
		case c.tag == "vstackbuild":
			want = append(want, built...)
		case c.asm != "":
			want = append(append(want, full...), c.asm, "mirror.go")
		default:
			want = append(want, "mirror.go", "purego.go")
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s, %s, tag %q: the files are\n%q, and should be\n%q", c.arch, c.compiler, c.tag, got, want)
		}
	}
}

// sources returns the names of this package's files, but for its tests.
func sources(t *testing.T) (files []string) {
	t.Helper()
	for _, pattern := range []string{"*.go", "*.s"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, names...)
	}
	return slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
}
