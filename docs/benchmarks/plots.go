package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Where Go's default limit ends plain recursion: the stack would double to 1 GiB,
// which is over 1 GB, when 512 MiB are full: frames of 32 bytes for two levels
// each, since the compiler inlines the function into itself once.
const defaultLimit = 512 << 20 / 16

var (
	blue   = color.RGBA{R: 0x1f, G: 0x77, B: 0xb4, A: 0xff}
	sky    = color.RGBA{R: 0x17, G: 0xbe, B: 0xcf, A: 0xff}
	orange = color.RGBA{R: 0xd6, G: 0x5f, B: 0x0e, A: 0xff}
	gray   = color.RGBA{R: 0x80, G: 0x80, B: 0x80, A: 0xff}
)

// A curve is what one way takes at all depths.
type curve struct {
	title  string
	way    string
	color  color.Color
	dashed bool
}

// plot draws time.svg and memory.svg.
func (r *results) plot(out string) error {
	err := r.draw(filepath.Join(out, "time.svg"), "Linear recursion: time per level", "ns per level", []curve{
		{"plain, fresh goroutine", "fresh", orange, false},
		{"vstack, new stack", "new", sky, false},
		{"vstack, warm stack", "warm", blue, false},
		{"plain, stack already grown", "grown", gray, true},
	}, func(n int, way string) (float64, bool) {
		if n == deep && (way == "fresh" || way == "new") {
			way += "-once"
		}
		return r.value("linear "+levels(n), way, "ns")
	}, 0.5, 1000)
	if err != nil {
		return err
	}
	return r.draw(filepath.Join(out, "memory.svg"), "Linear recursion: peak memory of the process", "MiB", []curve{
		{"plain, fresh goroutine", "fresh-once", orange, false},
		{"vstack, new stack", "new-once", blue, false},
	}, func(n int, way string) (float64, bool) {
		v, ok := r.value(once(n), way, "peak")
		return v / (1 << 20), ok
	}, 5, 100_000)
}

func (r *results) draw(file, title, unit string, curves []curve, value func(n int, way string) (float64, bool), low, high float64) error {
	plot.DefaultFont.Variant = "Sans"
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text = "depth of the recursion, levels"
	p.Y.Label.Text = unit
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{levels: true}, powers{}
	p.BackgroundColor = color.White
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(3)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), vg.Points(-4)
	all := depths(r.Quick)
	for _, c := range curves {
		var points plotter.XYs
		for _, n := range all {
			if v, ok := value(n, c.way); ok && v > 0 {
				points = append(points, plotter.XY{X: float64(n), Y: v})
			}
		}
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		line.Color, dots.Color = c.color, c.color
		line.Width = vg.Points(2)
		dots.Shape, dots.Radius = draw.CircleGlyph{}, vg.Points(3)
		if c.dashed {
			line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
		}
		p.Add(line, dots)
		p.Legend.Add(c.title, line, dots)
	}
	p.X.Min, p.X.Max = float64(all[0])*0.8, float64(all[len(all)-1])*1.25
	p.Y.Min, p.Y.Max = low, high
	if p.X.Max > defaultLimit {
		limit, err := plotter.NewLine(plotter.XYs{{X: defaultLimit, Y: low}, {X: defaultLimit, Y: high}})
		if err != nil {
			return err
		}
		limit.Color, limit.Dashes = orange, []vg.Length{vg.Points(2), vg.Points(3)}
		p.Add(limit)
		p.Legend.Add("from here plain recursion crashes the process by default", limit)
	}
	if err := p.Save(18*vg.Centimeter, 11*vg.Centimeter, file); err != nil {
		return err
	}
	// gonum names one font, which few browsers have.
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const font = "font-family:Liberation Sans"
	return os.WriteFile(file, bytes.ReplaceAll(text, []byte(font), []byte(font+",Arial,Helvetica,sans-serif")), 0o666)
}

// powers puts ticks at powers of ten, with a line at 2 and 5 of each.
type powers struct{ levels bool }

func (t powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for _, k := range []float64{1, 2, 5} {
			v := k * math.Pow(10, e)
			if v < low || v > high {
				continue
			}
			tick := plot.Tick{Value: v}
			if k == 1 || !t.levels && high/low < 1000 {
				tick.Label = fmt.Sprintf("%g", v)
				if t.levels {
					tick.Label = levels(int(v))
				}
				if v >= 1000 && !t.levels {
					tick.Label = fmt.Sprintf("%.0f", v)
				}
			}
			ticks = append(ticks, tick)
		}
	}
	return ticks
}
