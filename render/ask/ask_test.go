package ask_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/ask"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/templates"
)

// golden is the tree of a step of a fixture.
func golden(t *testing.T, dir string) ask.Step {
	t.Helper()
	files, err := filepath.Glob("../../golden/" + dir + "/*")
	if err != nil || len(files) == 0 {
		t.Fatal(dir, err)
	}
	var tree render.Tree
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree = append(tree, render.File{Path: filepath.Base(file), Data: data})
	}
	s, err := ask.At(filepath.Base(dir), tree)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func text(r ask.Reply) string {
	var parts []string
	for _, w := range r.Ways {
		to := w.Track
		if w.Service == "" {
			to = fmt.Sprint(w.Status)
		}
		parts = append(parts, fmt.Sprintf("%s %d/%d", to, w.Weight, r.Total))
	}
	return strings.Join(parts, ", ")
}

// TestAsk: the answer, and where what decided it stands, at steps of both routers.
func TestAsk(t *testing.T) {
	const notes = "metadata.annotations[nginx.ingress.kubernetes.io/canary-"
	for _, c := range []struct {
		step, host, header string // NAME: VALUE
		down               string
		want, file, field  string
		passed             string
	}{
		{"seed/00-idle", "canary.demo", "", "", "prod 1/1", "prod-ingress.yaml", "spec.rules[0].http.paths[0]", ""},
		{"seed/01-prepare", "canary.demo", "X-Canary: always", "", "prod 1/1", "prod-ingress.yaml", "spec.rules[0].http.paths[0]", ""},
		{"seed/02-weight-20", "canary.demo", "", "", "prod 80/100, canary 20/100", "canary-ingress.yaml", notes + "weight]", "header X-Canary is not there"},
		{"seed/02-weight-20", "canary.demo", "X-Canary: 1", "", "prod 80/100, canary 20/100", "canary-ingress.yaml", notes + "weight]", `header X-Canary is "1", and not always or never`},
		{"seed/02-weight-20", "canary.demo", "X-Canary: always", "", "canary 1/1", "canary-ingress.yaml", notes + "by-header]", ""},
		{"seed/02-weight-20", "canary.demo", "X-Canary: never", "", "prod 1/1", "canary-ingress.yaml", notes + "by-header]", ""},
		{"seed/02-weight-20", "canary.demo", "X-Canary: always", "canary", "prod 1/1", "prod-ingress.yaml", "spec.rules[0].http.paths[0]", ""},
		{"seed/02-weight-20", "canary.demo", "X-Canary: always", "prod", "503 1/1", "prod-ingress.yaml", "spec.rules[0].http.paths[0]", ""},
		{"seed/02-weight-20", "other.demo", "", "", "404 1/1", "", "", ""},
		{"seed/07-restore", "canary.demo", "X-Canary: always", "", "prod 100/100", "canary-ingress.yaml", notes + "weight]", ""},
		{"cookie/02-weight-5", "account.example.com", "Cookie: beta=always", "", "canary 1/1", "canary-ingress.yaml", notes + "by-cookie]", ""},
		{"cookie/02-weight-5", "account.example.com", "", "", "prod 95/100, canary 5/100", "canary-ingress.yaml", notes + "weight]", "cookie beta is not always or never"},
		{"gateway-match/03-weight-10", "shop.example.com", "X-Team: qa", "", "canary 1/1", "shared-httproute.yaml", "spec.rules[2]", "header X-Canary is not never"},
		{"gateway-match/03-weight-10", "shop.example.com", "", "canary", "prod 90/100, 503 10/100", "shared-httproute.yaml", "spec.rules[5]", "header X-Team does not match qa|dev"},
		{"gateway-match/00-idle", "shop.example.com", "X-Canary: always", "", "prod 1/1", "shared-httproute.yaml", "spec.rules[0]", ""},
	} {
		req := route.Request{Host: c.host, Path: "/", Header: map[string]string{}}
		if name, value, ok := strings.Cut(c.header, ": "); ok {
			req.Header[name] = value
		}
		r, err := golden(t, c.step).Ask(req, c.down)
		if err != nil {
			t.Fatal(err)
		}
		if text(r) != c.want || r.File != c.file || r.Field != c.field || r.Rule == "" {
			t.Errorf("%s, %s %s without %q: %s by %s %s (%s), want %s by %s %s", c.step, c.host, c.header, c.down, text(r), r.File, r.Field, r.Rule, c.want, c.file, c.field)
		}
		if c.passed != "" && !slices.Contains(r.Passed, c.passed) || c.passed == "" && c.header != "" && strings.HasPrefix(c.step, "seed") && r.Passed != nil {
			t.Errorf("%s, %s: passed %q, want %q", c.step, c.header, r.Passed, c.passed)
		}
	}
}

