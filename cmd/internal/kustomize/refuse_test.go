package kustomize

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// refused says that a base is refused with an error that has all of these words, and that nothing was reached.
func refused(t *testing.T, fsys fs.FS, dir string, words ...string) {
	t.Helper()
	objs, err := Build(fsys, dir)
	if err == nil {
		t.Errorf("built: %s", stream(t, objs))
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q lacks %q", err, w)
		}
	}
	reached(t)
}

// fields are the places of a kustomization where a path may stand, %q, and how an error calls them.
var fields = []struct{ field, text string }{
	{"resources[1]", "resources: [a.yaml, %q]"},
	{"bases[0]", "bases: [%q]"},
	{"components[0]", "components: [%q]"},
	{"crds[0]", "crds: [%q]"},
	{"configurations[0]", "configurations: [%q]"},
	{"openapi.path", "openapi: {path: %q}"},
	{"patches[0].path", "patches: [{path: %q}]"},
	{"patchesJson6902[0].path", "patchesJson6902: [{path: %q, target: {kind: Service}}]"},
	{"patchesStrategicMerge[0].path", "patchesStrategicMerge: [%q]"},
	{"replacements[0].path", "replacements: [{path: %q}]"},
	{"configMapGenerator[0].files[0]", "configMapGenerator: [{name: c, files: [%q]}]"},
	{"configMapGenerator[0].envs[0]", "configMapGenerator: [{name: c, envs: [%q]}]"},
	{"configMapGenerator[0].env", "configMapGenerator: [{name: c, env: %q}]"},
	{"secretGenerator[0].files[0]", "secretGenerator: [{name: c, files: [%q]}]"},
	{"secretGenerator[0].envs[0]", "secretGenerator: [{name: c, envs: [%q]}]"},
	{"generators[0]", "generators: [%q]"},
	{"transformers[0]", "transformers: [%q]"},
	{"validators[0]", "validators: [%q]"},
	{"generators[0] ConfigMapGenerator.files[0]", "generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: x}, name: c, files: [%q]}']"},
	{"generators[0] SecretGenerator.envs[0]", "generators: ['{apiVersion: builtin, kind: SecretGenerator, metadata: {name: x}, name: c, ENVS: [%q]}']"},
	{"transformers[0] PatchTransformer.path", "transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, Path: %q}']"},
	{"transformers[0] PatchStrategicMergeTransformer.paths[0].path",
		"transformers: ['{apiVersion: builtin, kind: PatchStrategicMergeTransformer, metadata: {name: x}, paths: [%q]}']"},
	{"transformers[0] ReplacementTransformer.replacements[0].path",
		"transformers: ['{apiVersion: builtin, kind: ReplacementTransformer, metadata: {name: x}, replacements: [{path: %q}]}']"},
	{"validators[0] ValueAddTransformer.targetFilePath",
		"validators: ['{apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: v, targetFilePath: %q}']"},
}

// cloning are the fields whose values kustomize takes for git repositories where they look like some.
var cloning = []string{"resources[1]", "bases[0]", "components[0]", "generators[0]", "transformers[0]", "validators[0]"}

const object = "{apiVersion: v1, kind: Service, metadata: {name: a}}\n"

func TestBuildRefusesWhatIsRemote(t *testing.T) {
	urls := []string{"https://example.org/a.yaml", "http://example.org/a", "HTTPS://example.org/x", "https:example.org", "ssh://git@example.org/a/b", "file:///etc/passwd",
		"git::https://github.com/a/b"}
	repositories := []string{"github.com/org/repo?ref=v1", "GitHub.com:org/repo", "git@github.com:org/repo.git//deploy", "org-1@example.org:a/b", "git::github.com/org/repo",
		"user@host/a/b"}
	for _, f := range fields {
		values := urls
		if slices.Contains(cloning, f.field) {
			values = slices.Concat(urls, repositories)
		}
		for _, value := range values {
			in := files("-- b/kustomization.yaml --\n" + fmt.Sprintf(f.text, value) + "\n-- b/a.yaml --\n" + object)
			if fs.ValidPath("b/" + value) {
				in["b/"+value] = in["b/a.yaml"] // that it is there does not help: kustomize clones what it cannot use
			}
			refused(t, in, "b", fmt.Sprintf("b/kustomization.yaml: %s: value %q is invalid: allowed a path in the repository: remote bases are not read", f.field, value))
		}
	}
}

