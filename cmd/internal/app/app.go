// Package app brings a spec file, the tree that its output path holds and the compiled release together: what every verb starts from.
//
// It reads: spec files from disk, trees from a commit or from a directory. It writes nothing and decides nothing; that is for package render (what) and
// the sinks (where).
package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
	"github.com/gitramp/gitramp/templates"
)

// Conflict is a tree that the spec cannot go on from: exit code 5.
type Conflict struct{ Text string }

func (e Conflict) Error() string { return e.Text }

// App is one spec with the tree it goes on from.
type App struct {
	File    string // the spec file, as the user named it
	Root    string // the top of the repository that holds the spec, "" where there is none
	Spec    *render.Canary
	State   render.State // of the output path; no lock where it holds no tree
	Wanted  string       // the revision that the spec asks for
	Release *render.Release
	Known   bool   // whether it is known what prod runs; else a placeholder stands for it
	Behind  string // where the spec has left another app behind, and what to do about it; nothing is written before that is done

	origin string
	dir    string // of the tree, for errors
	revs   render.Revisions
	set    *Set

	checked *render.Release // the one that verdict is about
	verdict error
}

// Set is the specs of one invocation. Templates are parsed once for all of them.
type Set struct {
	Unclaimed     bool // specs are not compared with one another: what runs is judged by its tree
	TolerateDrift bool // go on where generated files were edited; the caller writes over them or refuses
	// Committed is the files of a repository, given by its top, at the commit that counts; nil for those that lie on disk. Specs' bases are read there.
	Committed func(root string) fs.FS
	// CommittedAlone says that a base that is not there is none, whatever lies on disk.
	CommittedAlone bool

	bases     map[string]built // by spec file
	disk      disk
	templates *render.Templates
	proofs    prove.Cache
	outputs   map[string]string // output path -> spec file
	around    map[string]string // each directory around an output path -> spec file
	routes    Places            // who has which place of a router
	names     map[string]string // namespace, kind and name of an object -> spec file
}

// NewSet starts an invocation.
func NewSet() *Set {
	return &Set{disk: disk{dirs: map[string]string{}, tops: map[string]string{}}, bases: map[string]built{}, templates: render.NewTemplates(templates.FS), outputs: map[string]string{}, around: map[string]string{}, routes: Places{}, names: map[string]string{}}
}

// Parse reads one spec file and checks it against the others of the set: one spec for an output path, one canary for a host and path.
func (s *Set) Parse(file string) (*App, error) { return s.ParseAs(file, nil) }

// ParseAs is as Parse, but takes the text of the spec from committed, which gets its path below the repository around it, where that has one: a nil text says
// that the file on disk counts.
func (s *Set) ParseAs(file string, committed func(root, origin string) ([]byte, error)) (*App, error) {
	src, err := s.disk.locate(file)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, Usage{file + ": is no regular file"}
	}
	var data []byte
	if committed != nil {
		if data, err = committed(src.root, src.origin); err != nil {
			return nil, err
		}
	}
	if data == nil {
		if data, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	return s.ParseText(file, src.root, src.origin, data)
}

// ParseText parses the text of a spec that lies at origin below root.
func (s *Set) ParseText(file, root, origin string, data []byte) (*App, error) {
	spec, err := render.ParseSpec(file, data)
	if err != nil {
		return nil, err
	}
	return s.Add(file, root, origin, spec)
}

// Add is as ParseText, of a spec that is parsed already.
func (s *Set) Add(file, root, origin string, spec *render.Canary) (*App, error) {
	if spec.Spec.Base != "" {
		var err error
		if spec, err = s.withBase(file, root, origin, spec); err != nil {
			return nil, err
		}
	}
	a := &App{File: file, Root: root, Spec: spec, Wanted: spec.RevisionName(), origin: origin, set: s}
	return a, s.claim(a)
}

