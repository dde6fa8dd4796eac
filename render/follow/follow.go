// Package follow writes what makes Argo CD or Flux apply an output path: an Application, an ApplicationSet, a GitRepository with Kustomizations, and the plugin with
// which Argo CD runs gitramp itself.
//
// It sets fields of objects that are valid as they lie here, and judges nothing: that a controller can reach a URL, or that an object lies outside of what it makes
// the controller prune, is for the caller to know.
package follow

import (
	"bytes"
	"embed"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
)

//go:embed *.yaml
var files embed.FS

// Branch is a branch of a repository, as a controller finds it.
type Branch struct{ URL, Name string }

// NeedsSecret says whether Flux reads the branch with a secret in any case: over ssh there is no other way (fluxcd.io/flux/components/source/gitrepositories).
func (b Branch) NeedsSecret() bool { return strings.HasPrefix(b.URL, "ssh://") }

// App is an app whose output path, in the branch, is to be applied.
type App struct {
	Name, Namespace string // Namespace may be empty
	Path            string // the output path
	SpecDir         string // where the spec lies: for the plugin
}

// FullName is what the app's objects are called: no name has a dot in it, so no two apps share one.
func (a App) FullName() string {
	if a.Namespace == "" {
		return a.Name
	}
	return a.Namespace + "." + a.Name
}

// noNamespace is where the objects of an app go that says no namespace.
const noNamespace = "default"

// Application is Argo CD's object for one app. With plugin, Argo CD runs gitramp on the spec instead of reading the output path.
func (b Branch) Application(a App, plugin bool) ([]byte, error) {
	n, err := load("application")
	if err != nil {
		return nil, err
	}
	node.Set(n, node.String(a.FullName()), "metadata", "name")
	b.fill(n, a.Path, a.Namespace)
	if plugin {
		node.Set(n, node.String(a.SpecDir), "spec", "source", "path")
		node.Set(n, node.Map(node.String("name"), node.String("gitramp")), "spec", "source", "plugin")
		node.Clear(n, "metadata", "annotations") // with the paths, .git would stay behind
	}
	return node.Encode(n)
}

// text is a string, and a template of Argo CD's in the quotes that leave it as it is.
func text(s string) *yaml.Node {
	n := node.String(s)
	if strings.Contains(s, "{{") {
		n.Style = yaml.SingleQuotedStyle
	}
	return n
}

// fill sets what is alike in an Application and in the template of an ApplicationSet.
func (b Branch) fill(n *yaml.Node, path, namespace string) {
	if namespace == "" {
		namespace = noNamespace
	}
	node.Set(n, node.String(b.URL), "spec", "source", "repoURL")
	node.Set(n, node.String(b.Name), "spec", "source", "targetRevision")
	node.Set(n, text(path), "spec", "source", "path")
	node.Set(n, text(namespace), "spec", "destination", "namespace")
}

// The fields of an ApplicationSet's Applications are templates of Argo CD's: what they name is in the lock, or comes from where it lies.
const (
	lockName      = `{{ if hasKey . "namespace" }}{{ .namespace }}.{{ end }}{{ .app }}`
	lockNamespace = `{{ dig "namespace" "` + noNamespace + `" . }}`
	lockPath      = `{{ .path.path }}`
)

// ApplicationSet is Argo CD's object for a fleet: an Application for each lock in the directories where the apps are.
func (b Branch) ApplicationSet(apps []App) ([]byte, error) {
	set, err := load("applicationset")
	if err != nil {
		return nil, err
	}
	each, err := load("application")
	if err != nil {
		return nil, err
	}
	b.fill(each, lockPath, lockNamespace)
	node.Set(each, text(lockName), "metadata", "name")
	node.Clear(each, "metadata", "namespace") // its own
	node.Set(set, node.Map(), "spec", "template")
	for _, key := range []string{"metadata", "spec"} {
		node.Set(set, node.Get(each, key), "spec", "template", key)
	}
	git := node.Get(set, "spec", "generators", "0", "git")
	node.Set(git, node.String(b.URL), "repoURL")
	node.Set(git, node.String(b.Name), "revision")
	locks := node.Seq()
	for _, pattern := range lockPatterns(apps) {
		locks.Content = append(locks.Content, node.Map(node.String("path"), node.String(pattern)))
	}
	node.Set(git, locks, "files")
	return node.Encode(set)
}

// lockPatterns find the locks of the apps and of others beside them: below the first directory of each output path. Argo CD takes them for git's own pathspecs or,
// where it is told so, for globs; both take ** for any directories.
func lockPatterns(apps []App) []string {
	var list []string
	for _, a := range apps {
		pattern := a.Path + "/" + render.LockFile
		if top, _, below := strings.Cut(a.Path, "/"); below {
			pattern = top + "/**/" + render.LockFile
		}
		list = append(list, pattern)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Flux is one source, named so, and a Kustomization for each app. wait is for controllers that drop a health check when there is a new commit.
func (b Branch) Flux(name string, apps []App, wait bool) ([]byte, error) {
	source, err := load("gitrepository")
	if err != nil {
		return nil, err
	}
	node.Set(source, node.String(name), "metadata", "name")
	node.Set(source, node.String(b.URL), "spec", "url")
	node.Set(source, node.String(b.Name), "spec", "ref", "branch")
	if node.Set(source, node.String(name), "spec", "secretRef", "name"); !b.NeedsSecret() {
		node.Clear(source, "spec", "secretRef")
	}
	docs := []*yaml.Node{source}
	for _, a := range apps {
		n, err := load("kustomization")
		if err != nil {
			return nil, err
		}
		node.Set(n, node.String(a.FullName()), "metadata", "name")
		node.Set(n, node.String(name), "spec", "sourceRef", "name")
		node.Set(n, node.String("./"+a.Path), "spec", "path")
		if a.Namespace == "" {
			node.Set(n, node.String(noNamespace), "spec", "targetNamespace")
		}
		node.Set(n, node.Bool(wait), "spec", "wait")
		docs = append(docs, n)
	}
	var out [][]byte
	for _, n := range docs {
		data, err := node.Encode(n)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return bytes.Join(out, []byte("---\n")), nil
}

// Plugin is the ConfigManagementPlugin, as it lies in the sidecar.
func Plugin() ([]byte, error) { return files.ReadFile("plugin.yaml") }

func load(kind string) (*yaml.Node, error) {
	data, err := files.ReadFile(kind + ".yaml")
	if err != nil {
		return nil, err
	}
	return node.Parse(data)
}
