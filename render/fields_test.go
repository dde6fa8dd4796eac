package render_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

func TestFieldChanges(t *testing.T) {
	const object = `kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec:
  replicas: 4
  template:
    spec:
      containers:
      - name: web
        image: web:1
        args: [--fast, "1"]
      - name: log
        image: log:1
`
	for name, c := range map[string]struct {
		replace []string
		want    string
	}{
		"a number":                {[]string{"replicas: 4", "replicas: 6"}, "6 spec.replicas: 4 -> 6"},
		"a number is no text":     {[]string{"replicas: 4", `replicas: "4"`}, `6 spec.replicas: 4 -> "4"`},
		"a comment":               {[]string{"replicas: 4", "replicas: 4 # four"}, ""},
		"layout":                  {[]string{"{app: web}", "\n    app: web"}, ""},
		"a container by its name": {[]string{"log:1", "log:2"}, "14 spec.template.spec.containers[log].image: log:1 -> log:2"},
		"an item without a name":  {[]string{"--fast", "--slow"}, "12 spec.template.spec.containers[web].args[0]: --fast -> --slow"},
		"one more":                {[]string{`"1"]`, `"1", x]`}, "12 spec.template.spec.containers[web].args[2]:  -> x"},
		"a field that is gone":    {[]string{"  labels: {app: web}\n", ""}, "3 metadata.labels: {app: web} -> "},
		"a field of another kind": {[]string{"{app: web}", "[app]"}, "4 metadata.labels: {app: web} -> [app]"},
	} {
		t.Run(name, func(t *testing.T) {
			now := strings.NewReplacer(c.replace...).Replace(object)
			list, ok := render.FieldChanges([]byte(object), []byte(now))
			var got []string
			for _, f := range list {
				got = append(got, fmt.Sprintf("%d %s: %s -> %s", f.Line, f.Field, f.Old, f.New))
			}
			if !ok || strings.Join(got, "; ") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "; "), c.want)
			}
		})
	}
	ab, ba := "c:\n- name: a\n  x: 1\n- name: b\n  x: 2\n", "c:\n- name: b\n  x: 2\n- name: a\n  x: 1\n"
	if list, _ := render.FieldChanges([]byte(ab), []byte(ba)); list != nil {
		t.Errorf("items in another order are %v", list)
	}
	for _, text := range []string{"", "- a\n", "a: [", "a\n"} {
		if _, ok := render.FieldChanges([]byte(object), []byte(text)); ok {
			t.Errorf("%q is taken for an object", text)
		}
	}
}
