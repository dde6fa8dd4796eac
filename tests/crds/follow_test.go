package crds

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/follow"
)

// controllers are the modules that hold the CRDs, at the newest versions that this Go reads, by what the checksum database says of each. They are read and not built,
// so they are no dependency: what Argo CD is made of is more than all the rest.
var controllers = []struct{ module, sum, dir, version string }{
	{"github.com/argoproj/argo-cd/v3@v3.5.7", "h1:Xm1BF+I5OgDKUG3SDK49vn2/Y5AMyaNVko+/JT08gj0=", "manifests/crds/application*-crd.yaml", "v1alpha1"},
	{"github.com/fluxcd/source-controller@v1.9.6", "h1:nG534/bI6nVpyHra7ONAk6xDB3xPsVT+EOLHZHXPrrc=", "config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml", "v1"},
	{"github.com/fluxcd/kustomize-controller@v1.9.6", "h1:XB+G3A0mky0j5uVHZWv4oSlS2RvZBoNIUhstIvY0JKE=", "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml", "v1"},
}

func loadControllers(t *testing.T) map[string]kind {
	t.Helper()
	kinds := map[string]kind{}
	for _, c := range controllers {
		files, err := filepath.Glob(filepath.Join(fetched(t, c.module, c.sum), c.dir))
		if err != nil || len(files) == 0 {
			t.Fatal(c.module, files, err)
		}
		for _, file := range files {
			read(t, kinds, file, c.version)
		}
	}
	return kinds
}

// fetched is where a module lies, once it is here and is the one that is meant.
func fetched(t *testing.T, module, sum string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir() // no module's go.sum takes it in
	out, err := cmd.Output()
	var got struct{ Dir, Sum, Error string }
	if json.Unmarshal(out, &got) != nil || err != nil || got.Error != "" || got.Sum != sum {
		t.Fatalf("%s: %v\n%s", module, err, out)
	}
	return got.Dir
}

var (
	branch = follow.Branch{URL: "ssh://git@forge.example.com:2222/acme/deploy.git", Name: "release/live"}
	fleet  = []follow.App{
		{Name: "shop", Path: "deploy/shop", SpecDir: "."},
		{Name: "cart", Namespace: "web", Path: "deploy/web/cart", SpecDir: "apps/cart"},
		{Name: "a1", Namespace: "1", Path: "live", SpecDir: "apps/a1"},
	}
)

// written is everything that init --argocd and init --flux write.
func written(t *testing.T) (docs []string) {
	t.Helper()
	add := func(data []byte, err error) {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, strings.Split(string(data), "\n---\n")...)
	}
	for _, a := range fleet {
		for _, plugin := range []bool{false, true} {
			add(branch.Application(a, plugin))
			add(branch.Flux(a.FullName(), []follow.App{a}, plugin))
		}
	}
	add(branch.ApplicationSet(fleet))
	add(branch.Flux("gitramp", fleet, false))
	return docs
}

// TestControllersAreAdmitted: the API server takes each of the objects as it is, and drops nothing of it. What it fills in is the controllers' own business.
func TestControllersAreAdmitted(t *testing.T) {
	kinds := loadControllers(t)
	seen := map[string]int{}
	for _, doc := range written(t) {
		obj := object(t, []byte(doc))
		name := obj["kind"].(string)
		k, known := kinds[name]
		if !known {
			t.Fatalf("there is no CRD for %s", name)
		}
		seen[name]++
		if said := refused(k.admit(t, obj, nil)); len(said) > 0 {
			t.Errorf("%s\n%s", strings.Join(said, "\n"), doc)
		}
	}
	for _, name := range []string{"Application", "ApplicationSet", "GitRepository", "Kustomization"} {
		if seen[name] == 0 {
			t.Errorf("no %s is written", name)
		}
	}
}

func refused(said []string) []string {
	return slices.DeleteFunc(said, func(s string) bool { return strings.HasPrefix(s, "defaulted") })
}

// TestBrokenControllersAreCaught: what is wrong with each kind is found.
func TestBrokenControllersAreCaught(t *testing.T) {
	kinds := loadControllers(t)
	for _, c := range []struct{ kind, old, new, want string }{
		{"Application", "selfHeal: true", "selfHeal: maybe", "selfHeal"},
		{"Application", "selfHeal: true", "selfheal: true", "pruned"},
		{"Application", "project: default", "projects: default", "project"},
		{"ApplicationSet", "revision:", "rev:", "revision"},
		{"ApplicationSet", "goTemplate: true", "goTemplate: 'true'", "goTemplate"},
		{"GitRepository", "url: ssh://git@forge.example.com:2222/", "url: git@forge.example.com:", "url"},
		{"GitRepository", "interval: 1m", "interval: 1 minute", "interval"},
		{"Kustomization", "prune: true", "purge: true", "prune"},
		{"Kustomization", "timeout: 5m", "timeout: 5", "timeout"},
	} {
		found := false
		for _, doc := range written(t) {
			if text := strings.Replace(doc, c.old, c.new, 1); strings.Contains(doc, "kind: "+c.kind+"\n") && text != doc {
				found = true
				if said := strings.Join(refused(kinds[c.kind].admit(t, object(t, []byte(text)), nil)), "\n"); !strings.Contains(said, c.want) {
					t.Errorf("%s, %s: it says %q, want %s", c.kind, c.new, said, c.want)
				}
			}
		}
		if !found {
			t.Errorf("%s: nothing has %s", c.kind, c.old)
		}
	}
}
