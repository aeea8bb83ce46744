package pages

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Page is a Markdown file.
type Page struct {
	File   string // from the root of the repository
	Words  int    // as wc -w counts them, those of code and tables with the others
	Blocks []*Block

	root     string   // of the repository
	prose    []string // its lines; those of code blocks and comments are empty
	shown    []string // the same with the blocks of program output in it
	notes    []note
	sections []*section
}

// A Block is a fenced code block.
type Block struct {
	Page *Page
	Line int // of its first line of text

	lang  string
	text  string
	notes map[string]string
}

// A note is a comment for the checks.
type note struct {
	line       int
	key, value string
}

// A section reaches from its heading to the next one of any level.
type section struct {
	outer       *section // nil for the first
	level       int      // 0 for what comes before the first heading
	first, last int      // lines, from 0, last one excluded
	anchor      string
}

var (
	fence      = regexp.MustCompile("^ {0,3}(```+|~~~+) *([a-zA-Z0-9+-]*)")
	heading    = regexp.MustCompile(`^(#{1,6}) +(.*?) *#*$`)
	noteStart  = regexp.MustCompile(`(?s)^([a-z][a-z ]*?)(?::(.*))?$`)
	inlineCode = regexp.MustCompile("``[^`]+``|`[^`]+`")
	link       = regexp.MustCompile(`\]\(<?([^)>\s]+)>?(?: +"[^"]*")?\)|^ {0,3}\[[^\]]+\]: *<?([^\s>]+)|(?:href|src|srcset)="([^"]+)"`)
	explicit   = regexp.MustCompile(`<a +(?:id|name)="([^"]+)"`)
)

// Parse makes a page of the text of a file of the repository at root.
func Parse(root, file, text string) *Page {
	r := &reader{
		page:  &Page{root: root, File: file, Words: len(strings.Fields(text))},
		lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), pending: map[string]string{}, current: &section{},
	}
	r.page.sections = []*section{r.current}
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		if m := fence.FindStringSubmatch(line); m != nil {
			r.block(m[1], m[2])
			continue
		}
		if before, comment, ok := strings.Cut(line, "<!--"); ok && strings.TrimSpace(before) == "" {
			r.comment(comment)
			continue
		}
		r.keep(line, line)
		if strings.TrimSpace(line) != "" {
			clear(r.pending)
		}
		if m := heading.FindStringSubmatch(line); m != nil {
			r.heading(len(m[1]), m[2])
		}
	}
	r.current.last = len(r.lines)
	return r.page
}

// A reader makes a page, line by line.
type reader struct {
	page    *Page
	lines   []string
	at      int               // the line that is read
	pending map[string]string // notes that a block may follow
	current *section
}

func (r *reader) keep(prose, shown string) {
	r.page.prose = append(r.page.prose, prose)
	r.page.shown = append(r.page.shown, shown)
}

// block reads a block that begins here, to the line that begins like its first one.
func (r *reader) block(mark, lang string) {
	b := &Block{Page: r.page, Line: r.at + 2, lang: lang, notes: r.pending}
	r.pending = map[string]string{}
	r.keep("", "")
	for r.at++; r.at < len(r.lines) && !strings.HasPrefix(strings.TrimSpace(r.lines[r.at]), mark); r.at++ {
		b.text += r.lines[r.at] + "\n"
		if b.lang == "" || b.lang == "text" {
			r.keep("", r.lines[r.at])
		} else {
			r.keep("", "")
		}
	}
	r.keep("", "")
	r.page.Blocks = append(r.page.Blocks, b)
}

// comment reads a comment that begins here, which may be a note.
func (r *reader) comment(text string) {
	line := r.at + 1
	r.keep("", "")
	for !strings.Contains(text, "-->") && r.at+1 < len(r.lines) {
		r.at++
		text += "\n" + r.lines[r.at]
		r.keep("", "")
	}
	text, _, _ = strings.Cut(text, "-->")
	if m := noteStart.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		n := note{line, m[1], strings.Trim(m[2], " \n")}
		r.page.notes = append(r.page.notes, n)
		r.pending[n.key] = n.value
	}
}

