package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/cmd/internal/kustomize"
	"github.com/gitramp/gitramp/render/krm"
)

// fnCase is a fixture as the input of the function.
type fnCase struct {
	spec, golden string
	items        string // of the list: a base lies in base/
	loose        string // the same, of a base that nobody says where it lies
	output       string // where its objects go
}

// fnCases are all fixtures. The items of one with a base are what kustomize builds of it, and the objects of the golden idle tree, which is what prod runs.
func fnCases(t *testing.T) map[string]fnCase {
	t.Helper()
	cases := map[string]fnCase{}
	specs, err := filepath.Glob("../../fixtures/*/canary.yaml")
	bases, _ := filepath.Glob("../../fixtures/bases/*/canary.yaml")
	if err != nil || len(specs) < 10 || len(bases) < 5 {
		t.Fatal(specs, bases, err)
	}
	for _, file := range append(specs, bases...) {
		dir := filepath.Dir(file)
		name, _ := filepath.Rel("../../fixtures", dir)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var meta struct {
			Metadata struct{ Name, Namespace string }
			Spec     struct{ Output struct{ Path string } }
		}
		if err := yaml.Unmarshal(data, &meta); err != nil {
			t.Fatal(err)
		}
		c := fnCase{spec: string(data), golden: "../../golden/" + name, output: meta.Spec.Output.Path}
		if c.output == "" {
			c.output = filepath.Join("deploy", meta.Metadata.Namespace, meta.Metadata.Name)
		}
		if strings.HasPrefix(name, "bases") {
			objs, err := kustomize.Build(os.DirFS(dir), "base")
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range objs {
				c.loose += asItem(t, o, "")
				c.items += asItem(t, o, fmt.Sprintf("base/%d.yaml", i))
			}
			for _, path := range resources(t, c.golden+"/00-idle") {
				prod := asItem(t, parsed(t, read1(t, c.golden+"/00-idle/"+path)), c.output+"/"+path)
				c.items, c.loose = c.items+prod, c.loose+prod
			}
		}
		cases[name] = c
	}
	return cases
}

// TestFnEqualsRender: over every fixture and step the function writes what render does, byte for byte, whatever step its input is at up to that one; and the same
// again of its own output.
func TestFnEqualsRender(t *testing.T) {
	for name, c := range fnCases(t) {
		t.Run(name, func(t *testing.T) {
			steps, err := filepath.Glob(c.golden + "/[0-9][0-9]-*")
			if err != nil || len(steps) < 4 {
				t.Fatal(steps, err)
			}
			before, next := foreign+c.items, ""
			for i, dir := range steps {
				want := golden(t, dir)
				for from, items := range map[string]string{"the first input": foreign + c.items, "the step before": before, "a loose base": c.loose} {
					if from == "a loose base" && (c.loose == "" || i%3 != 2) {
						continue
					}
					once := fnOK(t, list(c.spec, filepath.Base(dir), items))
					if got := stream(t, once, c.output); got != want {
						t.Errorf("%s from %s: it is\n%s\nwant\n%s", dir, from, got, want)
					}
					if strings.HasPrefix(items, foreign) && !strings.Contains(once, "\nitems:\n"+foreign) {
						t.Errorf("%s from %s: others' items are not as they were:\n%s", dir, from, once)
					}
					if from == "the first input" {
						continue
					}
					if twice := fnOK(t, once); twice != once {
						t.Errorf("%s from %s: of its own output it makes\n%s\nand that was\n%s", dir, from, twice, once)
					}
					if from == "the step before" {
						_, next, _ = strings.Cut(once, "\nitems:\n")
					}
				}
				before = next
			}
		})
	}
}

// TestFnHandsOver: an autoscaler that comes would take two answers to one input, so it is refused.
func TestFnHandsOver(t *testing.T) {
	c := fnCases(t)["bases/hpa"]
	var items strings.Builder
	for _, o := range parsed(t, c.items).Content {
		if strings.Contains(encode(t, o), "kind: HorizontalPodAutoscaler") && strings.Contains(encode(t, o), c.output) {
			continue
		}
		text := encode(t, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{o}})
		if strings.Contains(text, c.output+"/prod-deployment.yaml") {
			text = strings.Replace(text, "\n  spec:\n", "\n  spec:\n    replicas: 5\n", 1)
		}
		items.WriteString(text)
	}
	var stdout, stderr bytes.Buffer
	if code := fnRun(list(c.spec, "idle", items.String()), &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), "spec.base: has another owner of the replicas than prod") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// TestFnAlone: without a list it prints what render --step does.
