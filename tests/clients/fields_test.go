package clients

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the lists of fields into render/convert/testdata")

// peers are the tools that gitramp converts from and to, at the newest version that this Go builds, and the type whose fields are listed.
var peers = []struct{ module, version, dir, root, list string }{
	{"github.com/argoproj/argo-rollouts", "v1.10.1", "pkg/apis/rollouts/v1alpha1", "RolloutSpec", "argo-rollouts.txt"},
	{"github.com/fluxcd/flagger", "v1.44.0", "pkg/apis/flagger/v1beta1", "CanarySpec", "flagger.txt"},
}

// TestFieldsAreFresh: the lists that make test walks are those of the Go types upstream. They are read and not compiled: both stand on hundreds of modules.
func TestFieldsAreFresh(t *testing.T) {
	for _, p := range peers {
		w := walker{t: t, root: download(t, p.module, p.version), module: p.module, packages: map[string]map[string]*ast.TypeSpec{}, files: map[*ast.TypeSpec]*ast.File{}}
		w.fields(p.dir, p.root, "spec", nil)
		slices.Sort(w.list)
		path := filepath.Join("../../render/convert/testdata", p.list)
		text := fmt.Sprintf("# The fields of %s in %s@%s, and what each holds; made by `go test -run TestFieldsAreFresh -update` in tests/clients.\n%s\n",
			p.root, p.module, p.version, strings.Join(w.list, "\n"))
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, side := range []struct{ what, list, other string }{{"there is no more", string(have), text}, {"is new", text, string(have)}} {
			for line := range strings.Lines(side.list) {
				if !slices.Contains(strings.SplitAfter(side.other, "\n"), line) {
					t.Errorf("%s: %s: %s", path, side.what, line)
				}
			}
		}
		if len(w.list) < 100 {
			t.Errorf("%s has %d fields", p.module, len(w.list))
		}
	}
}

// download is the folder of a module's source, without what it requires.
func download(t *testing.T, module, version string) string {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", module+"@"+version).Output()
	var info struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &info); jsonErr != nil || info.Dir == "" {
		t.Fatalf("%s@%s: %v %s", module, version, err, info.Error)
	}
	return info.Dir
}

type walker struct {
	t            *testing.T
	root, module string
	packages     map[string]map[string]*ast.TypeSpec // by folder
	files        map[*ast.TypeSpec]*ast.File
	list         []string
}

// types parses a folder once.
func (w *walker) types(dir string) map[string]*ast.TypeSpec {
	if types, ok := w.packages[dir]; ok {
		return types
	}
	types := map[string]*ast.TypeSpec{}
	w.packages[dir] = types
	paths, err := filepath.Glob(filepath.Join(w.root, dir, "*.go"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, s := range g.Specs {
					if spec, ok := s.(*ast.TypeSpec); ok {
						types[spec.Name.Name], w.files[spec] = spec, file
					}
				}
			}
		}
	}
	return types
}

// fields lists the fields of a type of a folder below a path. around are the types that it lies in: a type within itself is listed once.
func (w *walker) fields(dir, name, path string, around []string) {
	spec := w.types(dir)[name]
	if spec == nil {
		w.t.Fatalf("%s has no type %s", dir, name)
	}
	structure, ok := spec.Type.(*ast.StructType)
	if !ok {
		w.value(dir, spec, spec.Type, path, around)
		return
	}
	if slices.Contains(around, dir+"."+name) || len(structure.Fields.List) == 0 {
		w.list = append(w.list, path+" object")
		return
	}
	for _, f := range structure.Fields.List {
		key, options, _ := strings.Cut(tag(f), ",")
		switch {
		case key == "-":
		case key == "" && strings.Contains(options, "inline"), key == "" && len(f.Names) == 0:
			w.value(dir, spec, f.Type, path, append(around, dir+"."+name))
		default:
			w.value(dir, spec, f.Type, path+"."+key, append(around, dir+"."+name))
		}
	}
}

func tag(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	return reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json")
}

// value lists a field by its type: what another module defines is one field, whatever is in it.
func (w *walker) value(dir string, in *ast.TypeSpec, typ ast.Expr, path string, around []string) {
	switch typ := typ.(type) {
	case *ast.StarExpr:
		w.value(dir, in, typ.X, path, around)
	case *ast.ArrayType:
		w.value(dir, in, typ.Elt, path+"[]", around)
	case *ast.MapType:
		w.value(dir, in, typ.Value, path+"{}", around)
	case *ast.Ident:
		if w.types(dir)[typ.Name] != nil {
			w.fields(dir, typ.Name, path, around)
			return
		}
		w.list = append(w.list, path+" "+typ.Name)
	case *ast.SelectorExpr:
		pkg := typ.X.(*ast.Ident).Name
		if local, ok := w.imported(in, pkg); ok {
			w.fields(local, typ.Sel.Name, path, around)
			return
		}
		w.list = append(w.list, path+" "+typ.Sel.Name)
	default:
		w.t.Fatalf("%s: %T", path, typ)
	}
}

// imported is the folder of a package of the same module by its name in a file.
func (w *walker) imported(in *ast.TypeSpec, name string) (string, bool) {
	for _, imp := range w.files[in].Imports {
		path := strings.Trim(imp.Path.Value, `"`)
		if imp.Name != nil && imp.Name.Name == name || imp.Name == nil && filepath.Base(path) == name {
			return strings.CutPrefix(path, w.module+"/")
		}
	}
	w.t.Fatalf("%s imports no %s", slices.Sorted(maps.Keys(w.packages)), name)
	return "", false
}
