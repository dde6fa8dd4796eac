package render_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowedImports is everything that the core may stand on. Nothing here reads a file, a clock, the environment or the network by itself; io/fs and embed are
// handed in or compiled in.
var allowedImports = map[string][]string{
	"render": {"bytes", "cmp", "crypto/sha256", "encoding/hex", "encoding/json", "errors", "fmt", "hash/fnv", "io", "io/fs", "maps", "math", "reflect", "regexp", "regexp/syntax", "slices",
		"sort", "strconv", "strings", "sync", "unicode", "unicode/utf8", "go.yaml.in/yaml/v3", "github.com/gitramp/gitramp/render/internal/node",
		"github.com/gitramp/gitramp/render/route", "github.com/gitramp/gitramp/templates"},
	"render/route": {"cmp", "fmt", "regexp", "regexp/syntax", "slices", "strconv", "strings", "sync", "go.yaml.in/yaml/v3",
		"github.com/gitramp/gitramp/render/internal/node"},
	"render/prove": {"bytes", "crypto/sha256", "encoding/binary", "fmt", "maps", "math/bits", "slices", "sort", "strconv", "strings", "go.yaml.in/yaml/v3",
		"github.com/gitramp/gitramp/render", "github.com/gitramp/gitramp/render/internal/node", "github.com/gitramp/gitramp/render/route"},
	"render/ask": {"bytes", "errors", "fmt", "slices", "strings", "go.yaml.in/yaml/v3", "github.com/gitramp/gitramp/render",
		"github.com/gitramp/gitramp/render/internal/node", "github.com/gitramp/gitramp/render/prove", "github.com/gitramp/gitramp/render/route"},
	"render/lint": {"bytes", "cmp", "encoding/json", "errors", "fmt", "io", "maps", "path", "regexp", "slices", "strconv", "strings", "unicode", "go.yaml.in/yaml/v3",
		"github.com/gitramp/gitramp/render", "github.com/gitramp/gitramp/render/route"},
	"render/convert": {"bytes", "cmp", "encoding/json", "errors", "fmt", "io", "math", "regexp", "regexp/syntax", "slices", "strconv", "strings", "sync", "go.yaml.in/yaml/v3",
		"github.com/gitramp/gitramp/render", "github.com/gitramp/gitramp/render/internal/node", "github.com/gitramp/gitramp/render/route", "github.com/gitramp/gitramp/templates"},
	"render/krm": {"bytes", "cmp", "errors", "fmt", "io", "maps", "path", "slices", "strconv", "strings", "unicode/utf8", "go.yaml.in/yaml/v3", "github.com/gitramp/gitramp/render",
		"github.com/gitramp/gitramp/render/internal/node", "github.com/gitramp/gitramp/render/prove", "github.com/gitramp/gitramp/render/route", "github.com/gitramp/gitramp/templates"},
	"render/follow":        {"bytes", "embed", "slices", "strings", "go.yaml.in/yaml/v3", "github.com/gitramp/gitramp/render", "github.com/gitramp/gitramp/render/internal/node"},
	"render/schema":        {"bytes", "embed", "encoding/json", "fmt", "slices", "strings"},
	"render/starter":       {"fmt", "strings", "go.yaml.in/yaml/v3", "github.com/gitramp/gitramp/render/internal/node", "github.com/gitramp/gitramp/render/route"},
	"render/internal/node": {"bytes", "errors", "fmt", "strconv", "strings", "sync", "go.yaml.in/yaml/v3"},
	"templates":            {"embed"},
}

// TestRenderIsPure lists the direct imports of the core and fails on any that is not in the list above.
func TestRenderIsPure(t *testing.T) {
	seen := map[string]bool{}
	for _, root := range []string{"../render", "../templates"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			pkg := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../"))
			allowed, known := allowedImports[pkg]
			if !known {
				t.Errorf("package %s is not in the list", pkg)
			}
			seen[pkg] = true
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			for _, imp := range file.Imports {
				name, err := strconv.Unquote(imp.Path.Value)
				if err != nil || !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s", path, imp.Path.Value)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for pkg := range allowedImports {
		if !seen[pkg] {
			t.Errorf("package %s is in the list and not in the tree", pkg)
		}
	}
}

// routerWords name a router, or a kind of object that only one of them has.
var routerWords = []string{"ingress", "nginx", "gateway", "httproute", "grpc"}

// namesAllowed are the texts outside render/route that may name one: an example for people, and the protocol that excludes the other from a listener.
// migrate has the flag of the one router that needs an object to attach to.
var namesAllowed = map[string]string{"../cmd/gitramp/init.go": "gitramp init --router gateway-api --gateway infra/public", "../cmd/internal/app/claim.go": `"GRPC"`,
	"../cmd/gitramp/migrate.go": "ateway", "../cmd/gitramp/import.go": "kubectl get", "../cmd/gitramp/prove.go": "such as\ningress-nginx"}

// TestNobodyKnowsARouter: no text and no name in the code of the core and of the verbs is of one router; whoever needs to know asks the Router. Comments may say
// what it is like.
func TestNobodyKnowsARouter(t *testing.T) {
	of := func(text string) bool {
		return slices.ContainsFunc(routerWords, func(word string) bool { return strings.Contains(strings.ToLower(text), word) })
	}
	files, used := 0, map[string]bool{}
	for _, root := range []string{".", "schema", "starter", "internal", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if root == "." && d.IsDir() && path != "." {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files++
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				text := ""
				switch n := n.(type) {
				case *ast.Ident:
					text = n.Name
				case *ast.BasicLit:
					text = n.Value
				}
				if allowed := namesAllowed[path]; allowed != "" && strings.Contains(text, allowed) {
					used[path] = true
				} else if of(text) {
					t.Errorf("%s names a router: %s", path, text)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 50 || len(used) != len(namesAllowed) {
		t.Errorf("%d files are read, and of %v the texts are there of %v", files, namesAllowed, used)
	}
}
