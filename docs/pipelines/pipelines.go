// Package pipelines is the CI jobs that open a pull request for each step and check it: ready to be copied, and written by gitramp init --pipeline. It holds files and
// runs nothing.
package pipelines

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed github/*.yml gitlab/*.yml gitea/*.yml
var files embed.FS

// Forges are those that there are jobs for.
var Forges = []string{"github", "gitlab", "gitea"}

// places are where each forge looks for them; .gitlab-ci.yml is somebody's already, and includes what lies in .gitlab.
var places = map[string]string{"github": ".github/workflows", "gitlab": ".gitlab", "gitea": ".gitea/workflows"}

// File is a job: where it belongs below the top of a repository, and its text.
type File struct {
	Path string
	Data []byte
}

// Of is the jobs of a forge for a branch, nil for a forge that is not known. They take that release of gitramp; "" is the newest of all, which is for trying it out.
func Of(forge, branch, release string) (list []File, err error) {
	if !slices.Contains(Forges, forge) {
		return nil, nil
	}
	names, err := fs.Glob(files, forge+"/*.yml")
	for _, name := range names {
		data, readErr := files.ReadFile(name)
		if readErr != nil {
			return nil, readErr
		}
		list = append(list, File{path.Join(places[forge], path.Base(name)), []byte(filled(string(data), branch, release))})
	}
	return list, err
}

// filled is a job with its branch, and its release of gitramp.
func filled(job, branch, release string) string {
	var pairs []string
	if branch != "main" {
		pairs = append(pairs, "branches: [main]", "branches: ["+strconv.Quote(branch)+"]", "ref: main", "ref: "+strconv.Quote(branch))
	}
	if release != "" {
		pairs = append(pairs, "@main # better: the commit of a release", "@"+release, "@latest # better: a release", "@"+release)
	}
	return strings.NewReplacer(pairs...).Replace(job)
}