// TestBuildRefusesWhatIsRemoteFurtherDown hides a remote base behind a chain of local ones.
func TestBuildRefusesWhatIsRemoteFurtherDown(t *testing.T) {
	in := files(`
-- a/kustomization.yaml --
resources: [../b]
-- b/kustomization.yml --
components: [../c]
-- c/Kustomization --
kind: Component
resources: [d]
-- c/d/kustomization.yaml --
resources: ["https://example.org/x"]
-- e/kustomization.yaml --
transformers: [t.yaml]
-- e/t.yaml --
apiVersion: builtin
kind: PatchTransformer
metadata: {name: x}
path: https://example.org/x
`)
	refused(t, in, "a", `c/d/kustomization.yaml: resources[0]: value "https://example.org/x" is invalid`)
	refused(t, in, "e", `e/kustomization.yaml: transformers[0] PatchTransformer.path: value "https://example.org/x" is invalid`)
}

func TestBuildRefusesWhatRuns(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"helmCharts: [{name: minecraft, repo: 'https://example.org'}]", `helmCharts: value "minecraft"`},
		{"helmChartInflationGenerator: [{chartName: minecraft}]", `helmChartInflationGenerator: value "minecraft"`},
		{"generators: ['{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: x}}']", "builtin HelmChartInflationGenerator"},
		{"generators: ['{apiVersion: example.org/v1, kind: Exec, metadata: {name: x}}']", "example.org/v1 Exec"},
		{`transformers: ['{apiVersion: v1, kind: ConfigMap, metadata: {name: x, annotations: {config.kubernetes.io/function: "exec: {path: sh}"}}}']`, "v1 ConfigMap"},
		{"validators: [plugins]", `validators[0]: value "plugins" is invalid: allowed a file`},
		{"buildMetadata: [managedByLabel]", `buildMetadata: value "managedByLabel"`},
		{"generators: ['{apiVersion: builtin, kind: NoSuchGenerator, metadata: {name: x}}']", "NoSuchGenerator"},
	} {
		refused(t, files("-- kustomization.yaml --\n"+c.text+"\n-- plugins/kustomization.yaml --\nresources: [a.yaml]\n-- plugins/a.yaml --\n"+object), ".", c.want)
	}
}

func TestBuildRefusesPathsThatLeadOut(t *testing.T) {
	for _, f := range fields {
		for _, c := range []struct{ value, want string }{
			{"../../../etc/passwd", "leads out of the repository"},
			{"/etc/passwd", "allowed a path relative to the kustomization"},
			{"no-such", "allowed what is there: a/b/no-such is not"},
			{"a.yaml/x", "allowed what is there: a/b/a.yaml/x is not"},
			{"../a.yaml", "allowed a "}, // file in or below a/b, or directory where none but that is allowed
		} {
			in := files("-- a/b/kustomization.yaml --\n" + fmt.Sprintf(f.text, c.value) + "\n-- a/a.yaml --\n" + object + "-- a/b/a.yaml --\n" + object)
			refused(t, in, "a/b", "a/b/kustomization.yaml: "+f.field+": value ", c.value, c.want)
		}
	}
	refused(t, files("-- kustomization.yaml --\nresources: ['']\n"), ".", `resources[0]: value "" is invalid`)
}

func TestBuildRefusesWhatIsNoFile(t *testing.T) {
	for _, mode := range []fs.FileMode{fs.ModeNamedPipe, fs.ModeDevice, fs.ModeSocket, fs.ModeSymlink} {
		for _, f := range fields {
			want := "allowed a file"
			if mode == fs.ModeSymlink {
				want = "b/odd is a symlink: gitramp follows none"
			} else if slices.Contains([]string{"resources[1]", "bases[0]", "components[0]"}, f.field) {
				want = "allowed a file or a directory"
			}
			in := files("-- b/kustomization.yaml --\n" + fmt.Sprintf(f.text, "odd") + "\n-- b/a.yaml --\n" + object)
			in["b/odd"] = &fstest.MapFile{Data: []byte("a.yaml"), Mode: mode}
			refused(t, in, "b", "b/kustomization.yaml: "+f.field, want)
		}
	}
}

