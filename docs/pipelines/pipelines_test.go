package pipelines_test

import (
	"strings"
	"testing"

	"github.com/gitramp/gitramp/docs/pipelines"
)

// TestOf: what a release writes takes that release, in every job, and names the branch wherever a job does.
func TestOf(t *testing.T) {
	for _, forge := range pipelines.Forges {
		files, err := pipelines.Of(forge, "trunk", "v1.2.3")
		if err != nil || len(files) == 0 {
			t.Fatal(forge, files, err)
		}
		for _, f := range files {
			text := string(f.Data)
			for _, newest := range []string{"gitramp@main", "gitramp@latest", "[main]", "ref: main"} {
				if strings.Contains(text, newest) {
					t.Errorf("%s has %s:\n%s", f.Path, newest, text)
				}
			}
			if !strings.Contains(text, "gitramp@v1.2.3") {
				t.Errorf("%s takes no release:\n%s", f.Path, text)
			}
		}
	}
	if files, err := pipelines.Of("bitbucket", "main", ""); files != nil || err != nil {
		t.Error(files, err)
	}
}
