// Package fold makes the frames of a deep stack few: frames that repeat, as they do in a
// recursion, are kept once, with a count.
package fold

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
)

// Folding. The frames of a deep stack are folded while they are collected, top
// first, since ten million of them would not fit anywhere.
//
// In a recursion some function comes back every few frames. The first that is
// found to do so, within maxPeriod frames, becomes the pivot, and from there on
// the frames are cut into turns: the pivot and what follows, up to the next
// pivot. Equal turns are one path with a count. So a recursion that goes now this
// way and now that is one part with a few paths, however the ways alternate; the
// order of its turns is not kept. When the pivot has not come back for maxPeriod
// frames the recursion is over, and what follows the last pivot is looked at
// afresh.
const (
	maxPeriod = 64      // frames in a turn
	maxExact  = 64      // a part with this many frames or fewer is folded only if all turns are equal
	maxPaths  = 64      // of a part; further ones are only counted
	maxRaw    = 1 << 10 // frames of a loop that are kept as they are, to find its period
	maxTurn   = 128     // frames of a turn that is put together from several
	maxParts  = 256     // then those in the middle are merged into one
	keptParts = 32      // at either end, when they are merged
	maxPlain  = 256     // frames of a part that does not repeat
	endFrames = 10      // at either end, kept as they are
	seldom    = 2       // turns that are not worth folding
	noPivot   = -1      // no function
)

// A Folder folds the frames it is given, top first. Its memory is bounded.
type Folder struct {
	symbols []symbol
	ids     map[uintptr]int32
	cache   [1 << 10]struct {
		pc uintptr
		id int32
	}
	funcs map[string]int32
	seen  []int // by function: where in pending it was seen last, plus 1

	parts   []*part
	pending []item // no pivot yet
	pivot   int32
	loop    *part
	turn    []item // of the loop, not finished
	raw     []item // the first maxRaw of the loop

	frames   int64
	top      []item
	root     []item // the last endFrames, a ring
	leftOver int64  // bytes of segments without a frame of the user's
}

// A Result is what has become of the frames, the newest first.
type Result struct {
	Depth     int64 // frames
	Parts     []Part
	Top, Root []Frame // those at either end, as they are
}

// A Part is a piece of a result: frames that stand there once, or a recursion.
type Part struct {
	Paths   []Path // the ways through the part, the most frequent first
	Others  int64  // frames on further paths
	Depth   int64  // frames
	Bytes   int64  // their share of what the segments are charged with
	Skipped int    // segments that stand here and were not read
	Cut     bool   // the goroutine has more frames here than were read
	Mixed   bool   // several recursions and pieces in one
}

// A Path is one way through a recursion, or the frames of a part that does not repeat.
type Path struct {
	Count  int64
	Frames []Frame
}

// A Frame is a call.
type Frame struct {
	Function     string
	File         string
	Line         int
	Offset       uintptr
	Segment      int
	SegmentBytes int64
}

// A symbol is what is known of a pc.
type symbol struct {
	frame Frame
	fn    int32 // noPivot: not to be shown
}

// An item is a frame on its way through the folder.
type item struct {
	id      int32
	segment int32
	bytes   int64 // its share of the segment's
	charged int64 // the segment's
}

type part struct {
	paths   []*way
	byKey   map[uint64]*way
	last    *way  // of the turn before
	others  int64 // frames on paths beyond maxPaths
	depth   int64
	bytes   int64
	skipped int
	cut     bool
	mixed   bool
}

type way struct {
	count int64
	items []item
}

// New returns an empty folder.
func New() *Folder {
	return &Folder{ids: map[uintptr]int32{}, funcs: map[string]int32{}, pivot: noPivot}
}

// Segment adds the frames of one segment, as [runtime.Callers] returns them, with its
// number and the bytes that it is charged with. It keeps nothing of pcs.
func (f *Folder) Segment(pcs []uintptr, number int, charged int64) {
	n := int64(0)
	for _, pc := range pcs {
		if f.symbols[f.lookup(pc)].fn != noPivot {
			n++
		}
	}
	if n == 0 {
		f.leftOver += charged
		return
	}
	bytes := charged + f.leftOver
	f.leftOver = 0
	share, rest := bytes/n, bytes%n
	for _, pc := range pcs {
		id := f.lookup(pc)
		if f.symbols[id].fn == noPivot {
			continue
		}
		it := item{id, int32(number), share + rest, charged}
		rest = 0
		f.frames++
		if len(f.top) < endFrames {
			f.top = append(f.top, it)
		}
		if len(f.root) < endFrames {
			f.root = append(f.root, it)
		} else {
			f.root[(f.frames-1)%endFrames] = it
		}
		f.add(it)
	}
}

