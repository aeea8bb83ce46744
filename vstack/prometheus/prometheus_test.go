package prometheus_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/vstack-go/vstack/vstack"
	vstackprometheus "github.com/vstack-go/vstack/vstack/prometheus"
	"github.com/vstack-go/vstack/vstack/serve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func climb(n int) int {
	if vstack.Low() {
		return vstack.Grow(func() int { return climb(n) })
	}
	return climb(n+1) + 1
}

func scrape(t *testing.T, r *prometheus.Registry) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 {
		t.Fatal(w.Body)
	}
	values := map[string]string{}
	for line := range strings.Lines(w.Body.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name != "#" {
			values[name] = value
		}
	}
	return values
}

func TestCollector(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(vstackprometheus.NewCollector())
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	before := scrape(t, registry)

	budget := vstack.NewBudget(8 << 20)
	eval := vstack.NewPool(vstack.WithName("eval"), vstack.WithBudget(budget), vstack.WithMaxMemory(1<<20))
	defer eval.Close()
	parse := vstack.NewPool(vstack.WithName("parse"), vstack.WithBudget(budget))
	defer parse.Close()
	nameless := vstack.NewPool()
	defer nameless.Close()
	run := func(p *vstack.Pool) error {
		return p.Run(context.Background(), func(context.Context, *vstack.Stack) error { climb(0); return nil })
	}
	if err := run(eval); !errors.Is(err, vstack.ErrOverflow) {
		t.Fatal(err)
	}
	if err := run(parse); !errors.Is(err, vstack.ErrOverflow) {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_ = eval.Run(ctx, func(context.Context, *vstack.Stack) error {
		cancel()
		for !vstack.Low() { // until the stack has been told
		}
		climb(0)
		return nil
	})

	var during map[string]string
	_ = eval.Run(context.Background(), func(context.Context, *vstack.Stack) error { during = scrape(t, registry); return nil })
	for name, want := range map[string]string{
		`vstack_pool_runs_total{pool="eval"}`:           "3",
		`vstack_pool_started_stacks_total{pool="eval"}`: "2", // the overflow of parse has ended the idle one
		`vstack_pool_running_stacks{pool="eval"}`:       "1",
		`vstack_pool_running_stacks{pool="parse"}`:      "0",
		`vstack_pool_runs_total{pool=""}`:               "0",
		`vstack_pool_runs_total{pool="ambient"}`:        before[`vstack_pool_runs_total{pool="ambient"}`],
		`vstack_budget_bytes{budget="eval,parse"}`:      "8.388608e+06",
		`vstack_overflows_total{cause="limit"}`:         "1",
		`vstack_overflows_total{cause="budget"}`:        "1",
		`vstack_canceled_total`:                         "1",
		`vstack_running_stacks`:                         "1",
	} {
		if got := during[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if during[`vstack_budget_used_bytes{budget="eval,parse"}`] == "0" || during["vstack_default_limit_bytes"] == "0" || during["vstack_segments"] == "0" {
		t.Error(during)
	}
}

func ExampleNewCollector() {
	registry := prometheus.NewRegistry()
	registry.MustRegister(vstackprometheus.NewCollector())
	if _, err := registry.Gather(); err != nil {
		panic(err)
	}
	// Output:
}

// The lanes of package serve, and the budget of the large one, have names.
func TestLanes(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(vstackprometheus.NewCollector())
	gate := serve.New(serve.Config{Name: "lanes", Memory: 32 << 20, Small: 3, Large: 1})
	h := gate.Handler(func(http.ResponseWriter, *http.Request) error {
		values := scrape(t, registry)
		for name, want := range map[string]string{
			`vstack_lane_slots{lane="lanes/small"}`:                  "3",
			`vstack_lane_running_requests{lane="lanes/small"}`:       "1",
			`vstack_lane_running_requests{lane="lanes/large"}`:       "0",
			`vstack_lane_waiting_requests{lane="lanes/small"}`:       "0",
			`vstack_lane_refused_requests_total{lane="lanes/small"}`: "0",
			`vstack_budget_bytes{budget="lanes/large"}`:              "1.6777216e+07",
			`vstack_budget_bytes{budget="lanes"}`:                    "8.388608e+06",
		} {
			if values[name] != want {
				t.Errorf("%s is %q, want %q", name, values[name], want)
			}
		}
		return serve.ErrBusy
	})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
	if got := scrape(t, registry)[`vstack_lane_refused_requests_total{lane="lanes/small"}`]; got != "1" {
		t.Errorf("%q were refused", got)
	}
	gate.Close()
	for name := range scrape(t, registry) {
		if strings.Contains(name, "lane=") {
			t.Errorf("%s of a closed gate", name)
		}
	}
}
