package git

import (
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func quote(s string) string { return strconv.Quote(s) }

func isHex(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

func short(id string) string { return id[:min(len(id), 10)] }

// checkPath allows what can be written by every git on every system: relative, clean, no .git, no characters that git or a shell would quote.
func checkPath(name string) error {
	bad := func(why string) error { return &Usage{Text: "path " + quote(name) + " cannot be used: " + why} }
	if name == "" || path.Clean(name) != name || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
		return bad("it must be relative to the repository's top, and clean")
	}
	if !utf8.ValidString(name) || strings.ContainsAny(name, `"\`) || strings.ContainsFunc(name, unicode.IsControl) {
		return bad("no quotes, backslashes or control characters")
	}
	for part := range strings.SplitSeq(strings.ToLower(name), "/") {
		if part == ".git" || strings.HasPrefix(part, "git~") {
			return bad("it lies in a git directory")
		}
	}
	return nil
}

// within says that name lies under one of the roots.
func within(name string, roots map[string]bool) bool {
	for dir := name; dir != "."; {
		if dir = path.Dir(dir); roots[dir] {
			return true
		}
	}
	return false
}
