package git

import (
	"net/url"
	"strings"
)

// Address is the URL of a remote as others may see it and can reach it: over https or ssh, without what lets one in. "" where it is neither, as a path is.
func (r *Repo) Address(remote string) string { return Public(r.config["remote."+remote+".url"]) }

// Public takes out of a URL what lets one in, and writes git's short form of ssh in full, which Flux does not read. "" where it is neither https nor ssh. Of ssh's user
// the name stays: it is git for most, no secret, and there is no way in without it. The short form has no password; where its path has an @, somebody has put one there.
func Public(raw string) string {
	if host, path, short := strings.Cut(raw, ":"); short && !strings.HasPrefix(path, "//") && !strings.HasPrefix(path, ":") && len(host) > 1 && !strings.Contains(host, "/") {
		if strings.Contains(path, "@") {
			return ""
		}
		raw = "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") == "" {
		return ""
	}
	switch u.Scheme {
	case "https":
		u.User = nil
	case "ssh", "git+ssh", "ssh+git":
		u.Scheme = "ssh"
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
	default:
		return ""
	}
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	return u.String()
}
