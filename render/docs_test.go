package render_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
)

// TestSpecReferenceIsValid: the spec in docs/spec.md and the one in the README are specs, and the reference names every field that there is.
func TestSpecReferenceIsValid(t *testing.T) {
	for _, file := range []string{"../docs/spec.md", "../README.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "```yaml\n")
		block, _, ok := strings.Cut(rest, "```")
		if !ok {
			t.Fatalf("%s: no spec in it", file)
		}
		c := parse(t, block)
		ramp(t, c)
		if file == "../docs/spec.md" {
			for _, name := range fieldsOf(reflect.TypeFor[render.Canary](), map[reflect.Type]bool{}) {
				if !strings.Contains(string(text), name) {
					t.Errorf("%s: field %s is not in it", file, name)
				}
			}
		}
	}
}

// fieldsOf lists the names of all fields of a type and of those in it.
func fieldsOf(t reflect.Type, seen map[reflect.Type]bool) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] || t == reflect.TypeFor[render.IntOrName]() || t == reflect.TypeFor[render.ContainerImage]() {
		return nil
	}
	seen[t] = true
	var names []string
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || asInPod(name) {
			continue
		}
		names = append(append(names, name), fieldsOf(t.Field(i).Type, seen)...)
	}
	return names
}

// asInPod leaves out what is as in a pod or in an HTTPRoute: the reference names the sources and filters and not their fields.
func asInPod(name string) bool {
	switch name {
	case "key", "optional", "fieldPath", "containerName", "resource", "divisor", "prefix", "regex",
		"requestHeaderModifier", "responseHeaderModifier", "extensionRef", "remove", "hostname", "replaceFullPath", "group":
		return true
	}
	return false
}
