// Command app gets to what package dep recurses in, in all the ways that a call can hide.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"reflect"
	"runtime"
	"sort"
	"text/template"
	"time"

	"github.com/vstack-go/vstack/vstack/cmd/vstack/internal/recursion/testdata/reach/dep"
)

func main() {
	var n *dep.List
	for range os.Args {
		n = &dep.List{Next: n}
	}
	done := make(chan int)
	go dep.Start(n, done)
	t := template.Must(template.New("").Funcs(template.FuncMap{"depth": dep.InTemplate}).Parse("{{.Depth}} {{depth .N}}"))
	t.Execute(os.Stdout, dep.ByTemplate{N: n})

	dep.SetFunction()
	depth := dep.Function.Load().(func(*dep.List) int)(n)
	dep.SetWalker(n)
	v, _ := dep.Walkers.Load("n")
	w := v.(dep.Walker)
	if depth > 1 {
		w = dep.Short{}
	}
	w.Walk()

	json.Unmarshal([]byte("{}"), new(dep.FromJSON))
	json.Unmarshal([]byte("{}"), new(dep.Document))
	json.Marshal(dep.Answer{Part: dep.ToJSON{N: n}})
	runtime.SetFinalizer(new(int), dep.Finalizer(n))
	flag.Var(new(dep.Flag), "depth", "")
	var row *sql.Row
	row.Scan(new(dep.Column))
	sort.Sort(dep.Lists{n, n})
	time.AfterFunc(time.Second, dep.Later(n))
	io.ReadAll(&dep.Reader{N: n})
	dep.Bound(n)["depth"]()
	for range dep.Range(n) {
	}
	reflect.ValueOf(dep.Reflect).Call([]reflect.Value{reflect.ValueOf(n)})
	errors.Is(dep.Err{N: n}, io.EOF)
	slog.Info("depth", "of", dep.Attr{N: n})
	fmt.Fprint(dep.Writer{N: n}, "depth")
	ctx := context.WithValue(context.Background(), "n", dep.InContext{N: n})
	ctx.Value("n").(dep.Walker).Walk()
	next, stop := iter.Pull(dep.Pull(n))
	next()
	stop()
	dep.Once(n)()
}