// TestBuildFollowsNoSymlink has them in a real directory: to what lies outside, and to what would be allowed.
func TestBuildFollowsNoSymlink(t *testing.T) {
	top := t.TempDir()
	in := files("-- repo/b/kustomization.yaml --\nresources: [a.yaml]\n-- repo/b/real.yaml --\n" + object + "-- repo/c/kustomization.yaml --\nresources: [d/a.yaml]\n" +
		"-- secret/a.yaml --\n" + object + "-- repo/e/real.yaml --\nresources: []\n")
	if err := os.CopyFS(top, in); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"repo/b/a.yaml": "real.yaml", "repo/c/d": "../../secret", "repo/e/kustomization.yaml": "real.yaml", "repo/f": "b"} {
		if err := os.Symlink(to, filepath.Join(top, from)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(filepath.Join(top, "repo"))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	refused(t, root.FS(), "b", "b/kustomization.yaml: resources[0]", "b/a.yaml is a symlink")
	refused(t, root.FS(), "c", "c/kustomization.yaml: resources[0]", "c/d is a symlink")
	refused(t, root.FS(), "e", "e/kustomization.yaml", "is a symlink")
	refused(t, root.FS(), "f", `base "f"`, "is a symlink")
}

func TestBuildRefusesBasesThatAreNone(t *testing.T) {
	in := files("-- file --\n-- none/x --\n-- two/kustomization.yaml --\n-- two/Kustomization --\n-- bad/kustomization.yaml --\nresource: []\n" +
		"-- self/kustomization.yaml --\nresources: [../loop]\n-- loop/kustomization.yaml --\nresources: [../self]\n-- empty/kustomization.yaml --\n{}\n")
	for dir, want := range map[string]string{"file": "no directory", "none": "0 kustomizations", "two": "2 kustomizations", "bad": `unknown field "resource"`,
		"self": "includes itself: self -> loop -> self", "empty": "is empty", "../up": "leads out of the repository", "/abs": "leads out of the repository", "gone": "not exist"} {
		refused(t, in, dir, want)
	}
}

// TestBuildRefusesYAMLThatDoesNotEnd has what kustomize would not come back from.
func TestBuildRefusesYAMLThatDoesNotEnd(t *testing.T) {
	const start = "{apiVersion: v1, kind: X, metadata: {name: a}, "
	bomb := start + "a: &a [1,1,1,1,1,1,1,1,1,1]"
	for c := 'b'; c < 'j'; c++ {
		bomb += fmt.Sprintf(", %c: &%c [%s]", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ","))
	}
	for text, want := range map[string]string{
		bomb + "}":                 "more than 1000000 YAML nodes",
		start + "a: &a {b: [*a]}}": `alias "a" is within what it names`,
		start + "a: 1, a: 2}":      `key "a" is there twice`,
		start + "[a]: b}":          "a key is no string",
	} {
		for _, field := range []string{"resources: [x.yaml]", "patches: [{path: x.yaml}]", "patchesStrategicMerge: [x.yaml]", "generators: [x.yaml]", "patches: [{patch: '%s'}]",
			"patchesStrategicMerge: ['%s']", "transformers: ['%s']",
			"transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, patch: \"%s\"}']",
			"transformers: ['{apiVersion: builtin, kind: PatchStrategicMergeTransformer, metadata: {name: x}, patches: \"%s\"}']"} {
			if strings.Contains(field, "%s") {
				field = fmt.Sprintf(field, text)
			}
			refused(t, files("-- kustomization.yaml --\n"+field+"\n-- x.yaml --\n"+text+"\n"), ".", want)
		}
	}
	refused(t, files(`
-- kustomization.yaml --
crds: [crd.json]
-- crd.json --
{"a": {"Schema": {"properties": {"kind": {}, "apiVersion": {}, "metadata": {}, "x": {"$ref": "b"}}}}, "b": {"schema": {"properties": {"y": {"$ref": "a"}}}}}
`), ".", "crds[0]", `type "a" refers to itself`)
}

