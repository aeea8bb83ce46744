package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vstack-go/vstack/vstack"
)

// metrics are what GET /metrics shows of a server.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(s *server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "exprserver_requests_total",
			Help: "Requests to /eval by status; 499: the client went away.",
		}, []string{"code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "exprserver_request_duration_seconds",
			Help:    "Time from the header of a request to /eval to its answer, by status.",
			Buckets: prometheus.ExponentialBuckets(50e-6, 2, 17), // to 3.3 s
		}, []string{"code"}),
	}
	m.registry.MustRegister(m.requests, m.seconds,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	gauge := func(name, help string, fn func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, fn))
	}
	counter := func(name, help string, fn func(vstack.PoolStats) int64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(fn(s.pool.Stats())) }))
	}
	gauge("vstack_budget_bytes", "Size of the memory budget of all stacks.",
		func() float64 { return float64(s.memory.Size()) })
	gauge("vstack_budget_used_bytes", "Bytes of the budget that stacks hold, running or idle.",
		func() float64 { return float64(s.memory.InUse()) })
	gauge("vstack_pool_running_stacks", "Stacks that run.",
		func() float64 { return float64(s.pool.Stats().Running) })
	gauge("vstack_pool_idle_stacks", "Stacks that are idle.",
		func() float64 { return float64(s.pool.Stats().Idle) })
	gauge("vstack_pool_idle_bytes", "Bytes of stack that idle stacks hold.",
		func() float64 { return float64(s.pool.Stats().IdleBytes) })
	counter("vstack_pool_runs_total", "Runs.",
		func(stats vstack.PoolStats) int64 { return stats.Runs })
	counter("vstack_pool_started_stacks_total", "Runs that had to make a stack.",
		func(stats vstack.PoolStats) int64 { return stats.Started })
	return m
}

// observe counts a request.
func (m *metrics) observe(code int, took time.Duration) {
	label := strconv.Itoa(code)
	m.requests.WithLabelValues(label).Inc()
	m.seconds.WithLabelValues(label).Observe(took.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