// claim refuses two specs that would write to one place, or send one host and path to two canaries.
func (s *Set) claim(a *App) error {
	if s.Unclaimed {
		return nil
	}
	var errs render.SpecError
	own := strings.ToLower(a.Spec.OutputPath()) // a clone may be on a disk that knows no case
	other := s.around[own]
	for dir := own; other == "" && dir != "."; dir = path.Dir(dir) {
		other = s.outputs[dir]
	}
	if other != "" {
		errs = append(errs, a.Spec.Wrong("spec.output.path", own, fmt.Sprintf("value %q is taken: %s writes there, or around or below it", a.Spec.OutputPath(), other), "a path of its own"))
	}
	s.outputs[own] = a.File
	for dir := path.Dir(own); dir != "."; dir = path.Dir(dir) {
		s.around[dir] = a.File
	}
	claims := a.Spec.Claims()
	for _, o := range claims.Objects {
		if other, taken := s.names[o.Key]; taken {
			errs = append(errs, a.Spec.Wrong("metadata.name", o.Text, fmt.Sprintf("%s is an object of %s already", o.Text, other), "names of its own"))
			break
		}
		s.names[o.Key] = a.File
	}
	errs = append(errs, s.claimRoute(a, claims.Places)...)
	sort.SliceStable(errs, func(i, j int) bool { return errs[i].Line < errs[j].Line })
	if errs != nil {
		return errs
	}
	return nil
}

// Compile makes the release from what the files of the output path say; files is nil where there is no such directory. dir is its name for errors.
func (s *Set) Compile(a *App, dir string, files map[string][]byte) error {
	if err := a.Load(dir, files); err != nil {
		return err
	}
	return a.Compile()
}

// Load reads what the files of the output path say, and no more: what a tree alone decides needs no release.
func (a *App) Load(dir string, files map[string][]byte) error {
	s, err := render.ReadState(dir, files)
	if err != nil {
		return Conflict{err.Error()}
	}
	return a.Take(dir, s)
}

// Take is as Load, of what is read already.
func (a *App) Take(dir string, s render.State) error {
	a.dir, a.State = dir, s
	if l := a.State.Lock; l != nil && (l.App != a.Spec.Metadata.Name || l.Namespace != a.Spec.Metadata.Namespace || l.Spec != a.origin && !a.moved(l.Spec)) {
		return Conflict{fmt.Sprintf("%s belongs to app %s of %s, and this is %s of %s: one output path, one spec", dir, full(l.Namespace, l.App), l.Spec,
			full(a.Spec.Metadata.Namespace, a.Spec.Metadata.Name), a.origin)}
	}
	return nil
}

// Compile makes the release that goes on from the tree.
func (a *App) Compile() error {
	var err error
	if a.State.Lock == nil {
		err = a.bootstrap()
	} else {
		err = a.goOn()
	}
	if err != nil {
		return err
	}
	a.Release, err = a.release(a.State, a.revs)
	return err
}

func (a *App) release(s render.State, revs render.Revisions) (*render.Release, error) {
	r, err := render.NewRelease(a.Spec, a.origin, revs, a.set.templates)
	if err != nil {
		return nil, err
	}
	if err := r.At(s); err != nil {
		return nil, Conflict{a.dir + ": " + err.Error()}
	}
	return r, nil
}

// bootstrap takes stable from the spec: there is no tree to take it from.
func (a *App) bootstrap() error {
	stable, known, err := a.Spec.StableRevision(a.set.templates)
	if err != nil {
		return err
	}
	wanted, err := a.Spec.RevisionBeside(stable, a.set.templates)
	if err != nil {
		return err
	}
	if stable.Name == wanted.Name {
		return render.SpecError{a.Spec.Wrong("spec.stable", stable.Images[0].Image, "is what spec.image asks for, so that there is nothing to roll out", "another image")}
	}
	a.Known, a.revs = known, render.Revisions{Stable: stable, Canary: wanted}
	return nil
}

// goOn takes what prod runs, and what is being tried, from the tree.
func (a *App) goOn() error {
	if len(a.State.Drift) > 0 && !a.set.TolerateDrift {
		return a.Edited()
	}
	a.Known = true
	if len(a.State.Drift) > 0 {
		if err := a.rebuild(); !errors.Is(err, errUnknown) {
			return err
		}
		return a.Edited()
	}
	held, err := a.State.Revisions()
	if err == nil {
		err = a.Spec.CheckFixed(a.State, held.Stable, a.dir)
	}
	if err == nil {
		a.revs, err = a.today(a.State, held)
	}
	return err
}

