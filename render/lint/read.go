package lint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
)

// repo is everything that was read.
type repo struct {
	files    []*File
	objects  []*object
	byKind   map[string][]*object
	locks    map[string]*lockedApp // by directory
	charts   []string              // directories with a Chart.yaml
	patches  []string              // files that are patches of a kustomization
	specs    map[string]*File      // gitramp's specs, by path
	worlds   map[[2]string]bool    // pairs of directories that hold the same objects for different places
	canaries []*canary
	findings []Finding
	unpruned []unpruned
}

// lockedApp is a directory that gitramp writes.
type lockedApp struct {
	lock  render.Lock
	files map[string]bool
}

// object is one Kubernetes object.
type object struct {
	file                         *File
	node                         *yaml.Node
	group, kind, namespace, name string
	end                          int // its last line

	labels map[string]string // of an object that is not there yet: its own, or those of its pods
	read   *ingress          // what an Ingress says, once it is asked for
}

func (o *object) String() string {
	if o.namespace == "" {
		return o.kind + " " + o.name
	}
	return o.kind + " " + o.namespace + "/" + o.name
}

// id is what an object is in a cluster; two of one id are the same one, written twice.
func (o *object) id() string { return o.group + "/" + o.String() }

func (o *object) dir() string { return path.Dir(o.file.Path) }

// maxFile: whoever generates more than this does not write canaries by hand.
const maxFile = 10 << 20

// read takes a file in: manifests, a lock, a chart's or a kustomization's own file.
func (r *repo) read(f File) {
	r.files = append(r.files, &f)
	switch base := path.Base(f.Path); {
	case base == render.LockFile:
		if l, err := render.ReadLock(f.Name, f.Data); err == nil { // a broken one is for the verbs that need it
			app := &lockedApp{l, map[string]bool{}}
			for _, file := range l.Files {
				app.files[file.Path] = true
			}
			r.locks[path.Dir(f.Path)] = app
		}
	case base == "Chart.yaml":
		r.charts = append(r.charts, path.Dir(f.Path))
	case len(f.Data) > maxFile:
		r.broken(&f, 1, 1, fmt.Sprintf("has %d bytes: at most %d are looked at", len(f.Data), maxFile))
	default:
		r.documents(&f)
	}
}

func (r *repo) broken(f *File, line, column int, message string) {
	r.findings = append(r.findings, Finding{Lookup("GR001"), f.Name, f.Path, line, column, "", printable(message), ""})
}

var (
	yamlLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?(?s:(.*))$`)
	template = regexp.MustCompile(`\{\{|\{%`)
)

// documents takes in the objects of a file. A template of Helm's, or of some other engine, need not be YAML.
func (r *repo) documents(f *File) {
	d := yaml.NewDecoder(bytes.NewReader(f.Data))
	for {
		var doc yaml.Node
		err := decode(d, &doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if !template.Match(f.Data) {
				m := yamlLine.FindStringSubmatch(err.Error())
				line, _ := strconv.Atoi(append(m, "", "")[1])
				r.broken(f, max(line, 1), 1, "is not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
			}
			return
		}
		r.take(f, doc.Content[0])
	}
}

// decode keeps a parser's panic from being ours.
func decode(d *yaml.Decoder, n *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	return d.Decode(n)
}

// take notes an object, or the items of a list. What has no apiVersion, kind and name is no object.
func (r *repo) take(f *File, n *yaml.Node) {
	version, kind := text(n, "apiVersion"), text(n, "kind")
	group, _, grouped := strings.Cut(version, "/")
	if !grouped {
		group = ""
	}
	switch {
	case version == "" || kind == "":
		return
	case kind == "List" && group == "":
		for _, item := range list(n, "items") {
			if item != nil && text(item, "kind") != "List" {
				r.take(f, item)
			}
		}
		return
	case strings.HasPrefix(version, "kustomize.config.k8s.io/"):
		r.kustomization(f, n)
		return
	case version == render.APIVersion:
		if r.specs == nil {
			r.specs = map[string]*File{}
		}
		r.specs[f.Path] = f
		return
	case text(n, "metadata", "name") == "":
		return
	}
	o := &object{file: f, node: n, group: group, kind: kind, namespace: text(n, "metadata", "namespace"), name: text(n, "metadata", "name"), end: lastLine(n)}
	r.objects = append(r.objects, o)
}

// kustomization: the files that it patches with are no objects of their own.
func (r *repo) kustomization(f *File, n *yaml.Node) {
	add := func(name string) { r.patches = append(r.patches, path.Join(path.Dir(f.Path), name)) }
	for _, field := range []string{"patches", "patchesJson6902"} {
		for _, p := range list(n, field) {
			add(text(p, "path"))
		}
	}
	for _, p := range list(n, "patchesStrategicMerge") {
		add(p.Value)
	}
}

// link drops what only looks like an object, sorts the rest and finds out which directories are for different places.
func (r *repo) link() {
	r.objects = slices.DeleteFunc(r.objects, func(o *object) bool { return slices.Contains(r.patches, o.file.Path) || r.inChart(o.file.Path) })
	seen := map[string][]string{}
	for _, o := range r.objects {
		r.byKind[o.kind] = append(r.byKind[o.kind], o)
		for _, dir := range seen[o.id()] {
			if dir != o.dir() {
				a, b := parting(dir, o.dir())
				r.worlds[[2]string{a, b}], r.worlds[[2]string{b, a}] = true, true
			}
		}
		if !slices.Contains(seen[o.id()], o.dir()) {
			seen[o.id()] = append(seen[o.id()], o.dir())
		}
	}
	r.findCanaries()
}

func (r *repo) inChart(file string) bool {
	return slices.ContainsFunc(r.charts, func(dir string) bool { return under(file, path.Join(dir, "templates")) })
}

// under says whether a path is dir or lies below it.
func under(p, dir string) bool { return dir == "." || p == dir || strings.HasPrefix(p, dir+"/") }

// parting is where two directories part ways: the folders below the last one that they share; "x/." stands for x itself.
func parting(a, b string) (string, string) {
	as, bs := strings.Split(path.Clean("./"+a), "/"), strings.Split(path.Clean("./"+b), "/")
	if a == "." {
		as = nil
	}
	if b == "." {
		bs = nil
	}
	i := 0
	for i < len(as) && i < len(bs) && as[i] == bs[i] {
		i++
	}
	branch := func(parts []string) string {
		if i == len(parts) {
			return strings.Join(append(slices.Clone(parts), "."), "/")
		}
		return strings.Join(parts[:i+1], "/")
	}
	return branch(as), branch(bs)
}

// sees says whether two objects can be in one cluster. A repository often has the same app for several: the folders in which copies of an object lie are taken
// for different places from where they part ways.
func (r *repo) sees(a, b *object) bool {
	if len(r.worlds) == 0 || a.dir() == b.dir() {
		return true
	}
	x, y := parting(a.dir(), b.dir())
	return !r.worlds[[2]string{x, y}]
}

// kinds are the objects of some kinds that are in o's cluster.
func (r *repo) kinds(o *object, kinds ...string) []*object {
	var found []*object
	for _, kind := range kinds {
		for _, other := range r.byKind[kind] {
			if r.sees(o, other) {
				found = append(found, other)
			}
		}
	}
	return found
}

// ours is the app whose gitramp.lock names the object's file, nil where gitramp did not write it.
func (r *repo) ours(o *object) *lockedApp {
	if app := r.locks[o.dir()]; app != nil && app.files[path.Base(o.file.Path)] {
		return app
	}
	return nil
}
