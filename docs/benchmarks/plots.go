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
	green  = color.RGBA{R: 0x2c, G: 0xa0, B: 0x2c, A: 0xff}
)

// A figure is one plot: curves over the same places on the x axis.
type figure struct {
	file, title, x, y string
	low, high         float64
	at                []int
	count             bool // the x axis counts something: processors, goroutines
	curves            []curve
	crash             bool // mark where plain recursion ends
}

// A curve is what one way takes at each place.
type curve struct {
	title  string
	color  color.Color
	dashed bool
	value  func(n int) (float64, bool)
}

// plot draws the plots.
func (r *results) plot(out string) error {
	linear := func(title, way string, c color.Color, dashed bool) curve {
		return curve{title, c, dashed, func(n int) (float64, bool) {
			if n == deepest { // measured in a process that did nothing else
				return r.value("once "+levels(n), way+"-once", "first")
			}
			return r.value("linear "+levels(n), way, "cpu")
		}}
	}
	memory := func(title, way string, c color.Color) curve {
		return curve{title, c, false, func(n int) (float64, bool) {
			v, ok := r.value("once "+levels(n), way, "peak")
			return v / mib, ok
		}}
	}
	many := func(title, way string, c color.Color) curve {
		return curve{title, c, false, func(n int) (float64, bool) {
			v, ok := r.value(fmt.Sprintf("many %d", n), way, "peak")
			return v / mib, ok
		}}
	}
	cores := func(title, way, metric string, c color.Color) curve {
		return curve{title, c, metric == "cpu", func(n int) (float64, bool) {
			return r.value("cores", fmt.Sprintf("%s, %d", way, n), metric)
		}}
	}
	at := depths(r.Quick)
	if !r.Quick {
		at = append(at, deepest)
	}
	const depth = "depth of the recursion, levels"
	for _, f := range []figure{
		{file: "time.svg", title: "Linear recursion: CPU time per level", x: depth, y: "ns per level", low: 0.3, high: 1000, at: at, crash: true, curves: []curve{
			linear("plain, fresh goroutine", "plain fresh", orange, false),
			linear("vstack, handle-free, fresh goroutine", "free fresh", green, false),
			linear("vstack, handle, new stack", "handle new", sky, false),
			linear("vstack, handle, warm stack", "handle warm", blue, false),
			linear("plain, stack already grown", "plain grown", gray, true),
		}},
		{file: "memory.svg", title: "Linear recursion: peak memory of the process", x: depth, y: "MiB", low: 3, high: 100_000, at: at, crash: true, curves: []curve{
			memory("plain, fresh goroutine", "plain fresh-once", orange),
			memory("vstack, handle-free", "free fresh-once", green),
			memory("vstack, handle", "handle new-once", blue),
		}},
		{file: "stacks.svg", title: "Goroutines at once, each 25,600 levels deep: peak memory", x: "goroutines", y: "MiB", low: 3, high: 100_000, count: true,
			at: []int{1, 10, 100, 1000, 10_000, 100_000}, curves: []curve{
				many("plain", "plain fresh", orange), many("vstack, handle-free", "free fresh", green), many("vstack, handle", "handle new", blue),
			}},
		{file: "cores.svg", title: "16 recursions of a million levels: time per level", x: "GOMAXPROCS, on 2 cores", y: "ns per level", low: 3, high: 200, count: true,
			at: []int{1, 2, 4}, curves: []curve{
				cores("plain, wall", "plain fresh", "wall", orange), cores("vstack, handle-free, wall", "free fresh", "wall", green), cores("vstack, handle, wall", "handle new", "wall", blue),
				cores("plain, CPU", "plain fresh", "cpu", orange), cores("vstack, handle-free, CPU", "free fresh", "cpu", green), cores("vstack, handle, CPU", "handle new", "cpu", blue),
			}},
	} {
		if err := f.draw(filepath.Join(out, f.file)); err != nil {
			return err
		}
	}
	return nil
}

// draw writes the figure; one that nothing was measured for is left as it is.
func (f figure) draw(file string) error {
	plot.DefaultFont.Variant = "Sans"
	p := plot.New()
	p.Title.Text = f.title
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Title.Padding = vg.Points(8)
	p.X.Label.Text, p.Y.Label.Text = f.x, f.y
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{levels: !f.count}, powers{}
	p.BackgroundColor = color.White
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(3)
	p.Legend.XOffs, p.Legend.YOffs = vg.Points(8), vg.Points(-4)
	drawn := false
	for _, c := range f.curves {
		var points plotter.XYs
		for _, n := range f.at {
			if v, ok := c.value(n); ok && v > 0 {
				points = append(points, plotter.XY{X: float64(n), Y: v})
			}
		}
		if len(points) == 0 {
			continue
		}
		drawn = true
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
	if !drawn {
		return nil
	}
	p.X.Min, p.X.Max = float64(f.at[0])*0.8, float64(f.at[len(f.at)-1])*1.25
	p.Y.Min, p.Y.Max = f.low, f.high
	if f.crash && p.X.Max > defaultLimit {
		limit, err := plotter.NewLine(plotter.XYs{{X: defaultLimit, Y: f.low}, {X: defaultLimit, Y: f.high}})
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
