package lint

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A finding is left alone where the file says so and why:
//
//	# gitramp:ignore GR206 the process handles SIGTERM itself
//
// at the end of the finding's line or in a comment above it; above the first field of an object it is for the whole object, and in a spec of gitramp's for
// everything that the spec makes: what is generated is not edited.

var ignoreComment = regexp.MustCompile(`#\s*gitramp:ignore\b[ \t]*([^\n]*)`)

// exception is one such comment.
type exception struct {
	file *File
	place
	codes  []string
	reason string
	lines  [2]int // that it is for, from and to
	dir    string // or all files of this directory
	used   bool
}

var codes = regexp.MustCompile(`^GR[0-9]{3}(?:,GR[0-9]{3})*$`)

// exceptions reads the comments of a file.
func (r *repo) exceptions(f *File) []*exception {
	if !bytes.Contains(f.Data, []byte("gitramp:ignore")) {
		return nil
	}
	var found []*exception
	lines := strings.Split(string(f.Data), "\n")
	for i, line := range lines {
		m := ignoreComment.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		words, reason, _ := strings.Cut(strings.TrimSpace(line[m[2]:m[3]]), " ")
		e := &exception{file: f, place: place{i + 1, m[0] + 1}, codes: strings.Split(words, ","), reason: strings.TrimSpace(reason)}
		switch unknown := slices.ContainsFunc(e.codes, func(c string) bool { return Lookup(c) == nil }); {
		case !codes.MatchString(words):
			r.wrong(e, "names no code: gitramp:ignore CODE[,CODE] REASON")
			continue
		case unknown:
			r.wrong(e, "names a code that there is not")
			continue
		case e.reason == "":
			r.wrong(e, "gives no reason for "+words+", and counts for nothing")
			continue
		}
		target := i
		if strings.TrimSpace(line[:m[0]]) == "" {
			for target++; target < len(lines) && passed(lines[target]); target++ {
			}
		}
		e.lines = r.span(f, target+1)
		if r.specs[f.Path] != nil {
			e.dir = r.outputOf(f)
		}
		found = append(found, e)
	}
	return found
}

// passed says whether a comment is for something below this line.
func passed(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '#' || line == "---"
}

// span is what a comment on a line is for: the line, or the whole object that begins there.
func (r *repo) span(f *File, line int) [2]int {
	for _, o := range r.objects {
		if o.file.Path == f.Path && o.node.Line == line {
			return [2]int{line, o.end}
		}
	}
	return [2]int{line, line}
}

// outputOf is the directory whose lock names a spec.
func (r *repo) outputOf(f *File) string {
	for dir, app := range r.locks {
		if app.lock.Spec == f.Path {
			return dir
		}
	}
	return ""
}

func (r *repo) wrong(e *exception, message string) {
	r.findings = append(r.findings, Finding{Lookup("GR002"), e.file.Name, e.file.Path, e.line, e.column, "", message, ""})
}

// ignore puts the reasons to the findings, and finds comments that ignore nothing.
func (r *repo) ignore() {
	for _, f := range r.files {
		for _, e := range r.exceptions(f) {
			for i := range r.findings {
				if found := &r.findings[i]; e.isFor(found) {
					found.Ignored, e.used = e.reason, true
				}
			}
			if !e.used {
				r.findings = append(r.findings, Finding{Lookup("GR003"), f.Name, f.Path, e.line, e.column, "", "nothing is found here of " + strings.Join(e.codes, ","), ""})
			}
		}
	}
}

func (e *exception) isFor(f *Finding) bool {
	if !slices.Contains(e.codes, f.Code) {
		return false
	}
	if e.dir != "" {
		return path.Dir(f.Path) == e.dir
	}
	if f.Code == "GR001" { // no line of a broken file is sure
		return f.File == e.file.Name
	}
	return f.File == e.file.Name && f.Line >= e.lines[0] && f.Line <= e.lines[1]
}
