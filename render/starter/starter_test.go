package starter_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/render/starter"
)

func answers() starter.Answers {
	a := starter.Answers{Name: "shop", Image: "shop:2", Port: "8080", Replicas: "2", Router: route.IngressNginx, Host: "shop.example.com",
		Weights: "20,50", Pause: "10m"}
	*a.Asked("class"), *a.Asked("gateway") = "nginx", "infra/public"
	return a
}

// TestOptions: with every router, the spec is valid as it is and with each option that is commented out.
func TestOptions(t *testing.T) {
	option := regexp.MustCompile(`(?m)^( +)# ([a-z]+: )`)
	for _, router := range route.Names() {
		a := answers()
		a.Router = router
		text := starter.Spec(a)
		if _, err := render.ParseSpec("canary.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v\n%s", router, err, text)
		}
		at := option.FindAllStringSubmatchIndex(text, -1)
		if len(at) < 5 {
			t.Errorf("%s: %d options", router, len(at))
		}
		for _, m := range at {
			with := text[:m[3]] + text[m[4]:]
			if _, err := render.ParseSpec("canary.yaml", []byte(with)); err != nil {
				t.Errorf("%s: %s: %v", router, text[m[4]:m[5]], err)
			}
		}
		if _, err := render.ParseSpec("canary.yaml", []byte(option.ReplaceAllString(text, "$1$2"))); err != nil {
			t.Errorf("%s: all options: %v", router, err)
		}
	}
}

// TestOddWords: what YAML would read as something else is read back as it was answered where an app or a namespace can be called so, and refused where it cannot.
func TestOddWords(t *testing.T) {
	for _, c := range []struct {
		word            string
		name, namespace bool // can be called so
	}{{"yes", true, true}, {"null", true, true}, {"true", true, true}, {"n", true, true}, {"e1", true, true}, {"123", false, true}, {"080", false, true}, {"1e3", false, true}, {"0x1f", false, true}, {"~", false, false}} {
		for field, can := range map[string]bool{"name": c.name, "namespace": c.namespace} {
			a := answers()
			if field == "name" {
				a.Name = c.word
			} else {
				a.Namespace = c.word
			}
			read, err := render.ParseSpec("canary.yaml", []byte(starter.Spec(a)))
			if (err == nil) != can {
				t.Errorf("%s %s: error %v, and it can be called so: %v", field, c.word, err, can)
			} else if can && (read.Metadata.Name != a.Name || read.Metadata.Namespace != a.Namespace) {
				t.Errorf("%s %s: read back as %+v", field, c.word, read.Metadata)
			}
		}
	}
}

// TestPropAnswers: whatever is answered is either refused or read back as it was answered, and never becomes another field.
func TestPropAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := answers()
		odd := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9:/.{}\[\],#&*!|>'"%@ \n-]{0,20}`), rapid.SampledFrom([]string{"yes", "null", "~", "1e3", "a: b", "a #b", "- x", "080"}))
		a.Router = rapid.SampledFrom(route.Names()).Draw(t, "router")
		for _, field := range []*string{&a.Name, &a.Namespace, &a.Image, &a.Stable, &a.Port, &a.Replicas, &a.Host, a.Asked("class"), a.Asked("gateway"), a.Asked("protocol"), &a.Pause} {
			if rapid.IntRange(0, 4).Draw(t, "odd") == 0 {
				*field = odd.Draw(t, "value")
			}
		}
		text := starter.Spec(a)
		c, err := render.ParseSpec("canary.yaml", []byte(text))
		if err != nil {
			return
		}
		if c.Metadata.Name != a.Name || c.Metadata.Namespace != a.Namespace || c.Spec.Image != a.Image || c.RouteSpec().Host != a.Host || len(c.Spec.Steps) != 4 {
			t.Fatalf("%+v\nbecame\n%s", a, text)
		}
		if strings.Count(text, "\n") > 40 {
			t.Fatalf("an answer makes lines of its own:\n%s", text)
		}
	})
}
