package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// configTree is a tree whose prod reads one config, and the files of that.
func configTree(kind, name, content string) render.Tree {
	field := map[string]string{"ConfigMap": "configMapRef", "Secret": "secretRef"}[kind]
	return render.Tree{
		{Path: "prod-deployment.yaml", Data: []byte("kind: Deployment\nspec: {template: {spec: {containers: [{name: web, envFrom: [{" + field + ": {name: " + name + "}}]}]}}}\n")},
		{Path: "shared-" + strings.ToLower(kind) + "-" + name + ".yaml", Data: fmt.Appendf(nil, "apiVersion: v1\nkind: %s\nmetadata: {name: %s}\n%s", kind, name, content)},
	}
}

// TestConfigChanges: what two versions of a config say otherwise, in lines that do no harm where they are printed.
func TestConfigChanges(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ kind, was, is, before, after, want string }{
		{"ConfigMap", "env", "env", "data: {A: a}\n", "data: {A: a}\n", ""},
		{"ConfigMap", "env-hf678c7m2b", "env-47668c6k28", "data: {A: info}\n", "data: {A: debug}\n", "ConfigMap env: A: info -> debug"},
		{"ConfigMap", "env-hf678c7m2b", "env", "data: {A: info}\n", "data: {A: debug}\n", "ConfigMap env: A: info -> debug"},
		{"ConfigMap", "env", "env", "data: {B: b}\n", "data: {A: ''}\n", "ConfigMap env: A: added: \"\"\nConfigMap env: B: removed: b"},
		{"ConfigMap", "env", "other", "data: {A: a}\n", "data: {A: a}\n", "ConfigMap env: removed\nConfigMap other: added"},
		{"ConfigMap", "env", "env", "data: {f: \"a\\nb\\nc\\n\"}\n", "data: {f: \"a\\nB\\nc\\n\"}\n", "ConfigMap env: f: b -> B"},
		{"ConfigMap", "env", "env", "data: {f: \"a\\nc\\n\"}\n", "data: {f: \"a\\nb\\nb\\nc\\n\"}\n", "ConfigMap env: f: no line -> 2 lines"},
		{"ConfigMap", "env", "env", "data: {f: \"a\\n\"}\n", "data: {f: a}\n", "ConfigMap env: f: changed"},
		{"ConfigMap", "env", "env", "data: {A: a}\n", "data: {A: \"\\e[31mred\"}\n", `ConfigMap env: A: a -> "\x1b[31mred"`},
		{"ConfigMap", "env", "env", "data: {A: a}\n", "data: {A: " + long + "}\n", "ConfigMap env: A: a -> " + long[:60] + "..."},
		{"ConfigMap", "env", "env", "binaryData: {A: YQ==}\n", "binaryData: {A: Yg==}\n", "ConfigMap env: A: changed"},
		{"ConfigMap", "env", "env", "data: {A: a}\n", "data: {A: a}\nimmutable: true\n", "ConfigMap env: (immutable): added: true"},
		{"Secret", "keys", "keys", "data: {A: YQ==, B: Yg==}\n", "data: {A: Yg==, C: Yg==}\n", "Secret keys: A: changed\nSecret keys: B: removed\nSecret keys: C: added"},
		{"Secret", "keys", "keys", "stringData: {A: one}\n", "stringData: {A: two}\n", "Secret keys: A: changed"},
	} {
		var lines []string
		for _, change := range render.ConfigChanges(configTree(c.kind, c.was, c.before), configTree(c.kind, c.is, c.after)) {
			lines = append(lines, change.String())
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s -> %s: got\n%s\nwant\n%s", c.before, c.after, got, c.want)
		}
	}
}

// TestDiscreet: of a Secret a change shows which values are others, and none of them.
func TestDiscreet(t *testing.T) {
	was := []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {A: c2VjcmV0, B: c2FtZQ==}\nstringData: {C: plain}\n")
	is := []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\ndata: {A: b3RoZXI=, B: c2FtZQ==}\nstringData: {C: plain}\n")
	for _, ch := range []render.Change{{Op: render.Added, New: is}, {Op: render.Removed, Old: was}, {Op: render.Changed, Old: was, New: is}} {
		shown := ch.Discreet()
		for _, value := range []string{"c2VjcmV0", "b3RoZXI=", "c2FtZQ==", "plain"} {
			if text := string(shown.Old) + string(shown.New); strings.Contains(text, value) {
				t.Errorf("%s: shows %s:\n%s", ch.Op, value, text)
			}
		}
		if (len(shown.Old) > 0) != (len(ch.Old) > 0) || (len(shown.New) > 0) != (len(ch.New) > 0) {
			t.Errorf("%s: a side came or went", ch.Op)
		}
	}
	if shown := (render.Change{Op: render.Changed, Old: was, New: is}).Discreet(); !strings.Contains(string(shown.New), `A: "*** (changed)"`) || strings.Contains(string(shown.New), `B: "*** (changed)"`) {
		t.Errorf("which value is another one is not to be seen:\n%s", shown.New)
	}
	config := render.Change{Op: render.Added, New: []byte("kind: ConfigMap\ndata: {A: a}\n")}
	if shown := config.Discreet(); string(shown.New) != string(config.New) {
		t.Errorf("a ConfigMap is hidden:\n%s", shown.New)
	}
}
