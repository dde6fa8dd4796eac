// Package clients feeds what gitramp writes to the real programs that will read it. It is a module of its own so that kustomize, which needs other versions
// of shared libraries, is no dependency of gitramp.
package clients

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/kio"
)

// TestGoldenTreesBuild builds every golden tree with kustomize v5.8.2 and with kubectl's own kustomize, without a flag, and compares what comes out with the
// files, as objects.
func TestGoldenTreesBuild(t *testing.T) {
	trees, err := filepath.Glob("../../golden/*/[0-9][0-9]-*")
	bases, _ := filepath.Glob("../../golden/bases/*/[0-9][0-9]-*")
	trees = append(trees, bases...)
	if err != nil || len(trees) == 0 {
		t.Fatalf("no golden trees: %v", err)
	}
	kustomize := filepath.Join(t.TempDir(), "kustomize")
	run(t, "go", "build", "-o", kustomize, "sigs.k8s.io/kustomize/kustomize/v5")
	for name, argv := range map[string][]string{"kustomize": {kustomize, "build"}, "kubectl": {"kubectl", "kustomize"}} {
		t.Run(name, func(t *testing.T) {
			need(t, argv[0])
			for _, tree := range trees {
				got, want := objects(t, run(t, append(slices.Clone(argv), tree)...)), files(t, tree)
				for _, name := range slices.Sorted(maps.Keys(want)) {
					if !reflect.DeepEqual(got[name], want[name]) {
						t.Errorf("%s: %s is built as\n%v\nwant\n%v", tree, name, got[name], want[name])
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s: %d objects are built of %d", tree, len(got), len(want))
				}
			}
		})
	}
}

// files are the objects of a tree that its kustomization lists.
func files(t *testing.T, tree string) map[string]any {
	t.Helper()
	list, err := os.ReadFile(tree + "/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for line := range strings.Lines(string(list)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			data, err := os.ReadFile(tree + "/" + name)
			if err != nil {
				t.Fatal(err)
			}
			maps.Copy(all, objects(t, data))
		}
	}
	return all
}

// objects are by kind and name: kubectl sorts by kind.
func objects(t *testing.T, data []byte) map[string]any {
	t.Helper()
	nodes, err := (&kio.ByteReader{Reader: bytes.NewReader(data), OmitReaderAnnotations: true}).Read()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	for _, n := range nodes {
		object, err := n.Map()
		if err != nil {
			t.Fatal(err)
		}
		all[n.GetKind()+"/"+n.GetName()] = object
	}
	return all
}

func run(t *testing.T, argv ...string) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, stderr.Bytes())
	}
	return out
}
