package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/vstack-go/vstack/vstack"
)

// recordError notes err at the span. docs/observability.md refers to it.
func recordError(span trace.Span, err error) {
	var overflow *vstack.OverflowError
	if !errors.As(err, &overflow) {
		span.RecordError(err)
		return
	}
	levels, bytes := overflow.Levels()
	span.RecordError(err, trace.WithAttributes(
		attribute.Int64("vstack.levels", levels), attribute.Int64("vstack.level_bytes", bytes),
		attribute.Int64("vstack.limit", overflow.Limit), attribute.Bool("vstack.by_load", overflow.ByLoad())))
}

// An overflow as an event of an OpenTelemetry span.
func Example_openTelemetry() {
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("exprserver")

	ctx, span := tracer.Start(context.Background(), "eval")
	_, err := vstack.Run(ctx, func(context.Context, *vstack.Stack) (*node, error) {
		return parse(strings.NewReader(strings.Repeat("(", 1_000_000)), nil)
	}, vstack.WithMaxMemory(4<<20))
	recordError(span, err)
	span.End()

	for _, a := range spans.Ended()[0].Events()[0].Attributes {
		switch a.Key {
		case "vstack.limit", "vstack.by_load":
			fmt.Println(a.Key, a.Value.Emit())
		case "vstack.levels", "vstack.level_bytes":
			fmt.Println(a.Key, a.Value.AsInt64() > 10)
		}
	}
	// Output:
	// vstack.levels true
	// vstack.level_bytes true
	// vstack.limit 4194304
	// vstack.by_load false
}
