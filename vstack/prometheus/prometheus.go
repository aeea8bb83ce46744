// Package prometheus is a collector for the official client of Prometheus: what the
// stacks, pools and budgets of the program hold, how often recursions overflowed or were
// canceled. It is a module of its own, for the library depends on next to nothing.
//
//	prometheus.MustRegister(vstackprometheus.NewCollector())
//
// Pools are told apart by the name that vstack.WithName gave them; those of the same
// name, and those of none, are added up. Budgets have the name of the pools that draw
// from them, several in the order of the alphabet with commas between, or that of their lane
// of package serve; those of neither are added up without a name. Lanes of the same name are
// added up too.
package prometheus

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vstack-go/vstack/vstack"
	"github.com/vstack-go/vstack/vstack/internal/lanes"
)

// A Collector collects from the whole program. There need be only one; it keeps nothing
// alive and does nothing between two scrapes. A scrape costs some microseconds for a
// thousand stacks.
type Collector struct{}

// NewCollector returns a collector to register.
func NewCollector() *Collector { return new(Collector) }

var _ prometheus.Collector = (*Collector)(nil)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vstack_"+name, help, labels, nil)
}

var (
	stacks   = desc("stacks", "Live virtual stacks, idle or running.")
	running  = desc("running_stacks", "Stacks with a recursion under way.")
	segments = desc("segments", "Segments in use: how deep all stacks are together.")
	bytes    = desc("segment_bytes", "Bytes that the segments in use are charged with.")
	made     = desc("made_stacks_total", "Stacks that were made.")

	overflows = desc("overflows_total", "Recursions that overflowed, by whether they reached the limit of their stack or a budget that they share was used up.", "cause")
	canceled  = desc("canceled_total", "Recursions that were unwound since their context was done.")

	defaultLimit = desc("default_limit_bytes", "The default limit, which stacks without a limit share; 0: none.")
	defaultUsed  = desc("default_used_bytes", "Bytes of the default limit that are drawn.")

	poolRuns      = desc("pool_runs_total", "Runs, by pool; that of guards without a handle is called ambient.", "pool")
	poolStarted   = desc("pool_started_stacks_total", "Runs that had to make a stack.", "pool")
	poolRunning   = desc("pool_running_stacks", "Stacks that run.", "pool")
	poolIdle      = desc("pool_idle_stacks", "Stacks that are idle.", "pool")
	poolIdleBytes = desc("pool_idle_bytes", "Bytes of stack that idle stacks hold.", "pool")

	budgetSize = desc("budget_bytes", "Size of a budget.", "budget")
	budgetUsed = desc("budget_used_bytes", "Bytes of the budget that stacks hold, running or idle.", "budget")

	laneSlots   = desc("lane_slots", "Requests that may run at a time in a lane of package serve.", "lane")
	laneRunning = desc("lane_running_requests", "Requests that have a slot of the lane.", "lane")
	laneWaiting = desc("lane_waiting_requests", "Requests that wait for a slot of the lane.", "lane")
	laneRefused = desc("lane_refused_requests_total", "Requests that the lane had no time or memory for: those that got 503.", "lane")
)

// Describe is for the registry.
func (*Collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		stacks, running, segments, bytes, made, overflows, canceled, defaultLimit, defaultUsed,
		poolRuns, poolStarted, poolRunning, poolIdle, poolIdleBytes, budgetSize, budgetUsed,
		laneSlots, laneRunning, laneWaiting, laneRefused,
	} {
		to <- d
	}
}

// ambient is the name of the pool of ambient stacks.
const ambient = "ambient"

// Collect is for the registry.
func (*Collector) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	t := vstack.ReadTotals()
	gauge(stacks, int64(t.Stacks))
	gauge(running, int64(t.Running))
	gauge(segments, int64(t.Segments))
	gauge(bytes, t.Bytes)
	counter(made, t.Made)
	counter(overflows, t.Overflows, "limit")
	counter(overflows, t.BudgetOverflows, "budget")
	counter(canceled, t.Canceled)
	gauge(defaultLimit, t.DefaultLimit)
	gauge(defaultUsed, t.DefaultUsed)

	byName := map[string]vstack.PoolStats{ambient: t.Ambient}
	names := map[*vstack.Budget][]string{}
	for _, p := range vstack.Pools() {
		byName[p.Name()] = add(byName[p.Name()], p.Stats())
		if b := p.Budget(); b != nil && !slices.Contains(names[b], p.Name()) {
			names[b] = append(names[b], p.Name())
		}
	}
	for name, stats := range byName {
		counter(poolRuns, stats.Runs, name)
		counter(poolStarted, stats.Started, name)
		gauge(poolRunning, int64(stats.Running), name)
		gauge(poolIdle, int64(stats.Idle), name)
		gauge(poolIdleBytes, stats.IdleBytes, name)
	}
	type counts struct{ slots, running, waiting, refused int64 }
	sums := map[string]counts{}
	for _, l := range lanes.Live() {
		if names[l.Budget] == nil {
			names[l.Budget] = []string{l.Name}
		}
		sum := sums[l.Name]
		sums[l.Name] = counts{sum.slots + int64(l.Slots), sum.running + l.Taken.Load(), sum.waiting + l.Waiting.Load(), sum.refused + l.Refused.Load()}
	}
	for name, sum := range sums {
		gauge(laneSlots, sum.slots, name)
		gauge(laneRunning, sum.running, name)
		gauge(laneWaiting, sum.waiting, name)
		counter(laneRefused, sum.refused, name)
	}
	type budget struct{ size, used int64 }
	budgets := map[string]budget{}
	for _, b := range vstack.Budgets() {
		slices.Sort(names[b])
		name := strings.Join(names[b], ",")
		sum := budgets[name]
		budgets[name] = budget{sum.size + b.Size(), sum.used + b.InUse()}
	}
	for name, b := range budgets {
		gauge(budgetSize, b.size, name)
		gauge(budgetUsed, b.used, name)
	}
}

func add(a, b vstack.PoolStats) vstack.PoolStats {
	return vstack.PoolStats{
		Runs:      a.Runs + b.Runs,
		Started:   a.Started + b.Started,
		Reused:    a.Reused + b.Reused,
		Running:   a.Running + b.Running,
		Idle:      a.Idle + b.Idle,
		IdleBytes: a.IdleBytes + b.IdleBytes,
	}
}
