package render_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/schema"
)

// validator is the committed schema, as an independent library reads it.
func validator(t *testing.T) func(text string) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schema.ID, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schema.ID)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		data, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err
		}
		return s.Validate(v)
	}
}

// TestSchemaAccepts: the schema refuses nothing that gitramp accepts: no fixture, and no spec of those that the properties draw.
func TestSchemaAccepts(t *testing.T) {
	valid := validator(t)
	for _, name := range fixtures(t) {
		text, err := os.ReadFile(filepath.Join("../fixtures", name, "canary.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(string(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := specs(t)
		parse(t, text)
		if err := valid(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

// TestSchemaRefuses: what an editor can know is refused by the schema as well.
func TestSchemaRefuses(t *testing.T) {
	valid := validator(t)
	if err := valid(good); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"setWeight: 50", "setWieght: 50"}, {"setWeight: 50", "setWeight: 101"}, {"setWeight: 50", "setWeight: -1"}, {"setWeight: 50", "setWeight: \"50\""},
		{"setWeight: 50", "setWeight: 5.5"}, {"replicas: 4", "replicas: 0"}, {"replicas: 4", "replicas: four"}, {"  port: 8080\n", ""}, {"  name: shop\n", ""},
		{"name: shop\n", "name: Shop\n"}, {"imagePullPolicy: Always", "imagePullPolicy: always"}, {"duration: 10m", "duration: 10x"}, {"duration: 10m", "duration: -1"},
		{"host: shop.example.com", "host: shop_1.example.com"}, {"path: /cart", "path: cart"}, {"cpu: 100m", "cpu: 100q"}, {"targetPort: web", "targetPort: 70000"},
		{"kind: Canary", "kind: Rollout"}, {"image: example.com/shop:2", "image: example.com/Shop:2"}, {goodSteps, "  steps: []\n"}, {"- name: LEVEL", "- name: 1LEVEL"},
	} {
		text := strings.Replace(good, c[0], c[1], 1)
		if text == good {
			t.Fatalf("%s is not in the spec", c[0])
		}
		if valid(text) == nil {
			t.Errorf("%s in place of %s: the schema has nothing against it", c[1], c[0])
		}
		if _, err := render.ParseSpec("canary.yaml", []byte(text)); err == nil {
			t.Errorf("%s in place of %s: gitramp has nothing against it", c[1], c[0])
		}
	}
}