// heading begins a section.
func (r *reader) heading(level int, text string) {
	r.current.last = r.at
	outer := r.current
	for outer != nil && outer.level >= level {
		outer = outer.outer
	}
	r.current = &section{outer: outer, level: level, first: r.at, anchor: r.page.slug(text)}
	r.page.sections = append(r.page.sections, r.current)
}

// slug returns the anchor of a heading, as GitHub makes it.
func (p *Page) slug(text string) string {
	text = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(text, "$1")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	same := 0
	for _, s := range p.sections {
		if s.anchor == text || same > 0 && s.anchor == fmt.Sprintf("%s-%d", text, same) {
			same++
		}
	}
	if same > 0 {
		return fmt.Sprintf("%s-%d", text, same)
	}
	return text
}

func (p *Page) problem(line int, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", p.File, line) + fmt.Sprintf(format, args...)
}

// Links.

func (p *Page) anchors() (anchors []string) {
	for _, s := range p.sections[1:] {
		anchors = append(anchors, s.anchor)
	}
	for _, line := range p.prose {
		for _, m := range explicit.FindAllStringSubmatch(line, -1) {
			anchors = append(anchors, m[1])
		}
	}
	return anchors
}

// BadLinks says which links of the page lead nowhere; all are the pages there are.
func (p *Page) BadLinks(all []*Page) (problems []string) {
	for i, line := range p.prose {
		line = inlineCode.ReplaceAllString(line, "code")
		for _, m := range link.FindAllStringSubmatch(line, -1) {
			target := m[1] + m[2] + m[3]
			if err := p.badLink(target, all); err != nil {
				problems = append(problems, p.problem(i+1, "link %s: %v", target, err))
			}
		}
	}
	return problems
}

// badLink says why a link leads nowhere; nil if it leads somewhere, another site included.
func (p *Page) badLink(target string, all []*Page) error {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return err
	}
	file := p.File
	if u.Path != "" {
		file = path.Join(path.Dir(p.File), u.Path)
		if _, err := os.Stat(filepath.Join(p.root, filepath.FromSlash(file))); err != nil && !known(all, file) {
			return fmt.Errorf("there is no %s", file)
		}
	}
	for _, to := range all {
		if u.Fragment != "" && to.File == file && !slices.Contains(to.anchors(), u.Fragment) {
			return fmt.Errorf("%s has no heading #%s", file, u.Fragment)
		}
	}
	return nil
}

func known(all []*Page, file string) bool {
	return slices.ContainsFunc(all, func(p *Page) bool { return p.File == file })
}

// Commands.

// Script returns the block's commands, one a line, if the test is to run them.
func (b *Block) Script() (script string, ok bool) {
	_, ok = b.notes["run"]
	if !ok || !b.isShell() {
		return "", false
	}
	return strings.Join(b.commands(), "\n"), true
}

// ScriptOf returns the commands of a shell block that the test runs, by its file and name.
func (b *Block) ScriptOf(test string) (script string, ok bool) {
	if b.notes["run by"] != test || !b.isShell() {
		return "", false
	}
	return strings.Join(b.commands(), "\n"), true
}

func (b *Block) isShell() bool {
	return slices.Contains([]string{"sh", "bash", "shell", "console"}, b.lang)
}

// commands returns the block's commands, one a string.
func (b *Block) commands() (commands []string) {
	text := strings.ReplaceAll(b.text, "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		prompt := strings.HasPrefix(line, "$ ")
		if b.lang == "console" && !prompt {
			continue // what the command prints
		}
		line = strings.TrimPrefix(line, "$ ")
		if at := strings.Index(" "+line, " #"); at >= 0 {
			line = line[:at]
		}
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			commands = append(commands, line)
		}
	}
	return commands
}

const shortest = 12 // letters of a reason

