// Package kustomize builds a kustomization of the repository into objects, and renames objects with all that refers to them. It is the only place that imports
// kustomize's api.
//
// What a kustomization names is read from the file system that is given, and from nowhere else: nothing is fetched, nothing is run, nothing is written. Remote
// bases, helm charts, plugins and symlinks are refused before kustomize sees them (gather.go).
package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// Build returns the objects of the kustomization in a directory of fsys, in the order in which kustomize comes upon them, or that its sortOptions ask for. Field
// order and comments are the files', but where kustomize rewrites an object, as a JSON patch does.
func Build(fsys fs.FS, dir string) ([]*yaml.Node, error) {
	running.Lock()
	defer running.Unlock()
	dir = path.Clean(dir)
	g, err := gather(fsys, dir)
	if err != nil {
		return nil, err
	}
	objs, err := run(g, dir)
	if err == nil {
		err = g.whole(objs)
	}
	if err != nil {
		return nil, fmt.Errorf("base %q: %w", dir, err)
	}
	return objs, nil
}

// running guards what kustomize keeps in globals: the schemas that a kustomization names, which it asks whenever it looks at an object.
var running sync.Mutex

// run builds a directory of an in-memory file system. Kustomize panics on inputs that it did not expect; Flux recovers it too. The schemas are forgotten where a
// kustomization brought its own: kustomize's own ones take long to read. What it thinks of old fields it tells the variable os.Stderr, which nothing else
// looks at once the program has started; a nil file swallows it.
func run(g *gathering, dir string) (objs []*yaml.Node, err error) {
	if g.schemas {
		defer openapi.ResetOpenAPI()
	}
	stderr := os.Stderr
	os.Stderr = nil
	defer func() {
		os.Stderr = stderr
		if p := recover(); p != nil {
			objs, err = nil, fmt.Errorf("kustomize panicked: %v", p)
		}
	}()
	// Its default options restrict files to the kustomization's directory, keep the order, and know no plugins but those that are linked in.
	options := krusty.MakeDefaultOptions()
	if g.sorted {
		options.Reorder = krusty.ReorderOptionUnspecified // else it warns of the option, which is not the one that counts
	}
	built, err := krusty.MakeKustomizer(options).Run(g.to, path.Join("/", dir))
	if err != nil {
		return nil, errors.New(plain(err.Error()))
	}
	return nodes(built)
}

// What kustomize says of a resource that it tried to read as a file and then as a directory, or the other way round: of which there is one here.
var (
	asFile      = regexp.MustCompile(`accumulating resources: accumulation err='(.*)': must build at directory: '[^']*': file is not directory`)
	asDirectory = regexp.MustCompile(`accumulating resources: accumulation err='.*?': recursed accumulation of path '/([^']*)': `)
)

// plain leaves of an error of kustomize's what is the matter, and in which file.
func plain(text string) string {
	return asFile.ReplaceAllString(asDirectory.ReplaceAllString(text, "$1: "), "$1")
}

func nodes(built resmap.ResMap) ([]*yaml.Node, error) {
	objs := make([]*yaml.Node, 0, built.Size())
	for _, r := range built.Resources() {
		n := r.YNode()
		if n == nil || n.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s is no mapping", r.CurId())
		}
		stripAnnotations(n)
		quote(n)
		objs = append(objs, n)
	}
	return objs, nil
}

// stripAnnotations removes what kustomize notes on objects while it builds, and where buildMetadata asks for it: an object's origin is no part of it.
func stripAnnotations(obj *yaml.Node) {
	meta := child(obj, "metadata")
	notes := child(meta, "annotations")
	if notes == nil || notes.Kind != yaml.MappingNode {
		return
	}
	var kept []*yaml.Node
	for i := 0; i+1 < len(notes.Content); i += 2 {
		if !internal(notes.Content[i].Value) {
			kept = append(kept, notes.Content[i], notes.Content[i+1])
		}
	}
	if len(kept) == len(notes.Content) {
		return
	}
	if notes.Content = kept; len(kept) == 0 {
		remove(meta, "annotations")
	}
}

func internal(key string) bool {
	return key == "config.kubernetes.io/origin" || key == "alpha.config.kubernetes.io/transformations" || strings.HasPrefix(key, konfig.ConfigAnnoDomain+"/")
}

// quote puts quotes around the strings that kustomize prints with some, and that are no strings to readers of YAML 1.1, as Kubernetes' are: yes, 1:20.
func quote(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Style&^yaml.TaggedStyle == 0 && n.ShortTag() == "!!str" && older().MatchString(n.Value) {
		n.Style = yaml.DoubleQuotedStyle
	}
	for _, c := range n.Content {
		quote(c)
	}
}

// older matches https://yaml.org/type/bool.html, which also has true and false, and the numbers to base 60 of https://yaml.org/type/int.html and float.html.
var older = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?)$`)
})

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func remove(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return
		}
	}
}
