package convert

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// specOf is an import as gitramp reads it, with its base.
func specOf(im *Imported) (*render.Canary, []*yaml.Node, error) {
	c, err := render.ParseSpec(SpecFile, im.Spec)
	if err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, im.Spec)
	}
	if im.Base == nil {
		objs, err := Idle(c)
		return c, objs, err
	}
	var objs []*yaml.Node
	for _, path := range im.Base.Resources() {
		data, _ := im.Base.Get(path)
		n, err := node.Parse(data)
		if err != nil {
			return nil, nil, err
		}
		objs = append(objs, n)
	}
	if c, err = c.WithBase(objs, nil); err != nil {
		return nil, nil, fmt.Errorf("%w\n%s", err, im.Spec)
	}
	return c, c.BaseObjects(), nil
}

// again is what an import is exported as.
func again(im *Imported, as string) (Exported, error) {
	c, objs, err := specOf(im)
	if err != nil {
		return Exported{}, err
	}
	return Export(c, objs, as)
}

// byName are the objects of a YAML stream, by kind and name.
func byName(t *testing.T, data []byte) map[string]any {
	t.Helper()
	objs, err := readFile(File{"stream", data})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	all := map[string]any{}
	for _, o := range objs {
		var v any
		if err := o.node.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all[o.String()] = v
	}
	return all
}

