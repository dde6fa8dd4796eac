package render_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/gitramp/gitramp/render"
)

// checkIngresses reads the split as ingress-nginx does (internal/ingress/annotations/canary/main.go).
func checkIngresses(tb tester, st render.Step, c cluster, total int) {
	tb.Helper()
	ingresses := map[string]networkingv1.Ingress{}
	for file, data := range c.routes {
		put(tb, ingresses, file, data)
	}
	prod, ok := ingresses["prod"]
	if !ok {
		tb.Fatalf("%s: no prod Ingress", st.ID())
	}
	for _, track := range slices.Sorted(maps.Keys(ingresses)) {
		for _, b := range backends(ingresses[track]) {
			s := c.services[track]
			if b.Name != s.Name || b.Port.Number != s.Spec.Ports[0].Port {
				tb.Errorf("%s: %s Ingress goes to %s:%d, its Service is %s:%d", st.ID(), track, b.Name, b.Port.Number, s.Name, s.Spec.Ports[0].Port)
			}
		}
	}
	canary, attached := ingresses["canary"]
	if attached != st.Routed {
		tb.Fatalf("%s: canary Ingress there: %v, want %v", st.ID(), attached, st.Routed)
	}
	if !attached {
		return
	}
	if p, q := shape(prod), shape(canary); p != q {
		tb.Errorf("%s: ingress-nginx merges a canary only into the very same class, hosts and paths:\n%s\n%s", st.ID(), p, q)
	}
	const prefix = "nginx.ingress.kubernetes.io/canary"
	notes := canary.Annotations
	wantTotal := ""
	if total > 100 {
		wantTotal = fmt.Sprint(total)
	}
	if notes[prefix] != "true" || notes[prefix+"-weight"] != fmt.Sprint(st.Weight) || notes[prefix+"-weight-total"] != wantTotal {
		tb.Errorf("%s: weight %d of %d, annotations %v", st.ID(), st.Weight, total, notes)
	}
	_, header := notes[prefix+"-by-header"]
	_, cookie := notes[prefix+"-by-cookie"]
	if withdrawn := len(st.Matches) == 0; withdrawn == (header || cookie) {
		tb.Errorf("%s: %d matches, annotations %v", st.ID(), len(st.Matches), notes)
	}
	for name := range prod.Annotations {
		if strings.Contains(name, "canary") {
			tb.Errorf("%s: prod Ingress carries %s", st.ID(), name)
		}
	}
}

func backends(in networkingv1.Ingress) []networkingv1.IngressServiceBackend {
	var list []networkingv1.IngressServiceBackend
	for _, r := range in.Spec.Rules {
		for _, p := range r.HTTP.Paths {
			list = append(list, *p.Backend.Service)
		}
	}
	return list
}

// shape is what ingress-nginx compares of a main and a canary Ingress.
func shape(in networkingv1.Ingress) string {
	text := fmt.Sprintf("namespace %s class %s\n", in.Namespace, *in.Spec.IngressClassName)
	for _, r := range in.Spec.Rules {
		for _, p := range r.HTTP.Paths {
			text += fmt.Sprintf("%s %s %s\n", r.Host, p.Path, *p.PathType)
		}
	}
	return text
}