// ramp are the steps of a spec.
func ramp(t *testing.T, c *render.Canary) []ask.Step {
	t.Helper()
	set := render.NewTemplates(templates.FS)
	stable, _, err := c.StableRevision(set)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := c.Revision(set)
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRelease(c, "canary.yaml", render.Revisions{Stable: stable, Canary: wanted}, set)
	if err != nil {
		t.Fatal(err)
	}
	var steps []ask.Step
	for _, st := range r.Plan.Steps {
		tree, _, err := r.Tree(st, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ask.At(st.ID(), tree)
		if err != nil {
			t.Fatal(err)
		}
		steps = append(steps, s)
	}
	return steps
}

// TestMigrate: every fixture is rewritten for the other router; where that can do what it asks for, no request is routed otherwise.
func TestMigrate(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/*/canary.yaml")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	refused := map[string]string{"all-fields-gateway": "filters", "gateway-filter": "filters", "gateway-grpc": "protocol", "gateway-match": "match"}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := render.ParseSpec(file, data)
		if err != nil {
			t.Fatal(err)
		}
		to := route.GatewayAPI
		if c.RouteSpec().Router == to {
			to = route.IngressNginx
		}
		w, err := ask.Rewrite(c, to, "infra/public")
		if err != nil || !strings.Contains(w.Part, "router: "+to) {
			t.Fatalf("%s: %v\n%s", file, err, w.Part)
		}
		other, err := render.ParseSpec(file, w.Text)
		if why := refused[filepath.Base(filepath.Dir(file))]; why != "" {
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: error %v, want one about %s", file, err, why)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v\n%s", file, err, w.Text)
			continue
		}
		differences, asked, err := ask.Compare(ramp(t, c), ramp(t, other))
		if err != nil || differences != nil || asked < 2 {
			t.Errorf("%s: of %d requests are routed otherwise: %v (%v)", file, asked, differences, err)
		}
	}
}

// TestCookieTwice: what Nature says of a cookie that comes twice is what the routers do: ingress-nginx reads the first, gateway-api finds never before always.
func TestCookieTwice(t *testing.T) {
	data, err := os.ReadFile("../../fixtures/cookie/canary.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.ParseSpec("canary.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	w, err := ask.Rewrite(c, route.GatewayAPI, "public")
	if err != nil {
		t.Fatal(err)
	}
	other, err := render.ParseSpec("canary.yaml", w.Text)
	if err != nil {
		t.Fatal(err)
	}
	if notes := strings.Join(ask.Nature(c.RouteSpec(), route.GatewayAPI), "\n"); !strings.Contains(notes, "a cookie that a request carries twice") {
		t.Errorf("not said of cookies that come twice:\n%s", notes)
	}
	for cookies, want := range map[string][2]string{
		"beta=always; beta=never": {"canary 1/1", "prod 1/1"},
		"beta=never; beta=always": {"prod 1/1", "prod 1/1"},
		"beta=other; beta=always": {"prod 95/100, canary 5/100", "canary 1/1"},
	} {
		for i, steps := range [][]ask.Step{ramp(t, c), ramp(t, other)} {
			r, err := steps[2].Ask(route.Request{Host: "account.example.com", Path: "/", Header: map[string]string{"Cookie": cookies}})
			if err != nil || text(r) != want[i] {
				t.Errorf("%s, router %d: %s (%v), want %s", cookies, i, text(r), err, want[i])
			}
		}
	}
}

// TestCompareFinds: what differs is found, once for requests that are treated alike.
func TestCompareFinds(t *testing.T) {
	idle, weighted, full := golden(t, "seed/00-idle"), golden(t, "seed/02-weight-20"), golden(t, "seed/05-full")
	differences, _, err := ask.Compare([]ask.Step{idle, weighted}, []ask.Step{idle, full})
	if err != nil {
		t.Fatal(err)
	}
	if len(differences) != 1 || text(differences[0].From) != "prod 80/100, canary 20/100" || text(differences[0].To) != "canary 100/100" || differences[0].Step != "02-weight-20" {
		t.Errorf("%+v", differences)
	}
	if same, _, err := ask.Compare([]ask.Step{weighted, full}, []ask.Step{weighted, full}); err != nil || same != nil {
		t.Errorf("a ramp differs from itself: %v %v", same, err)
	}
}