// BadCommands says which commands nothing runs, and which name something that is not there.
// ci is the text of all that runs commands.
func (p *Page) BadCommands(ci string) (problems []string) {
	for _, b := range p.Blocks {
		if !b.isShell() {
			continue
		}
		if problem := b.excuse(); problem != "" {
			problems = append(problems, p.problem(b.Line, "%s", problem))
		}
		_, run := b.notes["run"]
		excused := run || b.notes["not run"] != "" || b.notes["run by"] != ""
		for _, command := range b.commands() {
			if !excused && !strings.Contains(ci, command) {
				problems = append(problems, p.problem(b.Line, "nothing runs %q: "+
					"put it in .ci/run, or <!-- run -->, <!-- run by: FILE TestName --> or <!-- not run: REASON --> above the block", command))
			}
			for _, missing := range missing(p.root, command) {
				problems = append(problems, p.problem(b.Line, "%q: %s", command, missing))
			}
		}
	}
	for i, line := range p.prose {
		for _, code := range inlineCode.FindAllString(line, -1) {
			for _, missing := range missing(p.root, strings.Trim(code, "` ")) {
				problems = append(problems, p.problem(i+1, "%s: %s", code, missing))
			}
		}
	}
	return problems
}

// excuse says what is wrong with a note that says why or where a block is run.
func (b *Block) excuse() string {
	if reason, ok := b.notes["not run"]; ok && len(reason) < shortest {
		return "<!-- not run: --> needs a reason"
	}
	by, ok := b.notes["run by"]
	if !ok {
		return ""
	}
	file, name, _ := strings.Cut(by, " ")
	text, err := os.ReadFile(filepath.Join(b.Page.root, filepath.FromSlash(file)))
	if err != nil {
		return fmt.Sprintf("<!-- run by: -->: %v", err)
	}
	if !strings.Contains(string(text), "func "+name+"(") {
		return fmt.Sprintf("<!-- run by: -->: there is no %s in %s", name, file)
	}
	return ""
}

// missing returns what command names that is not there.
func missing(root, command string) (missing []string) {
	dir := "."
	for _, part := range regexp.MustCompile(`&&|\|\|?|;|[()]`).Split(command, -1) {
		words := splitWords(part)
		for len(words) > 0 && strings.Contains(words[0], "=") {
			words = words[1:] // GOARCH=386
		}
		if len(words) < 2 {
			continue
		}
		switch {
		case words[0] == "cd":
			dir = path.Join(dir, words[1])
			missing = append(missing, noFile(root, dir)...)
		case words[0] == "bash" || words[0] == "sh":
			missing = append(missing, noFile(root, path.Join(dir, words[1]))...)
		case words[0] == "timeout" && len(words) > 3 && words[2] == "go":
			missing = append(missing, missingGo(root, dir, words[3:])...)
		case words[0] == "go":
			missing = append(missing, missingGo(root, dir, words[1:])...)
		}
	}
	return missing
}

func splitWords(text string) (words []string) {
	for _, m := range regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`).FindAllString(text, -1) {
		words = append(words, strings.NewReplacer("'", "", `"`, "").Replace(m))
	}
	return words
}

func noFile(root, file string) []string {
	if strings.Contains(file, "$") || strings.HasPrefix(file, "../") {
		return nil // the reader's, as ../vstack where a clone is
	}
	if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(file))); err != nil {
		return []string{"there is no " + file}
	}
	return nil
}

