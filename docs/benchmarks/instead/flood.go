package instead

import "github.com/vstack-go/vstack/vstack"

// Flood fill from a corner, over a square in which one cell of ten is a wall.

var flood = Work{
	Name: "flood", What: "flood fill, 4,000 x 4,000", Unit: "cell",
	N: 4000, Less: 400,
	Make: func(n int) Input {
		r := random(88172645463325252)
		walls := make([]byte, n*n)
		for i := range walls {
			if i > 0 && r.next(10) == 0 {
				walls[i] = wall
			}
		}
		work := make([]byte, n*n)
		run := func(fill func(g grid)) (int, error) {
			copy(work, walls)
			fill(grid{n, work})
			sum := 0
			for i, c := range work {
				if c == filled {
					sum += i
				}
			}
			return sum, nil
		}
		plain := func(*vstack.Stack) (int, error) { return run(func(g grid) { (&gridPlain{g}).fill(0, 0) }) }
		return Input{Count: n * n, Forms: map[string]Form{
			"plain": plain, "setmaxstack": plain,
			"counter": func(*vstack.Stack) (int, error) {
				tooDeep := false
				sum, err := run(func(g grid) {
					c := &gridCounter{g, false}
					c.fill(0, 0, 0)
					tooDeep = c.tooDeep
				})
				if tooDeep {
					err = ErrTooDeep
				}
				return sum, err
			},
			"handle":    func(s *vstack.Stack) (int, error) { return run(func(g grid) { (&gridHandle{g, s}).fill(0, 0) }) },
			"free":      func(*vstack.Stack) (int, error) { return run(func(g grid) { (&gridFree{g}).fill(0, 0) }) },
			"explicit":  func(*vstack.Stack) (int, error) { return run(fillExplicit) },
			"goroutine": func(*vstack.Stack) (int, error) { return run(func(g grid) { (&gridGoroutine{g}).fill(0, 0) }) },
		}}
	},
	Source: map[string][]string{
		"plain": {"gridPlain"}, "counter": {"gridCounter"}, "handle": {"gridHandle"}, "free": {"gridFree"},
		"explicit": {"fillExplicit"}, "goroutine": {"gridGoroutine"},
	},
}

const (
	open = iota
	wall
	filled
)

type grid struct {
	size  int
	cells []byte
}

type gridPlain struct {
	grid
}

func (g *gridPlain) fill(x, y int) {
	if x < 0 || y < 0 || x >= g.size || y >= g.size || g.cells[y*g.size+x] != open {
		return
	}
	g.cells[y*g.size+x] = filled
	g.fill(x+1, y)
	g.fill(x-1, y)
	g.fill(x, y+1)
	g.fill(x, y-1)
}

type gridCounter struct {
	grid
	tooDeep bool
}

func (g *gridCounter) fill(x, y, depth int) {
	if depth > limit || g.tooDeep {
		g.tooDeep = true
		return
	}
	if x < 0 || y < 0 || x >= g.size || y >= g.size || g.cells[y*g.size+x] != open {
		return
	}
	g.cells[y*g.size+x] = filled
	g.fill(x+1, y, depth+1)
	g.fill(x-1, y, depth+1)
	g.fill(x, y+1, depth+1)
	g.fill(x, y-1, depth+1)
}

type gridHandle struct {
	grid
	stack *vstack.Stack
}

func (g *gridHandle) fill(x, y int) {
	if g.stack.Low() {
		g.stack.Do(func() { g.fill(x, y) })
		return
	}
	if x < 0 || y < 0 || x >= g.size || y >= g.size || g.cells[y*g.size+x] != open {
		return
	}
	g.cells[y*g.size+x] = filled
	g.fill(x+1, y)
	g.fill(x-1, y)
	g.fill(x, y+1)
	g.fill(x, y-1)
}

type gridFree struct {
	grid
}

func (g *gridFree) fill(x, y int) {
	if vstack.Low() {
		vstack.Do(func() { g.fill(x, y) })
		return
	}
	if x < 0 || y < 0 || x >= g.size || y >= g.size || g.cells[y*g.size+x] != open {
		return
	}
	g.cells[y*g.size+x] = filled
	g.fill(x+1, y)
	g.fill(x-1, y)
	g.fill(x, y+1)
	g.fill(x, y-1)
}

type gridGoroutine struct {
	grid
}

func (g *gridGoroutine) fill(x, y int) {
	if x < 0 || y < 0 || x >= g.size || y >= g.size || g.cells[y*g.size+x] != open {
		return
	}
	g.cells[y*g.size+x] = filled
	spawn(func() struct{} { g.fill(x+1, y); return struct{}{} })
	spawn(func() struct{} { g.fill(x-1, y); return struct{}{} })
	spawn(func() struct{} { g.fill(x, y+1); return struct{}{} })
	spawn(func() struct{} { g.fill(x, y-1); return struct{}{} })
}

func fillExplicit(g grid) {
	type cell struct{ x, y int32 }
	size := int32(g.size)
	frames := []cell{{0, 0}}
	for len(frames) > 0 {
		c := frames[len(frames)-1]
		frames = frames[:len(frames)-1]
		if c.x < 0 || c.y < 0 || c.x >= size || c.y >= size || g.cells[int(c.y)*g.size+int(c.x)] != open {
			continue
		}
		g.cells[int(c.y)*g.size+int(c.x)] = filled
		frames = append(frames, cell{c.x, c.y - 1}, cell{c.x, c.y + 1}, cell{c.x - 1, c.y}, cell{c.x + 1, c.y})
	}
}