func TestBuildIsBounded(t *testing.T) {
	in := fstest.MapFS{}
	many := "resources:\n"
	for i := range maxFiles {
		many += fmt.Sprintf("- %d.yaml\n", i)
		in[fmt.Sprintf("%d.yaml", i)] = &fstest.MapFile{Data: []byte("{}")}
	}
	in["kustomization.yaml"] = &fstest.MapFile{Data: []byte(many)}
	refused(t, in, ".", "more than 1000 files")

	in = files("-- kustomization.yaml --\nconfigMapGenerator: [{name: a, files: [big]}]\n")
	in["big"] = &fstest.MapFile{Data: make([]byte, maxBytes+1)}
	refused(t, in, ".", "16777216 bytes")

	in = files("-- kustomization.yaml --\nresources: [a.yaml]\n")
	many = ""
	for i := range maxObjects + 1 {
		many += fmt.Sprintf("---\n{apiVersion: v1, kind: Service, metadata: {name: s%d}}\n", i)
	}
	in["a.yaml"] = &fstest.MapFile{Data: []byte(many)}
	refused(t, in, ".", "resources[0]: the base has more than 1000 objects")

	in["a.yaml"] = &fstest.MapFile{Data: []byte("{apiVersion: v1, kind: ServiceList, items: [" + strings.Repeat(strings.TrimSpace(object)+",", maxObjects) + "]}")}
	refused(t, in, ".", "resources[0]: the base has more than 1000 objects")

	generators := strings.Repeat("{name: a}, ", maxObjects/2) + "{name: b}"
	refused(t, files("-- kustomization.yaml --\nconfigMapGenerator: ["+generators+"]\nsecretGenerator: ["+generators+"]\n"), ".", "more than 1000 objects")
	refused(t, files("-- kustomization.yaml --\nresources: []\n#"+strings.Repeat("x", maxKustomization)+"\n"), ".", "bytes: allowed 1048576")

	// Each level includes the one below twice: 1024 copies of a file.
	archive := "-- 0/kustomization.yaml --\nresources: [a.yaml]\n-- 0/a.yaml --\n" + object
	for i := range 10 {
		for _, side := range []string{"l", "r"} {
			archive += fmt.Sprintf("-- %d%s/kustomization.yaml --\nnamePrefix: %s\nresources: [../%d]\n", i+1, side, side, i)
		}
		archive += fmt.Sprintf("-- %d/kustomization.yaml --\nresources: [../%dl, ../%dr]\n", i+1, i+1, i+1)
	}
	refused(t, files(archive), "10", "more than 1000 files")
}

// TestBuildSurvivesPanics: kustomize looks at the first byte of a file of crds that has none, and wants a schema to be JSON.
func TestBuildSurvivesPanics(t *testing.T) {
	refused(t, files("-- b/kustomization.yaml --\ncrds: [empty.json]\nresources: [a.yaml]\n-- b/empty.json --\n-- b/a.yaml --\n"+object), "b", `base "b": kustomize panicked`)
	if os.Stderr == nil {
		t.Error("there is no stderr any more")
	}
	patch := "patches: [{patch: '" + strings.TrimSpace(object) + "'}]\n"
	refused(t, files("-- kustomization.yaml --\nopenapi: {path: a}\nresources: [b.yaml]\n"+patch+"-- a --\n{\n-- b.yaml --\n"+object), ".", "kustomize panicked")
	build(t, files("-- kustomization.yaml --\nresources: [b.yaml]\n"+patch+"-- b.yaml --\n"+object), ".")
}

// FuzzBuild has a kustomization, and what lies beside it under each name that the first seeds use.
func FuzzBuild(f *testing.F) {
	in := files(everything)
	for _, name := range []string{"app/base/web.yaml", "app/overlay/crd.json", "app/overlay/schema.json", "app/overlay/config.yaml", "app/overlay/plugins/label.yaml"} {
		f.Add(string(in["app/overlay/kustomization.yml"].Data), string(in[name].Data))
	}
	for _, field := range fields {
		f.Add(fmt.Sprintf(field.text, "a.yaml"), object)
		f.Add(fmt.Sprintf(field.text, "github.com/a/b"), object)
	}
	f.Fuzz(func(t *testing.T, kustomization, other string) {
		in := fstest.MapFS{"base/kustomization.yaml": {Data: []byte(kustomization)}}
		for _, name := range []string{"a.yaml", "crd.json", "schema.json", "config.yaml", "extra/c.env", "plugins/label.yaml", "github.com/a/b"} {
			in["base/"+name] = &fstest.MapFile{Data: []byte(other)}
		}
		objs, err := Build(in, "base")
		if err == nil && strings.Contains(stream(t, objs), "internal.config.kubernetes.io/") && !strings.Contains(kustomization+other, "internal") {
			t.Error("internal annotations are left")
		}
		reached(t)
	})
}

// TestNamesFile: what is wrong with a file is said with its name, however deep it lies, and without kustomize's way to it.
func TestNamesFile(t *testing.T) {
	object := func(name string) string { return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n" }
	for _, c := range []struct{ app, two, want string }{
		{object("b") + "a: [", object("c"), "base/kustomization.yaml: resources[0] (base/app.yaml): MalformedYAMLError"},
		{"apiVersion: v1\nmetadata: {name: b}\n", object("c"), `base "base": accumulating resources from 'app.yaml': missing kind`},
		{object("b"), object("a"), `base "base": common: merging resources from 'two.yaml': may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]`},
	} {
		in := files("-- base/kustomization.yaml --\nresources: [app.yaml, ../common]\n-- base/app.yaml --\n" + c.app + "\n" +
			"-- common/kustomization.yaml --\nresources: [one.yaml, two.yaml]\n-- common/one.yaml --\n" + object("a") + "-- common/two.yaml --\n" + c.two)
		_, err := Build(in, "base")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "accumulation") {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}