func tutorial(t *testing.T) []File {
	t.Helper()
	var files []File
	for _, name := range []string{"canary-rollout.yaml", "canary-demo-service.yaml", "canary-demo-ingress.yaml"} {
		data, err := os.ReadFile("../../fixtures/seed/tutorial/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, File{name, data})
	}
	return files
}

// TestTutorial: the automated half of the tutorial ramps as its Rollout does, with the header route throughout, and goes back to the very same objects.
func TestTutorial(t *testing.T) {
	files := tutorial(t)
	im, err := Import(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range im.Report {
		if f.Object == "Rollout/canary-demo" && f.Outcome != Carried {
			t.Errorf("%s", f)
		}
	}
	c, _, err := specOf(im)
	if err != nil {
		t.Fatal(err)
	}
	var ramp []string
	for _, st := range c.Plan().Steps {
		if !st.Routed || st.Transition == render.Restore {
			continue
		}
		hold := "pause " + st.Hold.Pause.String()
		if st.Hold.Manual {
			hold = "until promoted"
		}
		ramp = append(ramp, fmt.Sprintf("%s %d%% %s", st.Name, st.Weight, hold))
		if len(st.Matches) != 1 || st.Matches[0].Header == nil || *st.Matches[0].Header != (route.Header{Name: "X-Canary"}) {
			t.Errorf("%s matches %v", st.ID(), st.Matches)
		}
	}
	want := []string{"weight-20 20% until promoted", "weight-50 50% pause 30s", "weight-70 70% pause 30s", "full 100% pause 30s", "promote 100% pause 0s"}
	if diff := cmp.Diff(want, ramp); diff != "" {
		t.Errorf("the ramp (-want +got):\n%s", diff)
	}
	out, err := again(im, argoRollouts)
	if err != nil {
		t.Fatal(err)
	}
	if out.Report != nil {
		t.Errorf("lost on the way back: %v", out.Report)
	}
	text, err := out.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, f := range files {
		all = append(append(all, f.Data...), "\n---\n"...)
	}
	if diff := cmp.Diff(byName(t, all), byName(t, text)); diff != "" {
		t.Errorf("there and back (- the tutorial, + gitramp):\n%s", diff)
	}
}

// TestReversible: whatever field is in a Rollout or a Canary, as long as the import goes through, the export has it again, as it was.
func TestReversible(t *testing.T) {
	for _, p := range peers {
		t.Run(p.name, func(t *testing.T) {
			tried := 0
			var refused error
			seen := map[string]bool{}
			for _, line := range append(fieldList(t, p.list), "spec.unheardOf object", "spec.unheardOfList[] string", "spec.strategy.unheardOf bool") {
				field, kind, _ := strings.Cut(line, " ")
				if field == "spec.strategy.canary.trafficRouting.nginx.stableIngresses[]" {
					continue // beside stableIngress, which says the same
				}
				text := p.with(t, field, kind)
				a, err := load([]File{{"in.yaml", text}})
				if err == nil {
					f, _ := entry(a.report, field, p.kind) // of what is lost as a whole one field is enough
					if seen[f.Field] {
						continue
					}
					seen[f.Field] = true
				}
				im, err := Import([]File{{"in.yaml", text}})
				if err != nil {
					refused = err // TestEveryField looks at it
					continue
				}
				out, err := again(im, map[string]string{rolloutKind: argoRollouts, flaggerKind: flaggerFormat}[p.kind])
				if err != nil {
					t.Fatalf("with %s: %v", field, err)
				}
				tried++
				data, err := out.YAML()
				if err != nil {
					t.Fatal(err)
				}
				checkBack(t, field, specBack(t, text, p.kind), specBack(t, data, p.kind), data)
			}
			t.Logf("%d fields", tried)
			if tried < 20 {
				t.Errorf("%d fields are tried, and the last that is refused is: %v", tried, refused)
			}
		})
	}
}

// specBack is the spec of a Rollout or a Canary as plain data, but for what does not come back.
func specBack(t *testing.T, text []byte, kind string) any {
	t.Helper()
	objs, err := readFile(File{"in.yaml", text})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objs {
		if o.kind() != kind {
			continue
		}
		if kind == rolloutKind {
			for _, field := range []string{"template", "selector", "workloadRef", "paused"} { // and nothing else
				node.Clear(o.node, "spec", field)
			}
		}
		var v any
		if err := node.Get(o.node, "spec").Decode(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	t.Fatalf("no %s in %s", kind, text)
	return nil
}

// checkBack: nothing of what was there is missing or another value. What an export says beside it is what the other tool's default is.
func checkBack(t *testing.T, field string, was, is any, text []byte) {
	t.Helper()
	if lost := missing("", was, is); lost != "" {
		t.Errorf("with %s: %s\n%s", field, lost, text)
	}
}

func missing(at string, was, is any) string {
	switch was := was.(type) {
	case map[string]any:
		m, ok := is.(map[string]any)
		if !ok && len(was) > 0 {
			return fmt.Sprintf("%s is %v, and was %v", at, is, was)
		}
		for k, v := range was {
			if lost := missing(at+"."+k, v, m[k]); lost != "" {
				return lost
			}
		}
		return ""
	case []any:
		if l, ok := is.([]any); ok && len(l) == len(was) {
			for i := range was {
				if lost := missing(fmt.Sprintf("%s[%d]", at, i), was[i], l[i]); lost != "" {
					return lost
				}
			}
			return ""
		}
	}
	if !reflect.DeepEqual(was, is) {
		return fmt.Sprintf("%s is %v, and was %v", at, is, was)
	}
	return ""
}

// TestMostOfFlagger: what Flagger never does is said, though its steps are the same: here all requests go to the canary before prod takes the new revision.
func TestMostOfFlagger(t *testing.T) {
	const full = "here it gets all requests (full) before prod takes the new revision"
	for analysis, want := range map[string]string{
		"maxWeight: 50, stepWeight: 25":                           "spec.analysis.maxWeight: changed: in Flagger the canary never gets more than 50%: " + full,
		"maxWeight: 50, stepWeight: 20":                           "spec.analysis.maxWeight: changed: in Flagger the canary never gets more than 60%: " + full,
		"maxWeight: 100, stepWeight: 50":                          "spec.analysis.maxWeight: carried: spec.steps",
		"stepWeights: [5, 30]":                                    "spec.analysis.stepWeights[1]: changed: in Flagger the canary never gets more than 30%: " + full,
		"stepWeights: [5, 100]":                                   "spec.analysis.stepWeights[1]: carried: spec.steps",
		"iterations: 3, match: [{headers: {x-user: {exact: a}}}]": "spec.analysis.iterations: changed: in Flagger the canary never gets more than the requests of match: " + full,
		"iterations: 3":                                           "spec.analysis.iterations: carried: spec.steps: a pause of as many intervals",
	} {
		a, err := load([]File{{"in.yaml", []byte(strings.Replace(string(peers[3].text()), "maxWeight: 50, stepWeight: 25", analysis, 1))}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range a.report {
			if strings.HasPrefix(f.Field, "spec.analysis.") {
				got = append(got, fmt.Sprintf("%s: %s: %s", f.Field, f.Outcome, f.Note))
			}
		}
		if !slices.Contains(got, want) {
			t.Errorf("%s: the report does not say\n%s\nbut\n%s", analysis, want, strings.Join(got, "\n"))
		}
	}
}