// CheckFixed refuses what can never change for the life of an app, where the files of its output path are what gitramp wrote. What else is the matter with them
// is no fault of the spec.
func (a *App) CheckFixed(files map[string][]byte) error {
	if a.Load(a.Spec.OutputPath(), files) != nil || a.State.Lock == nil || a.State.Lock.Phase == render.Delete || len(a.State.Drift) > 0 {
		return nil
	}
	held, err := a.State.Revisions()
	if err != nil {
		return nil
	}
	return a.Spec.CheckFixed(a.State, held.Stable, a.dir)
}

// revisions are those that a tree holds, and the one that the spec asks for where it is idle.
func (a *App) revisions(s render.State) (render.Revisions, error) {
	held, err := s.Revisions()
	if err != nil {
		return held, err
	}
	return a.today(s, held)
}

// today are the revisions that a tree holds, with what the spec says today where it is idle.
func (a *App) today(s render.State, revs render.Revisions) (_ render.Revisions, err error) {
	if !s.IsIdle() {
		return revs, nil
	}
	if revs.Stable, err = a.Spec.Refreshed(revs.Stable); err == nil {
		revs.Canary, err = a.Spec.RevisionBeside(revs.Stable, a.set.templates)
	}
	return revs, err
}

// Next decides what comes next for the app, compiling the release only where that takes one.
func (a *App) Next(ev render.Evidence) (render.Decision, error) {
	if d, decided := a.State.Next(a.Wanted, ev); decided {
		return d, nil
	}
	if a.Release == nil {
		if err := a.Compile(); err != nil {
			return render.Decision{}, err
		}
	}
	return a.Release.Next(a.State, a.Wanted, ev)
}

// Forget lets go of the compiled release: a fleet's are many times what has to be kept of it. Compile and Next make it again.
func (a *App) Forget() {
	if a != nil {
		a.Release, a.checked, a.revs = nil, nil, render.Revisions{}
	}
}

// Turn carries a decision out.
func (a *App) Turn(d render.Decision) (render.Tree, *render.Lock, error) {
	if a.Release == nil {
		return a.State.Turn(d)
	}
	return a.Release.Turn(a.State, d)
}

// moved says whether the spec that wrote the tree is gone from its place: then this one, of the same app, is taken for it.
func (a *App) moved(was string) bool {
	if a.Root == "" {
		return false
	}
	_, err := os.Lstat(filepath.Join(a.Root, filepath.FromSlash(was)))
	return errors.Is(err, fs.ErrNotExist)
}

// Origin is the spec's path as the lock has it: below the repository that holds it.
func (a *App) Origin() string { return a.origin }

// rebuild makes the tree's revisions from the spec, where its files cannot be trusted: those that the lock names and the spec still knows.
func (a *App) rebuild() error {
	if a.Spec.TemplateSet() == render.BaseSet {
		return errUnknown // what its names are goes by what was there before
	}
	wanted, err := a.Spec.Revision(a.set.templates)
	if err != nil {
		return err
	}
	stable, _, err := a.Spec.StableRevision(a.set.templates)
	if err != nil {
		return err
	}
	find := func(ref *render.RevisionRef) (rev render.Revision) {
		for _, known := range []render.Revision{wanted, stable} {
			if ref != nil && known.Name == ref.Revision {
				return known
			}
		}
		err = errUnknown
		return rev
	}
	l := a.State.Lock
	prod, tried := &l.Stable, l.Canary
	if l.Phase == render.Promote || l.Phase == render.Restore {
		prod = l.Previous
	}
	a.revs = render.Revisions{Stable: find(prod), Canary: wanted}
	if !a.State.IsIdle() {
		a.revs.Canary = find(tried)
	}
	return err
}

// Images are what prod runs and what is tried.
func (a *App) Images() (stable, canary []render.ContainerImage) {
	return a.revs.Stable.Images, a.revs.Canary.Images
}

// Revisions are the names of the two.
func (a *App) Revisions() (stable, canary string) { return a.revs.Stable.Name, a.revs.Canary.Name }

// Name is the app's name, with its namespace where it has one.
func (a *App) Name() string { return full(a.Spec.Metadata.Namespace, a.Spec.Metadata.Name) }

func full(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
