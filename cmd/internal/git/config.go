package git

import (
	"context"
	"strings"
)

// config is git's configuration, key to last value, and the two GIT_*_IDENT that `git var` works out beside it.
type config map[string]string

func (r *Repo) readConfig(ctx context.Context) (config, error) {
	out, err := r.run(ctx, call{args: []string{"var", "-l"}})
	if err != nil {
		return nil, err
	}
	c := config{}
	for line := range strings.Lines(out) {
		key, value, set := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !set {
			value = "true" // a key alone is a true boolean
		}
		c[key] = value
	}
	return c, nil
}

func (c config) has(key string) bool { return c[key] != "" }

func (c config) flag(key string) bool {
	switch strings.ToLower(c[key]) {
	case "", "false", "no", "off", "0":
		return false
	}
	return true
}

// remote is where a branch goes that tracks none: origin, or the only one.
func (c config) remote() string {
	var names []string
	for key := range c {
		if name, ok := strings.CutPrefix(strings.TrimSuffix(key, ".url"), "remote."); ok && strings.HasSuffix(key, ".url") {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return "origin"
}

// upstream is the short name of what the branch tracks, "" for none.
func (c config) upstream(branch string) string {
	remote := c["branch."+branch+".remote"]
	merge := strings.TrimPrefix(c["branch."+branch+".merge"], "refs/heads/")
	switch {
	case remote == "" || merge == "":
		return ""
	case remote == ".":
		return merge
	}
	return remote + "/" + merge
}

func (c config) hashLen() int {
	if c["extensions.objectformat"] == "sha256" {
		return 64
	}
	return 40
}
