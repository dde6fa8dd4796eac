package main

import (
	"strings"

	"github.com/gitramp/gitramp/docs/pipelines"
)

// nextOf is what is left to do by hand.
var nextOf = map[string]string{
	"github": "give it an app's token, so that checks run on what it opens, and make gitramp-verify a required check",
	"gitlab": "include it from .gitlab-ci.yml (include: [{local: .gitlab/gitramp.yml}]), let it push, and schedule a pipeline",
	"gitea":  "make gitramp-verify a required check of the branch",
}

// initPipeline writes the jobs of a forge: all of them, or none where one is there already.
func (c *cli) initPipeline(f initFlags, args []string) error {
	files, err := pipelines.Of(f.pipeline)
	switch {
	case err != nil:
		return err
	case files == nil:
		return usage("--pipeline: value %q is invalid: allowed %s", f.pipeline, strings.Join(pipelines.Forges, ", "))
	case len(args) > 0:
		return usage("--pipeline writes where the forge looks, and %q is given", args[0])
	}
	var list []newFile
	for _, file := range files {
		list = append(list, newFile(file))
	}
	return c.writeNew(f, list, "set its branch where that is not main, "+nextOf[f.pipeline])
}
