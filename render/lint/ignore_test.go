package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/lint"
)

// TestIgnore: where a comment counts, and for how much.
func TestIgnore(t *testing.T) {
	const because = "# gitramp:ignore GR208 closed on sundays"
	none := []string{"  replicas: 3\n", "  replicas: 0\n"}
	for _, c := range []struct {
		what  string
		edits []string
		want  bool // ignored
	}{
		{"at the end of the line", []string{none[0], "  replicas: 0 " + because + "\n"}, true},
		{"above the line", []string{none[0], "  " + because + "\n" + none[1]}, true},
		{"above the line, with another comment between", []string{none[0], "  " + because + "\n  # night\n\n" + none[1]}, true},
		{"above the object", append([]string{"# A canary by hand", because + "\n# A canary by hand"}, none...), true},
		{"of several codes", []string{none[0], "  replicas: 0 # gitramp:ignore GR101,GR208 closed\n"}, true},
		{"above another line", append([]string{"  selector: {matchLabels: {app: shop}}", "  " + because + "\n  selector: {matchLabels: {app: shop}}"}, none...), false},
		{"above another object", append([]string{"kind: Service\nmetadata: {name: shop,", "kind: Service\n" + because + "\nmetadata: {name: shop,"}, none...), false},
		{"another code", []string{none[0], "  replicas: 0 # gitramp:ignore GR101 closed\n"}, false},
		{"without a reason", []string{none[0], "  replicas: 0 # gitramp:ignore GR208\n"}, false},
		{"a code that only begins so", []string{none[0], "  replicas: 0 # gitramp:ignore GR2081 closed\n"}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			text := base(t, nginx)
			for i := 0; i+1 < len(c.edits); i += 2 {
				text = strings.Replace(text, c.edits[i], c.edits[i+1], 1)
			}
			r := lint.Run([]lint.File{{Name: "a.yaml", Path: "a.yaml", Data: []byte(text)}})
			i := slices.IndexFunc(r.Findings, func(f lint.Finding) bool { return f.Code == "GR208" })
			if i < 0 || (r.Findings[i].Ignored != "") != c.want || r.Count(lint.Error) != map[bool]int{true: 0, false: 1}[c.want] {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// TestIgnoreInSpec: what gitramp writes is not edited, so a comment in the spec is for all of it.
func TestIgnoreInSpec(t *testing.T) {
	files := load(t, "../../golden/seed/02-weight-20", "deploy/demo")
	spec := lint.File{Name: "canary.yaml", Path: "canary.yaml", Data: []byte("# gitramp:ignore GR205,GR206 a demo\napiVersion: gitramp.dev/v1alpha1\nkind: Canary\n")}
	before, after := lint.Run(files), lint.Run(append(files, spec))
	if before.Count(lint.Warning) != 4 || after.Count(lint.Warning) != 0 || len(after.Findings) != len(before.Findings) {
		t.Errorf("%d warnings before, %d after, %v", before.Count(lint.Warning), after.Count(lint.Warning), lines(after))
	}
	spec.Path = "elsewhere/canary.yaml"
	if other := lint.Run(append(files, spec)); other.Count(lint.Warning) != 4 {
		t.Errorf("the comment of another spec counts: %v", lines(other))
	}
}

// TestPlaces: copies of an app for several clusters are not taken for one cluster's, and a file that is only a patch or a template is no object.
func TestPlaces(t *testing.T) {
	text := base(t, nginx)
	leak := ingress("blog", "blog.example.com", "/", "shop", "nginx")
	file := func(path, data string) lint.File { return lint.File{Name: path, Path: path, Data: []byte(data)} }
	for _, c := range []struct {
		what  string
		files []lint.File
		want  []string
	}{
		{"another folder", []lint.File{file("shop/a.yaml", text), file("blog/a.yaml", leak)}, []string{"blog/a.yaml:17:13 GR101"}},
		{"two clusters", []lint.File{file("eu/shop/a.yaml", text), file("us/shop/a.yaml", text), file("us/blog/a.yaml", leak)}, []string{"us/blog/a.yaml:17:13 GR101"}},
		{"the same host in another namespace", []lint.File{file("b/0.yaml", strings.ReplaceAll(text[strings.LastIndex(text[:strings.Index(text, "kind: Ingress")], "---"):], "namespace: web", "namespace: old")),
			file("b/a.yaml", text)}, nil},
		{"a base and what differs of it", []lint.File{file("base/a.yaml", text), file("base/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"),
			file("over/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n- path: p.yaml\n"),
			file("over/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop, namespace: web}\nspec: {replicas: 0}\n")}, nil},
		{"a chart", []lint.File{file("chart/Chart.yaml", "name: a\n"), file("chart/templates/a.yaml", strings.Replace(text, "replicas: 3", "replicas: 0", 1))}, nil},
		{"a list", []lint.File{file("a.yaml", "apiVersion: v1\nkind: List\nitems:\n- "+strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(strings.Replace(text, "replicas: 3", "replicas: 0", 1), "---\n", "~")), "\n", "\n  "))}, nil},
		{"an alias and a merge key", []lint.File{file("a.yaml", strings.Replace(text, "  replicas: 3\n", "  <<: &more {replicas: 0}\n  note: *more\n", 1))}, []string{"a.yaml:6:14 GR208"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.what == "a list" { // written as a list, not as documents
				data := string(c.files[0].Data)
				data = strings.ReplaceAll(data, "\n  ~", "\n- ")
				c.files[0].Data, c.want = []byte(data), []string{"a.yaml:9:5 GR208"}
			}
			var got []string
			for _, line := range lines(lint.Run(c.files)) {
				if !strings.Contains(line, "GR210") {
					got = append(got, line)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