// missingGo is missing for a command of go's.
func missingGo(root, dir string, words []string) (missing []string) {
	if !slices.Contains([]string{"test", "run", "build", "vet", "install"}, words[0]) {
		return nil
	}
	var dirs, patterns []string
	for i := 1; i < len(words); i++ {
		name, value, joined := strings.Cut(words[i], "=")
		switch {
		case name == "-C" && i+1 < len(words):
			i++
			dir = path.Join(dir, words[i])
		case slices.Contains([]string{"-bench", "-run", "-fuzz"}, name):
			if !joined && i+1 < len(words) {
				i++
				value = words[i]
			}
			patterns = append(patterns, value)
		case strings.HasPrefix(words[i], "./"):
			dirs = append(dirs, words[i])
			if words[0] == "run" {
				i = len(words) // the program's own arguments
			}
		}
	}
	var names []string
	for _, d := range dirs {
		base, all := strings.CutSuffix(d, "/...")
		base = path.Join(dir, base)
		if gone := noFile(root, base); gone != nil {
			missing = append(missing, fmt.Sprintf("there is no %s", d))
			continue
		}
		names = append(names, tests(root, base, all)...)
	}
	if words[0] != "test" || len(missing) > 0 || len(dirs) == 0 {
		return missing
	}
	for _, pattern := range patterns {
		first, _, _ := strings.Cut(pattern, "/")
		re, err := regexp.Compile(first)
		if err != nil || pattern == "^$" {
			continue
		}
		if !slices.ContainsFunc(names, re.MatchString) {
			missing = append(missing, fmt.Sprintf("there is no test or benchmark %s in %v", pattern, dirs))
		}
	}
	return missing
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz|Example)\w*)\(`)

// tests returns the names of the tests in dir, and in those below it.
func tests(root, dir string, all bool) (names []string) {
	patterns := []string{"*_test.go"}
	if all {
		patterns = append(patterns, "*/*_test.go", "*/*/*_test.go")
	}
	for _, pattern := range patterns {
		files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), pattern))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// Figures.

// figure matches what looks like a measurement: a time, a ratio, a share, memory.
// Sizes in KiB are left out: they are mostly what a constant says.
var figure = regexp.MustCompile(`\b\d[\d.,]*(?: ?(?:ns|us|µs|ms|MB|MiB|GB|GiB)\b|x\b| ?%)`)

// notFigures are not measured: the limit of Go's stacks.
var notFigures = []string{"1 GB", "1 GiB", "100%", "100 %"}

// BadFigures says which sections have figures and do not say what measured them.
func (p *Page) BadFigures() (problems []string) {
	for _, s := range p.sections {
		found, at := "", 0
		for i := s.first; i < s.last && found == ""; i++ {
			line := inlineCode.ReplaceAllString(p.shown[i], "")
			for _, m := range figure.FindAllString(line, -1) {
				if !slices.Contains(notFigures, m) {
					found, at = m, i+1
				}
			}
		}
		if found == "" {
			continue
		}
		measured := false
		for o := s; o != nil && !measured; o = o.outer {
			measured = p.measured(o)
		}
		if !measured {
			problems = append(problems, p.problem(at, "what measured %s? The section needs a line "+
				"\"Measured with: `command`\", or <!-- figures: REASON --> if it is no measurement", found))
		}
	}
	for _, n := range p.notes {
		if n.key == "taken from" {
			problems = append(problems, p.notTaken(n)...)
		}
	}
	for i, line := range p.prose {
		if text, ok := strings.CutPrefix(measuredLine(line), "Measured with:"); ok && !inlineCode.MatchString(text) {
			problems = append(problems, p.problem(i+1, "\"Measured with:\" names no command"))
		}
	}
	return problems
}

// fraction matches a number with a decimal point.
var fraction = regexp.MustCompile(`\b\d+\.\d+\b`)

// notTaken returns the numbers in the tables of n's section that the page named by n does
// not have: a figure is written in one place.
func (p *Page) notTaken(n note) (problems []string) {
	text, err := os.ReadFile(filepath.Join(p.root, filepath.FromSlash(n.value)))
	if err != nil {
		return []string{p.problem(n.line, "<!-- taken from: -->: %v", err)}
	}
	there := fraction.FindAllString(string(text), -1)
	for _, s := range p.sections {
		if n.line <= s.first || n.line > s.last {
			continue
		}
		for i, line := range p.prose[s.first:s.last] {
			if !strings.HasPrefix(line, "|") {
				continue
			}
			for _, number := range fraction.FindAllString(line, -1) {
				if !slices.Contains(there, number) {
					problems = append(problems, p.problem(s.first+i+1, "%s is not in %s", number, n.value))
				}
			}
		}
	}
	return problems
}

func measuredLine(line string) string { return strings.TrimLeft(line, "*_-> ") }

// measured reports whether s says where its figures come from.
func (p *Page) measured(s *section) bool {
	for _, n := range p.notes {
		if n.key == "figures" && s.first < n.line && n.line <= s.last && len(n.value) >= 5 {
			return true
		}
	}
	return slices.ContainsFunc(p.prose[s.first:s.last], func(line string) bool {
		return strings.HasPrefix(measuredLine(line), "Measured with:")
	})
}