// Gap says that n segments come next whose frames are not known.
func (f *Folder) Gap(n int) {
	f.flush()
	f.emit(&part{skipped: n})
}

// Cut says that the goroutine has more frames than were read.
func (f *Folder) Cut() {
	f.flush()
	f.emit(&part{cut: true})
}

// lookup returns the id of the symbol for pc.
func (f *Folder) lookup(pc uintptr) int32 {
	c := &f.cache[(pc^pc>>10)%uintptr(len(f.cache))]
	if c.pc == pc {
		return c.id
	}
	id, ok := f.ids[pc]
	if !ok {
		id = int32(len(f.symbols))
		f.ids[pc] = id
		f.symbols = append(f.symbols, f.symbol(pc))
	}
	c.pc, c.id = pc, id
	return id
}

// symbol reads what the binary knows of pc. Callers gives inlined calls a pc of
// their own, so each stands for one frame.
func (f *Folder) symbol(pc uintptr) symbol {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if hidden(frame.Function) {
		return symbol{fn: noPivot}
	}
	fn, ok := f.funcs[frame.Function]
	if !ok {
		fn = int32(len(f.seen))
		f.funcs[frame.Function] = fn
		f.seen = append(f.seen, 0)
	}
	return symbol{fn: fn, frame: Frame{
		Function: frame.Function,
		File:     frame.File,
		Line:     frame.Line,
		Offset:   pc - frame.Entry,
	}}
}

// hidden reports whether a function is left out of traces: vstack's own and, as
// in Go's tracebacks, the unexported ones of package runtime. Those that vstack build
// has added to a program are vstack's own too.
func hidden(function string) bool {
	if strings.HasPrefix(function, "runtime.Vstack") || strings.Contains(function, ".vstackGrow") {
		return true
	}
	const module = "github.com/vstack-go/vstack/"
	if rest, ok := strings.CutPrefix(function, module); ok {
		return strings.HasPrefix(rest, "vstack.") || strings.HasPrefix(rest, "scheduler.")
	}
	if rest, ok := strings.CutPrefix(function, "runtime."); ok {
		return rest == "" || rest[0] < 'A' || rest[0] > 'Z'
	}
	return function == ""
}

func (f *Folder) fn(it item) int32 { return f.symbols[it.id].fn }

func (f *Folder) add(it item) {
	if f.loop == nil {
		f.search(it)
		return
	}
	if len(f.raw) <= maxRaw {
		f.raw = append(f.raw, it)
	}
	if f.fn(it) == f.pivot {
		f.loop.count(f, f.turn)
		f.turn = append(f.turn[:0], it)
		return
	}
	f.turn = append(f.turn, it)
	if len(f.turn) > maxPeriod {
		f.endLoop()
	}
}

// search looks for a pivot.
func (f *Folder) search(it item) {
	fn := f.fn(it)
	at := f.seen[fn] - 1
	if at < 0 || at < len(f.pending)-maxPeriod {
		f.pending = append(f.pending, it)
		f.seen[fn] = len(f.pending)
		if len(f.pending) > maxPlain {
			f.plain(f.pending[:len(f.pending)-maxPeriod])
		}
		return
	}
	turn := slices.Clone(f.pending[at:])
	f.plain(f.pending[:at])
	f.forget()
	f.pivot = fn
	f.loop = &part{byKey: map[uint64]*way{}}
	f.raw = append(append(f.raw[:0], turn...), it)
	f.loop.count(f, turn)
	f.turn = append(f.turn[:0], it)
}

// forget empties pending.
func (f *Folder) forget() {
	for _, it := range f.pending {
		f.seen[f.fn(it)] = 0
	}
	f.pending = f.pending[:0]
}

// plain moves the first frames of pending, head, out as they are.
func (f *Folder) plain(head []item) {
	if len(head) == 0 {
		return
	}
	rest := slices.Clone(f.pending[len(head):])
	f.addPlain(head)
	f.forget()
	for _, it := range rest {
		f.pending = append(f.pending, it)
		f.seen[f.fn(it)] = len(f.pending)
	}
}

