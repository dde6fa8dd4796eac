// Package pipelines is the CI jobs that open a pull request for each step and check it: ready to be copied, and written by gitramp init --pipeline. It holds files and
// runs nothing.
package pipelines

import (
	"embed"
	"io/fs"
	"path"
	"slices"
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

// Of is the jobs for a forge, nil for one that is not known.
func Of(forge string) (list []File, err error) {
	if !slices.Contains(Forges, forge) {
		return nil, nil
	}
	names, err := fs.Glob(files, forge+"/*.yml")
	for _, name := range names {
		data, readErr := files.ReadFile(name)
		if readErr != nil {
			return nil, readErr
		}
		list = append(list, File{path.Join(places[forge], path.Base(name)), data})
	}
	return list, err
}