func TestFnAlone(t *testing.T) {
	for name, c := range fnCases(t) {
		if c.items != "" {
			continue // without items there is no base
		}
		steps, _ := filepath.Glob(c.golden + "/[0-9][0-9]-*")
		for _, dir := range steps {
			var stdout, stderr bytes.Buffer
			id := filepath.Base(dir)
			_, step, _ := strings.Cut(id, "-")
			if code := run([]string{"fn", "../../fixtures/" + name + "/canary.yaml", "--step", step}, &stdout, &stderr, never); code != 0 || stdout.String() != golden(t, dir) {
				t.Errorf("%s: exit code %d, %s\n%s", dir, code, &stderr, &stdout)
			}
		}
	}
}

// foreign are items of others, written as nobody else would: they have to come out as they are.
const foreign = `# of another app,
# with comments

- apiVersion:   v1   # spaced
  kind: "ConfigMap"
  metadata: {name: other,   annotations: {internal.config.kubernetes.io/path: 'other/cm.yaml',
     config.kubernetes.io/path: other/cm.yaml, internal.config.kubernetes.io/index: '0'}}
  data:
    text: |
      # not a comment

      - not an item
    # behind the text
    number: 0o17
-
  kind: Deployment
  apiVersion: apps/v1
  metadata:
      name: elsewhere
      namespace: elsewhere
      annotations: {config.kubernetes.io/local-config: "true"}
`

// fnOK runs the function, and has no result that is an error.
func fnOK(t *testing.T, in string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := fnRun(in, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s\n%s\n%s", code, &stderr, &stdout, in)
	}
	return stdout.String()
}

func fnRun(in string, stdout, stderr *bytes.Buffer) int {
	c := &cli{out: stdout, err: stderr, output: "table"}
	return c.finish(c.fnList(strings.NewReader(in), krm.Call{Rename: renameOnce}))
}

// renamed are the objects that kustomize has renamed before: the steps of a release ask for the same again and again.
var renamed = map[string][]*yaml.Node{}

func renameOnce(objs []*yaml.Node, names []string) ([]*yaml.Node, error) {
	key, err := yaml.Marshal([]any{objs, names})
	if err != nil || renamed[string(key)] != nil {
		return renamed[string(key)], err
	}
	renamed[string(key)], err = kustomize.Rename(objs, names)
	return renamed[string(key)], err
}

// list is a ResourceList with a spec at a step.
func list(spec, step, items string) string {
	var b strings.Builder
	b.WriteString("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n")
	for line := range strings.Lines(spec) {
		line = strings.Replace(line, "  annotations: {", fmt.Sprintf("  annotations: {gitramp.dev/step: %q, ", step), 1)
		if b.WriteString("  " + line); line == "metadata:\n" && !strings.Contains(spec, "  annotations: {") {
			fmt.Fprintf(&b, "    annotations: {gitramp.dev/step: %q}\n", step)
		}
	}
	return b.String() + "items:\n" + items
}

// stream is what a list has below a directory, as render prints it.
func stream(t *testing.T, list, dir string) string {
	t.Helper()
	var out strings.Builder
	for _, item := range parsed(t, list).Content[7].Content {
		if notes := noted(item, dir); notes != nil {
			out.WriteString("---\n" + encode(t, item))
		}
	}
	return out.String()
}

// noted takes the path and the index from an item that lies in a directory.
func noted(item *yaml.Node, dir string) *yaml.Node {
	meta := field(item, "metadata")
	notes := field(meta, "annotations")
	path := field(notes, "internal.config.kubernetes.io/path")
	if path == nil || filepath.Dir(path.Value) != dir {
		return nil
	}
	if notes.Content = notes.Content[:len(notes.Content)-4]; len(notes.Content) == 0 {
		meta.Content = meta.Content[:len(meta.Content)-2]
	}
	return notes
}

func field(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func parsed(t *testing.T, text string) *yaml.Node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err, text)
	}
	return doc.Content[0]
}

func encode(t *testing.T, n *yaml.Node) string {
	t.Helper()
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asItem is an object in a list, at a path.
func asItem(t *testing.T, o *yaml.Node, path string) string {
	t.Helper()
	if path != "" {
		var v yaml.Node
		if err := yaml.Unmarshal([]byte(`{internal.config.kubernetes.io/path: "`+path+`"}`), &v); err != nil {
			t.Fatal(err)
		}
		meta := field(o, "metadata")
		if notes := field(meta, "annotations"); notes != nil {
			notes.Content = append(notes.Content, v.Content[0].Content...)
		} else {
			meta.Content = append(meta.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "annotations"}, v.Content[0])
		}
	}
	return encode(t, &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{o}})
}

func read1(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func resources(t *testing.T, dir string) (paths []string) {
	t.Helper()
	_, names, _ := strings.Cut(read1(t, dir+"/kustomization.yaml"), "resources:\n- ")
	return strings.Split(strings.TrimSpace(names), "\n- ")
}

// golden is what render --step prints.
func golden(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, path := range resources(t, dir) {
		b.WriteString("---\n" + read1(t, dir+"/"+path))
	}
	return b.String()
}
