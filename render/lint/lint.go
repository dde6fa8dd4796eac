// Package lint finds in the manifests of a repository, whoever wrote them, what would break a canary release.
//
// It is given files and answers with findings: where, why, by which upstream source, and what mends it. Each check is an entry of the table in checks.go. It looks
// at what belongs to a canary (an Ingress with canary annotations, a route with two weighted Services, an Argo Rollout, a gitramp.lock) and leaves every other
// manifest alone. It refuses to guess what it cannot see: Helm templates, what a kustomization would patch, and the cluster.
package lint

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// File is one file of a repository. Name is how it is called in a finding, Path is its place below the top of the repository, with slashes.
type File struct {
	Name, Path string
	Data       []byte
}

// Severity says how bad a finding is.
type Severity int

// The severities: an error breaks a canary, a warning may, an info is worth knowing.
const (
	Info Severity = iota
	Warning
	Error
)

func (s Severity) String() string { return [...]string{"info", "warning", "error"}[s] }

// Check is one thing that is looked for.
type Check struct {
	Code     string
	Severity Severity
	Title    string
	Why      string
	Source   string // where upstream it is written
	Fix      string
}

// Finding is a place where a check found something.
type Finding struct {
	*Check
	File, Path   string // the file's, as in File
	Line, Column int
	Object       string // "Ingress shop/canary"; "" for a file as such
	Message      string
	Ignored      string // the reason, where the file says that it is to be left
}

// Report is what was looked at and what was found.
type Report struct {
	Files, Objects, Canaries int
	Findings                 []Finding // by file and line
}

// Count is the number of findings of a severity that are not ignored.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Ignored == "" && f.Severity == s {
			n++
		}
	}
	return n
}

// Run looks at all files together.
func Run(files []File) Report {
	r := &repo{worlds: map[[2]string]bool{}, byKind: map[string][]*object{}, locks: map[string]*lockedApp{}}
	for _, f := range files {
		r.read(f)
	}
	r.link()
	for _, check := range []func(){r.ingresses, r.gatewayRoutes, r.tracks, r.pods, r.policies, r.autoscalers, r.tracking, r.controllers, r.waves} {
		check()
	}
	r.ignore()
	slices.SortStableFunc(r.findings, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column, strings.Compare(a.Code, b.Code), strings.Compare(a.Message, b.Message))
	})
	r.findings = slices.Compact(r.findings) // what belongs to two canaries is looked at twice
	return Report{len(files), len(r.objects), len(r.canaries), r.findings}
}

// Lookup is the check of a code, nil where there is none.
func Lookup(code string) *Check {
	for i := range Checks {
		if Checks[i].Code == code {
			return &Checks[i]
		}
	}
	return nil
}

// found notes a finding at a place of an object.
func (r *repo) found(code string, o *object, at place, format string, args ...any) {
	r.findings = append(r.findings, Finding{Lookup(code), o.file.Name, o.file.Path, at.line, at.column, printable(o.String()), printable(fmt.Sprintf(format, args...)), ""})
}

// printable keeps what a manifest says from being a terminal's command, or a page long.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '·'
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > 400 {
		return string(runes[:400]) + "..."
	}
	return s
}

// says whether any file has the text in it.
func (r *repo) says(text string) bool {
	return slices.ContainsFunc(r.files, func(f *File) bool { return bytes.Contains(f.Data, []byte(text)) })
}
