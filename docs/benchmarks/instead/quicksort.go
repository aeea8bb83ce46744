package instead

import "github.com/vstack-go/vstack/vstack"

// Quicksort in its worst case: the first element is the pivot, and the numbers are sorted.

var quicksort = Work{
	Name: "quicksort", What: "quicksort of 30,000 sorted numbers", Unit: "comparison",
	N: 30_000, Less: 30_000,
	Make: func(n int) Input {
		v := make([]int, n)
		run := func(sort func(v []int)) (int, error) {
			for i := range v {
				v[i] = i
			}
			sort(v)
			sum := 0
			for _, x := range v {
				sum = mix(sum, x)
			}
			return sum, nil
		}
		plain := func(*vstack.Stack) (int, error) { return run(sort) }
		return Input{Count: n * (n - 1) / 2, Depth: n, Forms: map[string]Form{
			"plain": plain, "setmaxstack": plain,
			"counter": func(*vstack.Stack) (_ int, err error) {
				sum, _ := run(func(v []int) { err = sortCounter(v, 0) })
				return sum, err
			},
			"handle":    func(s *vstack.Stack) (int, error) { return run(func(v []int) { sortHandle(s, v) }) },
			"free":      func(*vstack.Stack) (int, error) { return run(sortFree) },
			"explicit":  func(*vstack.Stack) (int, error) { return run(sortExplicit) },
			"goroutine": func(*vstack.Stack) (int, error) { return run(sortGoroutine) },
		}}
	},
	Source: map[string][]string{
		"plain": {"sort"}, "counter": {"sortCounter"}, "handle": {"sortHandle"}, "free": {"sortFree"},
		"explicit": {"sortExplicit"}, "goroutine": {"sortGoroutine"},
	},
}

// partition puts what is less than v[0] before it and returns where that is then.
func partition(v []int) int {
	p := 0
	for i := 1; i < len(v); i++ {
		if v[i] < v[0] {
			p++
			v[p], v[i] = v[i], v[p]
		}
	}
	v[0], v[p] = v[p], v[0]
	return p
}

func sort(v []int) {
	if len(v) < 2 {
		return
	}
	p := partition(v)
	sort(v[:p])
	sort(v[p+1:])
}

func sortCounter(v []int, depth int) error {
	if depth > limit {
		return ErrTooDeep
	}
	if len(v) < 2 {
		return nil
	}
	p := partition(v)
	if err := sortCounter(v[:p], depth+1); err != nil {
		return err
	}
	return sortCounter(v[p+1:], depth+1)
}

func sortHandle(s *vstack.Stack, v []int) {
	if s.Low() {
		s.Do(func() { sortHandle(s, v) })
		return
	}
	if len(v) < 2 {
		return
	}
	p := partition(v)
	sortHandle(s, v[:p])
	sortHandle(s, v[p+1:])
}

func sortFree(v []int) {
	if vstack.Low() {
		vstack.Do(func() { sortFree(v) })
		return
	}
	if len(v) < 2 {
		return
	}
	p := partition(v)
	sortFree(v[:p])
	sortFree(v[p+1:])
}

func sortExplicit(v []int) {
	frames := [][]int{v}
	for len(frames) > 0 {
		v := frames[len(frames)-1]
		frames = frames[:len(frames)-1]
		if len(v) < 2 {
			continue
		}
		p := partition(v)
		frames = append(frames, v[p+1:], v[:p])
	}
}

func sortGoroutine(v []int) {
	if len(v) < 2 {
		return
	}
	p := partition(v)
	spawn(func() struct{} { sortGoroutine(v[:p]); return struct{}{} })
	spawn(func() struct{} { sortGoroutine(v[p+1:]); return struct{}{} })
}
