// Package ask says where a request goes at a step of an app, and which requests another router would send elsewhere.
//
// It asks the routers as they read the rendered objects (render/route/*_serve.go), and refuses to know what a spec wanted of them.
package ask

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// Step is the tree of a step as its router sees it.
type Step struct {
	ID string

	routes []route.Object
	tracks map[string]string // by the name of the Service
	pods   map[string]bool   // by track: whether it has any
}

// Way is where a part of the requests goes.
type Way struct {
	Track, Service string // "" where the router answers for itself; a Service of others has no track
	Status         int    // then
	Weight         int    // of the reply's Total
}

// Reply says where a request goes, and why.
type Reply struct {
	Rule                string // what decided
	File, Object, Field string // where that stands; "" where nothing does
	Passed              []string
	Total               int
	Ways                []Way
}

// At reads the tree of a step.
func At(id string, tree render.Tree) (Step, error) {
	s := Step{ID: id, tracks: map[string]string{}, pods: map[string]bool{}}
	for _, path := range tree.Resources() {
		data, _ := tree.Get(path)
		n, err := node.Parse(data)
		if err != nil {
			return s, fmt.Errorf("%s: %w", path, err)
		}
		track, _, _ := strings.Cut(path, "-")
		switch node.Text(n, "kind") {
		case "Service":
			s.tracks[node.Text(n, "metadata", "name")] = track
		case "Deployment":
			s.pods[track] = node.Text(n, "spec", "replicas") != "0"
		case "Ingress", "HTTPRoute", "GRPCRoute":
			s.routes = append(s.routes, route.Object{Path: path, Node: n})
		}
	}
	return s, nil
}

// Ask asks for a request. down are tracks that have no ready pod; the others have as long as the step has pods of them.
func (s Step) Ask(req route.Request, down ...string) (Reply, error) {
	var passed []string
	req.Passed = &passed
	a, err := route.Serve(s.routes, func(service string) bool {
		track := s.tracks[service]
		has, ours := s.pods[track]
		return !ours || has && !slices.Contains(down, track) // what becomes of requests to a Service of others is not known here
	}, req)
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Rule: a.Rule, Total: a.Total}
	for _, p := range passed { // a rule stands there for each path
		if !slices.Contains(r.Passed, p) {
			r.Passed = append(r.Passed, p)
		}
	}
	r.File, r.Object, r.Field = a.Where(s.routes)
	for _, share := range a.Shares {
		r.Ways = append(r.Ways, Way{s.tracks[share.Service], share.Service, share.Status, share.Weight})
	}
	return r, nil
}

// same says whether two replies send the same parts of the requests to the same tracks.
func (r Reply) same(q Reply) bool {
	part := func(r Reply) map[string]int {
		m := map[string]int{}
		for _, w := range r.Ways {
			m[fmt.Sprint(w.Track, w.Status)] += w.Weight
		}
		return m
	}
	a, b := part(r), part(q)
	if len(a) != len(b) {
		return false
	}
	for to, weight := range a {
		if weight*q.Total != b[to]*r.Total {
			return false
		}
	}
	return true
}
