// Package controllers does with golden trees, and with what gitramp init writes for them, what Flux's and Argo CD's controllers do, with their own code where that can
// be built here. It is a module of its own, for Flux's library brings a client of the API server.
package controllers

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/kustomize"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/follow"
)

// trees are all golden trees.
func trees(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("../../golden/*/[0-9][0-9]-*")
	bases, _ := filepath.Glob("../../golden/bases/*/[0-9][0-9]-*")
	if list = append(list, bases...); err != nil || len(list) < 200 {
		t.Fatalf("%d golden trees: %v", len(list), err)
	}
	return list
}

// TestFlux builds every golden tree as kustomize-controller does: its own library puts what the written Kustomization asks for into the tree's kustomization.yaml, and
// builds that with no plugin allowed and nothing read outside of the repository. What comes out is what the files say, and nothing else.
func TestFlux(t *testing.T) {
	for _, tree := range trees(t) {
		lock := lockOf(t, tree)
		root := t.TempDir()
		dir := filepath.Join(root, "deploy", lock.App)
		if err := os.CopyFS(dir, os.DirFS(tree)); err != nil {
			t.Fatal(err)
		}
		namespace := ""
		if lock.Namespace == "" {
			namespace = "default"
		}
		got, want := built(t, root, dir, lock), files(t, tree, namespace)
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if !reflect.DeepEqual(got[name], want[name]) {
				t.Errorf("%s: %s is built as\n%v\nwant\n%v", tree, name, got[name], want[name])
			}
		}
		if len(got) != len(want) || len(got) == 0 {
			t.Errorf("%s: %d objects are built of %d", tree, len(got), len(want))
		}
	}
}

// TestFluxRefusesPlugins: the build that TestFlux makes is one in which a function or a plugin fails, so that the trees prove something.
func TestFluxRefusesPlugins(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "deploy", "shop")
	generator := "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata:\n  name: shop\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: gitramp, args: [fn]}\n"
	for name, text := range map[string]string{"kustomization.yaml": "generators: [canary.yaml]\n", "canary.yaml": generator} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := build(t, root, dir, lock{App: "shop"}); err == nil {
		t.Error("a function was run, or left out silently")
	}
}

// lock is what the tests read of gitramp.lock.
type lock struct {
	App       string `json:"app"`
	Namespace string `json:"namespace"`
}

func lockOf(t *testing.T, tree string) (l lock) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(tree, render.LockFile))
	if err == nil {
		err = yaml.Unmarshal(data, &l)
	}
	if err != nil || l.App == "" {
		t.Fatal(tree, l, err)
	}
	return l
}

// build is what kustomize-controller makes of a directory for the Kustomization that init writes.
func build(t *testing.T, root, dir string, l lock) ([]byte, error) {
	t.Helper()
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	data, err := follow.Branch{URL: "https://forge.example.com/a/b", Name: "main"}.Flux("shop", []follow.App{{Name: l.App, Namespace: l.Namespace, Path: filepath.ToSlash(rel)}}, false)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := yaml.Unmarshal([]byte(strings.Split(string(data), "\n---\n")[1]), &object); err != nil {
		t.Fatal(err)
	}
	spec := object["spec"].(map[string]any)
	at := filepath.Join(root, spec["path"].(string))
	if _, err := kustomize.NewGenerator(root, unstructured.Unstructured{Object: object}).WriteFile(at); err != nil {
		return nil, err
	}
	all, err := kustomize.SecureBuild(root, at, false)
	if err != nil {
		return nil, err
	}
	return all.AsYaml()
}

func built(t *testing.T, root, dir string, l lock) map[string]any {
	t.Helper()
	data, err := build(t, root, dir, l)
	if err != nil {
		t.Fatalf("%s: %v", dir, err)
	}
	return objects(t, string(data), "")
}

// files are the objects of a tree that its kustomization lists; namespace is that of those that name none, "" to leave them so.
func files(t *testing.T, tree, namespace string) map[string]any {
	t.Helper()
	var list struct{ Resources []string }
	data, err := os.ReadFile(filepath.Join(tree, "kustomization.yaml"))
	if err == nil {
		err = yaml.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, name := range list.Resources {
		data, err := os.ReadFile(filepath.Join(tree, name))
		if err != nil {
			t.Fatal(err)
		}
		maps.Copy(all, objects(t, string(data), namespace))
	}
	return all
}

func objects(t *testing.T, text, namespace string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, doc := range strings.Split(text, "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			t.Fatal(err)
		}
		meta := object["metadata"].(map[string]any)
		if namespace != "" {
			meta["namespace"] = namespace
		}
		all[object["kind"].(string)+"/"+meta["name"].(string)] = object
	}
	return all
}
