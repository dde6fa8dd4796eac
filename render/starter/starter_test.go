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
	return starter.Answers{Name: "shop", Image: "shop:2", Port: "8080", Replicas: "2", Router: route.IngressNginx, Class: "nginx", Host: "shop.example.com", Gateway: "infra/public",
		Weights: "20,50", Pause: "10m"}
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

// TestPropAnswers: whatever is answered is either refused or read back as it was answered, and never becomes another field.
func TestPropAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := answers()
		odd := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9:/.{}\[\],#&*!|>'"%@ \n-]{0,20}`), rapid.SampledFrom([]string{"yes", "null", "~", "1e3", "a: b", "a #b", "- x", "080"}))
		a.Router = rapid.SampledFrom(route.Names()).Draw(t, "router")
		for _, field := range []*string{&a.Name, &a.Namespace, &a.Image, &a.Stable, &a.Port, &a.Replicas, &a.Host, &a.Class, &a.Gateway, &a.Pause} {
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
