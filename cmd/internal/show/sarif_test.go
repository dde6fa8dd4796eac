package show_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gitramp/gitramp/cmd/internal/show"
	"github.com/gitramp/gitramp/render/lint"
)

// TestSARIF: what is written is SARIF by the rules of the OASIS schema, each result points to its rule, and what is ignored is suppressed.
func TestSARIF(t *testing.T) {
	schema := sarifSchema(t)
	report := lint.Run([]lint.File{
		{Name: "a b.yaml", Path: "x/a b%.yaml", Data: []byte("a: b: c\n")},
		{Name: "c.yaml", Path: "c:d.yaml", Data: []byte("metadata: {name: a, annotations: {argocd.argoproj.io/tracking-id: b}} # gitramp:ignore GR301 a test\napiVersion: v1\nkind: ConfigMap\n")},
		{Name: "d.yaml", Path: "d.yaml", Data: []byte("# gitramp:ignore GR101 nothing\n# gitramp:ignore GR101\na: 1\n")},
	})
	if len(report.Findings) != 4 {
		t.Fatalf("%d findings", len(report.Findings))
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID       string
				RuleIndex    int
				Level        string
				Suppressions []any
			}
		}
	}
	for _, r := range []lint.Report{report, {}} {
		data, err := json.Marshal(show.NewSARIF(r, "v1"))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%v\n%s", err, data)
		}
		if r.Findings != nil {
			if err := json.Unmarshal(data, &log); err != nil {
				t.Fatal(err)
			}
		}
	}
	levels := map[string]bool{}
	for _, r := range log.Runs[0].Results {
		levels[r.Level] = true
		if rules := log.Runs[0].Tool.Driver.Rules; rules[r.RuleIndex].ID != r.RuleID || (r.RuleID == "GR301") != (r.Suppressions != nil) {
			t.Errorf("%+v is rule %s", r, rules[r.RuleIndex].ID)
		}
	}
	if len(levels) != 3 {
		t.Errorf("levels %v", levels)
	}
}

// TestSARIFSchemaCanFail: the schema finds what is no SARIF.
func TestSARIFSchemaCanFail(t *testing.T) {
	schema := sarifSchema(t)
	good, err := json.Marshal(show.NewSARIF(lint.Run([]lint.File{{Name: "a", Path: "a.yaml", Data: []byte("a: b: c\n")}}), "v1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range [][2]string{{`"2.1.0"`, `"2.1"`}, {`"level":"error"`, `"level":"fatal"`}, {`"startLine":1`, `"startLine":0`}, {`"uri":"a.yaml"`, `"uri":"/a.yaml"`}, {`"results":[`, `"result":[`}} {
		bad := strings.ReplaceAll(string(good), e[0], e[1])
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if bad == string(good) || err != nil || schema.Validate(v) == nil {
			t.Errorf("%s is taken for SARIF: %v", e[1], err)
		}
	}
}

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile("testdata/sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
