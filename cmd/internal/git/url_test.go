package git

import (
	"strings"
	"testing"
)

// TestPublic: what a controller is told is what it can reach, and never what lets one in.
func TestPublic(t *testing.T) {
	for raw, want := range map[string]string{
		"https://github.com/acme/deploy.git":                            "https://github.com/acme/deploy.git",
		"https://ada:s3cr3t@github.com/acme/deploy":                     "https://github.com/acme/deploy",
		"https://s3cr3t@git.example.com:8443/a/b/c.git":                 "https://git.example.com:8443/a/b/c.git",
		"http://x-access-token:s3cr3t@forge/a/b?private_token=s3cr3t#x": "",
		"http://forge/a/b": "",
		"https://ada:s3cr3t@forge/a/b?private_token=s3cr3t#x": "https://forge/a/b",
		"ada:s3cr3t@github.com:o/r.git":                       "",
		"ada:/s3cr3t@github.com/o/r.git":                      "",
		"forge:ada:s3cr3t@github.com/o/r.git":                 "",
		"git@github.com:acme/deploy.git":                      "ssh://git@github.com/acme/deploy.git",
		"forge:acme/deploy.git":                               "ssh://forge/acme/deploy.git",
		"git@forge:/srv/deploy.git":                           "ssh://git@forge/srv/deploy.git",
		"ssh://git:s3cr3t@forge:2222/acme/deploy.git":         "ssh://git@forge:2222/acme/deploy.git",
		"git+ssh://git@forge/acme/deploy.git":                 "ssh://git@forge/acme/deploy.git",
		"https://[2001:db8::1]/acme/deploy.git":               "https://[2001:db8::1]/acme/deploy.git",
		"../deploy.git":                                       "",
		"/srv/git/deploy.git":                                 "",
		"./odd:name/deploy.git":                               "",
		`C:\git\deploy`:                                       "",
		"file:///srv/deploy.git":                              "",
		"git://forge/deploy.git":                              "",
		"https://github.com":                                  "",
		"https://s3cr3t@":                                     "",
		"https://s3cr3t@forge\n/a":                            "",
		"ext::sh -c 'echo s3cr3t'":                            "",
		"":                                                    "",
		"https://forge/%zz/s3cr3t":                            "",
		"ftp://u:s3cr3t@forge/a.b":                            "",
		"https://forge/":                                      "",
		"HTTPS://u:s3cr3t@forge/ab":                           "https://forge/ab",
	} {
		if got := Public(raw); got != want || strings.Contains(got, "s3cr3t") {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

// TestWithoutUsers: what a program said is told again without what lets one in, however it was written.
func TestWithoutUsers(t *testing.T) {
	for text, want := range map[string]string{
		"fatal: unable to access 'https://ada:s3cr3t@forge/a/b/': 403":  "fatal: unable to access 'https://forge/a/b/': 403",
		"https://ada:s3cr3t@s3cr3t@forge/a and git::https://s3cr3t@b":   "https://forge/a and git::https://b",
		"https://forge/a/b@v1 of ada@example.com, ssh://git@forge:22/a": "https://forge/a/b@v1 of ada@example.com, ssh://forge:22/a",
	} {
		if got := WithoutUsers(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
