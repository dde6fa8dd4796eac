package render

import (
	"regexp"

	"github.com/gitramp/gitramp/render/route"
)

// headerMatch is Argo Rollouts' header match in a router's words.
func headerMatch(m HeaderMatch) route.Match {
	h := route.Header{Name: m.HeaderName, Value: m.HeaderValue.Exact, Pattern: m.HeaderValue.Regex}
	if m.HeaderValue.Prefix != "" {
		h.Pattern = regexp.QuoteMeta(m.HeaderValue.Prefix) + ".*"
	}
	return route.Match{Header: &h}
}
