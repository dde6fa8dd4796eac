package prove

import "github.com/gitramp/gitramp/render/route"

// Requests are all requests that the rules of some routes can tell apart, as a proof asks them.
func Requests(probes route.Probes) []route.Request {
	var list []route.Request
	for _, c := range requests(probes) {
		list = append(list, c.Request)
	}
	return list
}