// addPlain adds frames that do not repeat.
func (f *Folder) addPlain(items []item) {
	for len(items) > 0 {
		var p *part
		if n := len(f.parts); n > 0 && f.parts[n-1].straight() && len(f.parts[n-1].paths[0].items) < maxPlain {
			p = f.parts[n-1]
		} else {
			p = &part{paths: []*way{{count: 1}}}
			f.emit(p)
		}
		to := p.paths[0]
		n := min(len(items), maxPlain-len(to.items))
		to.items = append(to.items, items[:n]...)
		for _, it := range items[:n] {
			p.bytes += it.bytes
		}
		p.depth += int64(n)
		items = items[n:]
	}
}

func (p *part) straight() bool {
	return len(p.paths) == 1 && p.paths[0].count == 1 && p.byKey == nil
}

// endLoop ends the loop and looks for another one in what is left of its last
// turn.
func (f *Folder) endLoop() {
	p, rest := f.loop, slices.Clone(f.turn)
	f.loop, f.turn, f.pivot = nil, f.turn[:0], noPivot
	if len(f.raw) <= maxExact {
		f.exact(f.raw[:p.depth])
	} else {
		// The innermost turn often ends where no other does.
		innermost := len(p.paths[0].items)
		if first := p.paths[0]; first.count == 1 && len(p.paths) > 1 {
			f.addPlain(first.items)
			p.paths = p.paths[1:]
			p.depth -= int64(len(first.items))
			for _, it := range first.items {
				p.bytes -= it.bytes
			}
		}
		f.straighten(p, f.raw, innermost)
		f.emit(p)
	}
	for _, it := range rest {
		f.add(it)
	}
}

// straighten makes one path of several if they alternate regularly. Paths are cut where the
// pivot, the first function that comes back, is called. A precedence climber calls one
// function for each of its levels before it comes to the next parenthesis, so its paths are
// pieces of the real cycle. The first frames, raw, show its period; the counts of all turns
// have to agree with it.
func (f *Folder) straighten(p *part, raw []item, innermost int) {
	differ := func(q *way) bool {
		return !slices.EqualFunc(p.paths[0].items, q.items, func(a, b item) bool { return f.fn(a) == f.fn(b) })
	}
	if p.others > 0 || !slices.ContainsFunc(p.paths, differ) {
		return // one way, or ways through the same functions
	}
	pivot := f.fn(p.paths[0].items[0])
	for _, skip := range []int{0, innermost} {
		rest := raw[skip:]
		period := periodOf(rest)
		if period == 0 || period > maxTurn || f.fn(rest[0]) != pivot {
			continue
		}
		turns := p.depth / int64(period)
		in := map[*way]int64{} // how often a path is in one period
		for at := 0; at < period; {
			end := at + 1
			for end < len(rest) && f.fn(rest[end]) != pivot {
				end++
			}
			for _, q := range p.paths {
				if same(q.items, rest[at:end]) {
					in[q]++
				}
			}
			at = end
		}
		for _, q := range p.paths {
			if off := q.count - in[q]*turns; max(off, -off) > 2*in[q]+seldom+turns/100 { // every hop has a frame of its own
				return
			}
		}
		if len(in) < 2 {
			return // one of the paths is the cycle already
		}
		for q, times := range in {
			turns = min(turns, q.count/times)
		}
		p.paths = []*way{{count: turns, items: slices.Clone(rest[:period])}}
		p.others = p.depth - turns*int64(period)
		return
	}
}

// periodOf returns the least number of frames after which items repeat up to their end, at
// least four times; 0 if there is none. The borders are those of Knuth, Morris and Pratt.
func periodOf(items []item) int {
	border := make([]int, len(items))
	for i := 1; i < len(items); i++ {
		k := border[i-1]
		for k > 0 && items[i].id != items[k].id {
			k = border[k-1]
		}
		if items[i].id == items[k].id {
			k++
		}
		border[i] = k
	}
	if n := len(items); n > 0 && 4*(n-border[n-1]) <= n {
		return n - border[n-1]
	}
	return 0
}

