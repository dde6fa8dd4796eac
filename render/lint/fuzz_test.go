package lint_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/lint"
)

// FuzzRun: whatever lies in a repository, it is looked at without a panic, twice alike, and each finding has a place and no control character in it.
func FuzzRun(f *testing.F) {
	for _, name := range []string{nginx, gateway} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	for _, v := range vectors {
		if v.extra != "" {
			f.Add(v.extra)
		}
	}
	for _, text := range []string{rollout, "&a {apiVersion: v1, kind: List, items: [*a]}", "&a {apiVersion: v1, kind: ConfigMap, metadata: *a}", "apiVersion: v1\nkind: Service\nmetadata: {name: \"a\\e[31m\", annotations: {argocd.argoproj.io/tracking-id: \"\\e\"}}\n",
		"<<: *a\n", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, annotations: [a]}\nspec: b\n", "? [a]\n: {apiVersion: v1}\n", "\t", "%", "a: *b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := []lint.File{{Name: "a.yaml", Path: "x/a.yaml", Data: []byte(text)}, {Name: "b.yaml", Path: "y/b.yaml", Data: []byte(base(t, nginx))}}
		r := lint.Run(files)
		if again := lint.Run(files); strings.Join(lines(r), "\n") != strings.Join(lines(again), "\n") {
			t.Errorf("%v, and then %v", lines(r), lines(again))
		}
		for _, found := range r.Findings {
			if found.Line < 1 || found.Column < 1 || found.Message == "" || strings.ContainsAny(found.Object+found.Message, "\x1b\n\r") {
				t.Errorf("%+v", found)
			}
		}
	})
}
