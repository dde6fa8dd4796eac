package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const ours = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata:
  name: shop
  annotations: {config.kubernetes.io/function: "exec: {path: gitramp, args: [fn]}"}
`

// repositoryOf is a directory with files; of a text that begins with -> the rest is where a symlink leads, and that of a pipe is "|".
func repositoryOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(at), 0o755)
		switch target, link := strings.CutPrefix(text, "-> "); {
		case err != nil:
		case link:
			err = os.Symlink(target, at)
		case text == "|":
			err = syscall.Mkfifo(at, 0o644)
		default:
			err = os.WriteFile(at, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// looked are the findings of a directory, a line each; they have a minute.
func looked(t *testing.T, root string) string {
	t.Helper()
	done := make(chan []Finding, 1)
	go func() { done <- lookForFunctions(context.Background(), root) }()
	select {
	case list := <-done:
		var b strings.Builder
		for _, f := range list {
			fmt.Fprintln(&b, f.OK, f.What, f.Says)
		}
		return b.String()
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
		return ""
	}
}

// TestHostileRepository: whatever a kustomization names, only regular files of the repository are read, and as much of them as is allowed.
func TestHostileRepository(t *testing.T) {
	out := strings.Repeat("../", 40)
	elsewhere := repositoryOf(t, map[string]string{"canary.yaml": ours})
	for name, c := range map[string]struct {
		files map[string]string
		found bool
	}{
		"a device by its path":     {map[string]string{"kustomization.yaml": "generators: [" + out + "dev/zero]\n"}, false},
		"a device by a link":       {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": "-> /dev/zero"}, false},
		"a device, as a directory": {map[string]string{"kustomization.yaml": "generators: [d]\n", "d/kustomization.yaml": "resources: [c.yaml]\n", "d/c.yaml": "-> /dev/zero"}, false},
		"a pipe":                   {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": "|"}, false},
		"a pipe by a link":         {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": "-> pipe", "pipe": "|"}, false},
		"another's, by its path":   {map[string]string{"kustomization.yaml": "generators: [" + out + elsewhere + "/canary.yaml]\n"}, false},
		"another's, by a link":     {map[string]string{"kustomization.yaml": "generators: [d/canary.yaml]\n", "d": "-> " + elsewhere}, false},
		"what is too large":        {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": ours + strings.Repeat("#", maxText)}, false},
		"its own, by a link":       {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": "-> d/canary.yaml", "d/canary.yaml": ours}, true},
		"itself by a loop":         {map[string]string{"kustomization.yaml": "generators: [c.yaml]\n", "c.yaml": "-> c.yaml"}, false},
	} {
		if got := looked(t, repositoryOf(t, c.files)); (got != "") != c.found {
			t.Errorf("%s: found %q, want something: %v", name, got, c.found)
		}
	}
}

// TestHostileSizes: what is large, deep or named many times takes no longer than what is read once.
func TestHostileSizes(t *testing.T) {
	files := map[string]string{
		"kustomization.yaml":      "generators: [canary.yaml]\n",
		"canary.yaml":             ours,
		"many/kustomization.yaml": "generators:\n" + strings.Repeat("- ../large.yaml\n", maxText/20),
		"large.yaml":              strings.Repeat("a: {b: [c]}\n---\n", maxText/20),
		"lines.sh":                strings.Repeat("kustomize \\\nbuild $X\\\n", maxText/25),
		"builds.sh":               strings.Repeat("kustomize build $X d00\n", maxText/25),
	}
	for i := range 60 {
		next := fmt.Sprintf("../d%02d", i+1)
		files[fmt.Sprintf("d%02d/kustomization.yaml", i)] = "resources: [" + next + ", " + next + ", ../d00]\n"
	}
	files["d60/kustomization.yaml"] = "resources: [..]\n"
	got := looked(t, repositoryOf(t, files))
	if n := strings.Count(got, "builds.sh:"); n != maxText/25 {
		t.Errorf("%d builds of %d are found", n, maxText/25)
	}
}

// TestInterrupted: whoever has had enough gets what there is.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if got := lookForFunctions(ctx, repositoryOf(t, map[string]string{"kustomization.yaml": "generators: [canary.yaml]\n", "canary.yaml": ours})); got != nil {
		t.Errorf("after the end it finds %v", got)
	}
}

// TestSecrets: what lets one in is not told again.
func TestSecrets(t *testing.T) {
	root := repositoryOf(t, map[string]string{
		"kustomization.yaml": "generators: [canary.yaml]\n",
		"canary.yaml":        ours,
		"deploy.sh": `kustomize build --enable-alpha-plugins https://user:s3cr3t@host/repo?ref=main
kustomize build "https://user:s3cr3t@s3cr3t@host/repo"
kustomize build git::https://s3cr3t@host/repo -e "TOKEN=s3cr3t s3cr3t" --env=A=s3cr3t .
kubectl apply -k . --token s3cr3t --password='s3cr3t'
`,
		"cm.yaml":   "kind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {kustomize.buildOptions: --env A=s3cr3t}\n",
		"flux.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: {path: .}\n",
	})
	got := looked(t, root)
	if strings.Contains(got, "s3cr3t") {
		t.Errorf("it says\n%s", got)
	}
	for _, want := range []string{"deploy.sh:1 kustomize build --enable-alpha-plugins https://host/repo?ref=main: without", "deploy.sh:2 ", "deploy.sh:3 ", "deploy.sh:4 ", "cm.yaml Argo CD", "flux.yaml Flux"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestDocuments: a document that cannot be read hides none of the others.
func TestDocuments(t *testing.T) {
	var kinds []string
	for _, d := range documents([]byte("%YAML 1.2\n---\nkind: A\n---\nkind: {{ .Values.kind }}\nx: [\n--- # here\nkind: B\ntext: |\n  ---\n  kind: no\n...\nkind: C\n---\r\nkind: D\r\n--- {kind: E}\n---\n\tkind: x\n---\n- kind: list\n---\nkind: F")) {
		kinds = append(kinds, d.Kind)
	}
	if want := []string{"A", "B", "C", "D", "E", "F"}; !slices.Equal(kinds, want) {
		t.Errorf("%q, want %q", kinds, want)
	}
}
