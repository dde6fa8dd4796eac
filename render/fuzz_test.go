package render_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/gitramp/gitramp/render"
)

// FuzzSpec: no text makes the parser panic, an error is printable and names the file, and what is accepted renders soundly at every step.
func FuzzSpec(f *testing.F) {
	for _, name := range fixtures(f) {
		data, err := os.ReadFile("../fixtures/" + name + "/canary.yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(benchSpec))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("{\"apiVersion\": \"gitramp.dev/v1alpha1\",\n\t\"kind\": \"Canary\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := render.ParseSpec("canary.yaml", data)
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\n") {
				if !strings.HasPrefix(line, "canary.yaml:") {
					t.Errorf("an error without its file: %q", line)
				}
			}
			if at := strings.IndexFunc(err.Error(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 {
				t.Errorf("an error with a control character: %q", err)
			}
			return
		}
		if c.Spec.Stable == nil {
			return // prod is a placeholder then
		}
		if a, b := revisionNames(t, c); a == b {
			return
		}
		for _, s := range ramp(t, c) {
			checkTree(t, s.Step, s.Tree, c.RouteSpec().WeightTotal)
		}
	})
}

// FuzzLock: no text makes the reader panic, and what is read is written the very same.
func FuzzLock(f *testing.F) {
	for _, s := range ramp(f, loadFixture(f, "ten-replicas")) {
		data, _ := s.Tree.Get(render.LockFile)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := render.ReadLock("gitramp.lock", data)
		if err == nil && !bytes.Equal(l.Encode(), data) {
			t.Errorf("read and written again:\n%s\nwas\n%s", l.Encode(), data)
		}
	})
}
