package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	vstackprometheus "github.com/vstack-go/vstack/vstack/prometheus"
)

// metrics are what GET /metrics shows of a server.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics() *metrics {
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
	m.registry.MustRegister(m.requests, m.seconds, vstackprometheus.NewCollector(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
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
