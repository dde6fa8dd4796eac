package main

import (
	"runtime/debug"
	"testing"
)

// TestBuiltVersion: a release is called by its tag, anything else by its commit.
func TestBuiltVersion(t *testing.T) {
	const commit = "0a7e7044ab2f31e8a6b1c9d1f0f5a3d1c2b3a495"
	for _, c := range []struct{ version, revision, modified, want string }{
		{"", "", "", "devel"},
		{"(devel)", "", "", "devel"},
		{"(devel)", commit, "false", "devel-0a7e7044ab"},
		{"(devel)", commit, "true", "devel-0a7e7044ab+dirty"},
		{"v0.0.0-20261126230043-0a7e7044ab2f", commit, "false", "devel-0a7e7044ab"},
		{"v1.2.4-0.20261126230043-0a7e7044ab2f+dirty", commit, "true", "devel-0a7e7044ab+dirty"},
		{"v1.2.3", commit, "false", "v1.2.3"},
		{"v1.2.3", "", "", "v1.2.3"},
		{"v0.0.0-20261126230043-0a7e7044ab2f", "", "", "v0.0.0-20261126230043-0a7e7044ab2f"}, // go install MODULE@COMMIT
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.version}}
		if c.revision != "" {
			info.Settings = []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: c.revision}, {Key: "vcs.modified", Value: c.modified}}
		}
		if got := builtVersion(info); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
