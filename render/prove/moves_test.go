package prove_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render/prove"
)

// TestMoves: a transition beside the plan may take hosts away and bring others; what both trees answer has to be answered between them.
func TestMoves(t *testing.T) {
	const twoHosts = "    hosts: [shop.example.com, old.example.com]\n"
	for _, c := range []struct {
		name, from, to string
		step           int
		rule           string
	}{
		{"a host more", shop, strings.Replace(shop, "    host: shop.example.com\n", twoHosts, 1), idle, ""},
		{"a host more on the way", shop, strings.Replace(shop, "    host: shop.example.com\n", twoHosts, 1), weight20, ""},
		{"a host less", strings.Replace(shop, "    host: shop.example.com\n", twoHosts, 1), shop, idle, ""},
		{"more pods", shop, strings.Replace(shop, "replicas: 4", "replicas: 9", 1), idle, ""},
		{"fewer pods", shop, strings.Replace(shop, "replicas: 4", "replicas: 1", 1), idle, ""},
		{"a host more with a router that fails closed", gateway, strings.Replace(gateway, "    host: shop.example.com\n", twoHosts, 1), idle, ""},
		{"another port of Service and route", shop, strings.Replace(shop, "  port: 8080\n", "  port: 8080\n  service: {port: 81}\n", 1), idle, prove.NoBackend},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := input(t, c.from), input(t, c.to)
			p := &plan{t, to}
			p.Moves = []prove.Move{{From: from.Steps[c.step], To: to.Steps[c.step]}}
			p.Moves[0].From.Name, p.Moves[0].To.Name = "the tree", "sync"
			r := proven(t, p.Input, prove.Options{})
			if c.rule == "" && r.Proven() {
				return
			}
			i := slices.IndexFunc(r.Stories, func(s prove.Story) bool { return s.Rule == c.rule })
			if i < 0 || r.Stories[i].From != "the tree" {
				t.Errorf("want a story of %q from the tree: %v", c.rule, r.Stories)
			}
		})
	}
}

// TestMovesThatKeep: what a base's own route answers may become more by a move, and not less, in the middle of a release and between two.
func TestMovesThatKeep(t *testing.T) {
	more := func(spec string) string {
		return strings.Replace(spec, "    host: shop.example.com\n", "    hosts: [shop.example.com, old.example.com]\n", 1)
	}
	for _, c := range []struct {
		name, from, to string
		step           int
		rule           string
	}{
		{"a host more", shop, more(shop), idle, ""},
		{"a host more on the way", shop, more(shop), weight20, ""},
		{"a host more with a router that fails closed", gateway, more(gateway), weight20, ""},
		{"a host less", more(shop), shop, idle, prove.NoBackend},
		{"a host less on the way", more(shop), shop, weight20, prove.NoBackend},
		{"another host with a router that fails closed", gateway, strings.Replace(gateway, "host: shop.", "host: new.", 1), idle, prove.NoBackend},
		{"fewer pods", shop, strings.Replace(shop, "replicas: 4", "replicas: 1", 1), idle, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := input(t, c.from), input(t, c.to)
			to.Moves = []prove.Move{{From: from.Steps[c.step], To: to.Steps[c.step], Keeps: true}}
			alone := prove.Input{Steps: to.Steps[c.step : c.step+1], Moves: to.Moves}
			for _, in := range []prove.Input{to, alone} {
				r := proven(t, in, prove.Options{})
				if c.rule == "" != r.Proven() || c.rule != "" && r.Stories[0].Rule != c.rule {
					t.Errorf("want %q: %v", c.rule, r.Stories)
				}
			}
		})
	}
}