// exact adds a short loop: turns that repeat are folded where they stand, and
// the others are left as they are.
func (f *Folder) exact(raw []item) {
	var turns [][]item
	for i, it := range raw {
		if i == 0 || f.fn(it) == f.fn(raw[0]) {
			turns = append(turns, raw[i:i])
		}
		last := &turns[len(turns)-1]
		*last = (*last)[:len(*last)+1]
	}
	for len(turns) > 0 {
		n := 1
		for n < len(turns) && same(turns[0], turns[n]) {
			n++
		}
		if n > seldom {
			p := &part{byKey: map[uint64]*way{}}
			for _, turn := range turns[:n] {
				p.count(f, turn)
			}
			f.emit(p)
		} else {
			for _, turn := range turns[:n] {
				f.addPlain(turn)
			}
		}
		turns = turns[n:]
	}
}

// flush ends what is under way.
func (f *Folder) flush() {
	for f.loop != nil {
		f.endLoop()
	}
	f.plain(f.pending)
}

func (f *Folder) emit(p *part) {
	f.parts = append(f.parts, p)
	if len(f.parts) <= maxParts {
		return
	}
	all := &part{byKey: map[uint64]*way{}, mixed: true}
	end := len(f.parts) - keptParts
	for _, p := range f.parts[keptParts:end] {
		all.merge(f, p)
	}
	f.parts = append(append(f.parts[:keptParts:keptParts], all), f.parts[end:]...)
}

// merge adds the paths of other.
func (p *part) merge(f *Folder, other *part) {
	for _, q := range other.paths {
		if to := p.find(f, q.items); to != nil {
			to.count += q.count
		} else {
			p.others += q.count * int64(len(q.items))
		}
	}
	p.others += other.others
	p.depth += other.depth
	p.bytes += other.bytes
	p.skipped += other.skipped
	p.cut = p.cut || other.cut
}

// count adds one turn.
func (p *part) count(f *Folder, turn []item) {
	for _, it := range turn {
		p.bytes += it.bytes
	}
	p.depth += int64(len(turn))
	to := p.last
	if to == nil || !same(to.items, turn) {
		to = p.find(f, turn)
	}
	if to == nil {
		p.others += int64(len(turn))
		return
	}
	to.count++
	p.last = to
}

// find returns the path of the same frames, a new one if there is room, or else
// one through the same functions; nil if there is none.
func (p *part) find(f *Folder, items []item) *way {
	key := uint64(14695981039346656037)
	for _, it := range items {
		key = (key ^ uint64(it.id)) * 1099511628211
	}
	if to := p.byKey[key]; to != nil && same(to.items, items) {
		return to
	}
	if len(p.paths) < maxPaths {
		to := &way{items: slices.Clone(items)}
		p.paths = append(p.paths, to)
		p.byKey[key] = to
		return to
	}
	for _, to := range p.paths {
		if slices.EqualFunc(to.items, items, func(a, b item) bool { return f.fn(a) == f.fn(b) }) {
			return to
		}
	}
	return nil
}

func same(a, b []item) bool {
	return slices.EqualFunc(a, b, func(a, b item) bool { return a.id == b.id })
}

// Result returns what was folded. The folder is of no more use then.
func (f *Folder) Result() *Result {
	f.flush()
	t := &Result{Depth: f.frames}
	frames := func(items []item) []Frame {
		all := make([]Frame, len(items))
		for i, it := range items {
			all[i] = f.symbols[it.id].frame
			all[i].Segment = int(it.segment)
			all[i].SegmentBytes = it.charged
		}
		return all
	}
	if len(f.parts) > 0 {
		f.parts[len(f.parts)-1].bytes += f.leftOver
	}
	for _, p := range f.parts {
		out := Part{Depth: p.depth, Bytes: p.bytes, Others: p.others, Skipped: p.skipped, Cut: p.cut, Mixed: p.mixed}
		for _, q := range p.paths {
			out.Paths = append(out.Paths, Path{Count: q.count, Frames: frames(q.items)})
		}
		slices.SortStableFunc(out.Paths, func(a, b Path) int { return cmp.Compare(b.Count, a.Count) })
		t.Parts = append(t.Parts, out)
	}
	t.Top = frames(f.top)
	if n := f.frames % endFrames; f.frames > endFrames {
		f.root = append(slices.Clone(f.root[n:]), f.root[:n]...)
	}
	t.Root = frames(f.root)
	return t
}
