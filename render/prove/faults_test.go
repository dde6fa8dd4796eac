package prove_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/prove"
)

const shop = `apiVersion: gitramp.dev/v1alpha1
kind: Canary
metadata: {name: shop}
spec:
  image: shop:2
  stable: {image: shop:1}
  port: 8080
  replicas: 4
  route:
    host: shop.example.com
    match: [{header: {name: X-Canary}}, {cookie: {name: canary}}]
  steps:
  - setWeight: 20
  - setWeight: 50
`

// gateway is the same with a router that fails closed.
var gateway = strings.Replace(shop, "    host:", "    router: gateway-api\n    parentRefs: [{name: public}]\n    host:", 1)

// unmatched is a spec without anybody who is picked out.
func unmatched(spec string) string {
	return strings.Replace(spec, "    match: [{header: {name: X-Canary}}, {cookie: {name: canary}}]\n", "", 1)
}

// steps of shop, by their index
const (
	idle = iota
	prepare
	weight20
	weight50
	full
	promote
	restore
	cleanup
)

// plan is a rendered release in the hands of somebody who gets it wrong.
type plan struct {
	tb testing.TB
	prove.Input
}

// edit replaces text in a file of some steps, of all where none is given, where it stands there exactly once.
func (p *plan) edit(path, old, new string, steps ...int) {
	p.tb.Helper()
	for i := range p.Steps {
		if len(steps) == 0 || slices.Contains(steps, i) {
			p.change(&p.Steps[i], path, old, new, len(steps) > 0)
		}
	}
	for i := range p.Ways {
		for j := range p.Ways[i].States {
			if len(steps) == 0 {
				p.change(&p.Ways[i].States[j], path, old, new, false)
			}
		}
	}
}

// editWay does so in every way back, in the commits called name.
func (p *plan) editWay(name, path, old, new string) {
	p.tb.Helper()
	for i := range p.Ways {
		for j := range p.Ways[i].States {
			if s := &p.Ways[i].States[j]; strings.HasPrefix(s.Name, name+" ") {
				p.change(s, path, old, new, false)
			}
		}
	}
}

func (p *plan) change(s *prove.State, path, old, new string, must bool) {
	p.tb.Helper()
	data, ok := s.Tree.Get(path)
	if n := strings.Count(string(data), old); ok && n == 1 {
		p.write(s, path, strings.Replace(string(data), old, new, 1))
	} else if must {
		p.tb.Fatalf("%s: %q stands %d times in %s:\n%s", s.Name, old, n, path, data)
	}
}

// write puts a file into a tree, and lists it.
func (p *plan) write(s *prove.State, path, text string) {
	listed, _ := s.Tree.Get(render.KustomizationFile)
	tree := slices.DeleteFunc(slices.Clone(s.Tree), func(f render.File) bool { return f.Path == path || f.Path == render.KustomizationFile })
	if !strings.Contains(string(listed), "- "+path+"\n") {
		listed = []byte(string(listed) + "- " + path + "\n")
	}
	s.Tree = append(tree, render.File{Path: path, Data: []byte(text)}, render.File{Path: render.KustomizationFile, Data: listed})
}

// remove takes files out of some steps.
func (p *plan) remove(path string, steps ...int) {
	for _, i := range steps {
		p.drop(&p.Steps[i], path)
	}
}

func (p *plan) drop(s *prove.State, path string) {
	listed, _ := s.Tree.Get(render.KustomizationFile)
	tree := slices.DeleteFunc(slices.Clone(s.Tree), func(f render.File) bool { return f.Path == path || f.Path == render.KustomizationFile })
	s.Tree = append(tree, render.File{Path: render.KustomizationFile, Data: []byte(strings.Replace(string(listed), "- "+path+"\n", "", 1))})
}

// only keeps some steps, as a release without the others, and no way back.
func (p *plan) only(steps ...int) {
	var kept []prove.State
	for _, i := range steps {
		kept = append(kept, p.Steps[i])
	}
	p.Steps, p.Ways = kept, nil
}

func (p *plan) file(step int, path string) string {
	p.tb.Helper()
	data, ok := p.Steps[step].Tree.Get(path)
	if !ok {
		p.tb.Fatalf("%s has no %s", p.Steps[step].Name, path)
	}
	return string(data)
}

// fault is something that people get wrong, and the story that it has to be found with.
type fault struct {
	name string
	spec string
	do   func(*plan)
	rule string   // "" where there is nothing to be found
	want []string // parts of the story, in their order
}

// The files of shop, and what its pods have to outlive their router's lag.
const (
	prodService   = "prod-service.yaml"
	prodPods      = "prod-deployment.yaml"
	prodRoute     = "prod-ingress.yaml"
	canaryService = "canary-service.yaml"
	canaryPods    = "canary-deployment.yaml"
	canaryRoute   = "canary-ingress.yaml"
	sharedRoute   = "shared-httproute.yaml"
	preStop       = "        lifecycle:\n          preStop:\n            sleep:\n              seconds: 10\n"
	stopComment   = "        # Routers learn of a deleted pod up to a few seconds late: it goes on serving until they have.\n"
)

var faults = []fault{
	{"nothing", shop, func(*plan) {}, "", nil},
	{"nothing, and a router that fails closed", gateway, func(*plan) {}, "", nil},

	{"the tutorial's reader: prod's route to the canary, weight 0 and prod to 0 in one commit", shop, func(p *plan) {
		p.edit(prodRoute, "name: shop\n            port", "name: shop-canary\n            port", promote)
		p.edit(canaryRoute, `canary-weight: "100"`, `canary-weight: "0"`, promote)
		p.edit(prodPods, "replicas: 4", "replicas: 0", promote)
		p.only(idle, prepare, weight20, weight50, full, promote)
	}, prove.NoBackend, []string{"from 04-full to 05-promote", "applied  ~Deployment shop", "not yet  ~Ingress shop", "Deployment shop: none", "answer   100% 503 (shop has no endpoints)"}},
	{"the Service's selector switches in one commit", shop, func(p *plan) {
		p.edit(prodService, "selector:\n    app: shop\n", "selector:\n    app: shop-canary\n", promote)
		p.edit(canaryRoute, `canary-weight: "100"`, `canary-weight: "0"`, promote)
		p.edit(prodPods, "replicas: 4", "replicas: 0", promote)
		p.only(idle, prepare, weight20, weight50, full, promote)
	}, prove.NoBackend, []string{"from 04-full to 05-promote", "applied  ~Deployment shop", "answer   100% 503"}},
	{"the Service's selector switches, and the old pods go a commit later", shop, func(p *plan) {
		for _, i := range []int{promote, restore} {
			p.write(&p.Steps[i], prodService, strings.Replace(p.file(full, prodService), "selector:\n    app: shop\n", "selector:\n    app: shop-canary\n", 1))
			p.write(&p.Steps[i], prodPods, p.file(full, prodPods))
			p.write(&p.Steps[i], canaryRoute, strings.Replace(p.file(full, canaryRoute), `canary-weight: "100"`, `canary-weight: "0"`, 1))
		}
		p.edit(prodPods, "replicas: 4", "replicas: 0", restore)
		p.only(idle, prepare, weight20, weight50, full, promote, restore)
	}, prove.NoBackend, []string{"from 00-idle to 05-promote", "applied  ~Service shop", "not yet  +Service shop-canary", "answer   100% 503"}},

	{"the weight in the commit that creates the canary", gateway, func(p *plan) { p.only(idle, weight20, weight50, full, promote, restore, cleanup) },
		prove.NoBackend, []string{"from 00-idle to 02-weight-20", "applied  ~HTTPRoute shop", "not yet  +Service shop-canary; +Deployment shop-canary", "request  shop.example.com/", "20% 503"}},
	{"the weight in the commit that creates the canary, where the router fails open", shop,
		func(p *plan) { p.only(idle, weight20, weight50, full, promote, restore, cleanup) }, "", nil},
	{"a serving backend is pruned: cleanup before restore", gateway, func(p *plan) { p.only(idle, prepare, weight20, weight50, full, promote, cleanup) },
		prove.NoBackend, []string{"from 05-promote to 07-cleanup", "applied  -Service shop-canary", "not yet  ~HTTPRoute shop", "answer   100% 503"}},
	{"the canary goes before its route does", gateway, func(p *plan) {
		p.drop(&p.Steps[full], canaryPods)
	}, prove.NoBackend, []string{"at 04-full, all applied and settled", "503"}},
	{"the canary's pods go to 0 while they have a weight", gateway, func(p *plan) { p.edit(canaryPods, "replicas: 4", "replicas: 0", weight50) },
		prove.NoBackend, []string{"at 03-weight-50", "Deployment shop-canary: none", "50% shop, 50% 503"}},

	{"prod goes to 0 although the canary has all the weight", shop, func(p *plan) { p.edit(prodPods, "replicas: 4", "replicas: 0", full) },
		prove.NoBackend, []string{"at 04-full", "Deployment shop: none", "answer   100% 503 (shop has no endpoints)"}},
	{"prod goes to 0 where nobody is sent to it", gateway, func(p *plan) { p.edit(prodPods, "replicas: 4", "replicas: 0", full) },
		prove.ProdEmpty, []string{"from 03-weight-50 to 04-full", "must be  Service shop, a primary backend, has a ready pod"}},
	{"prod goes to 0 a commit after no route refers to it", unmatched(gateway), func(p *plan) {
		p.Steps[promote].Tree, p.Steps[restore].Tree = p.Steps[full].Tree, p.Steps[full].Tree
		p.edit(sharedRoute, "    - group: \"\"\n      kind: Service\n      name: shop\n      port: 80\n      weight: 0\n", "", promote, restore)
		p.edit(prodPods, "replicas: 4", "replicas: 0", restore)
		p.only(idle, prepare, weight20, weight50, full, promote, restore)
	}, "", nil},
	{"prod's Deployment is missing", shop, func(p *plan) { p.remove(prodPods, full) }, prove.Reference,
		[]string{"at 04-full", "Service shop (selector app=shop, target port http) fits no pod"}},
	{"prod's pods are replaced by Recreate", shop, func(p *plan) {
		p.edit(prodPods, "    type: RollingUpdate\n    rollingUpdate:\n      maxSurge: 25%\n      maxUnavailable: 0\n", "    type: Recreate\n")
	}, prove.ProdEmpty, []string{"from 04-full to 05-promote", "applied  ~Deployment shop", "Deployment shop: none"}},
	{"prod's pods may all be away", shop, func(p *plan) { p.edit(prodPods, "maxUnavailable: 0", "maxUnavailable: 100%") },
		prove.NoBackend, []string{"from 04-full to 05-promote", "Deployment shop: none", "503"}},
	{"prod's route is missing", shop, func(p *plan) { p.remove(prodRoute, weight50) }, prove.NoBackend, []string{"at 03-weight-50", "404"}},

	{"prod's route gets another name", shop, func(p *plan) {
		for _, i := range []int{promote, restore, cleanup} {
			p.edit(prodRoute, "metadata:\n  name: shop\n", "metadata:\n  name: shop-2\n", i)
		}
	}, prove.NoBackend, []string{"from 04-full to 05-promote", "applied  -Ingress shop\n", "+Ingress shop-2", "answer   100% 404"}},

	{"the canary has prod's labels", shop, func(p *plan) {
		p.edit(canaryPods, "matchLabels:\n      app: shop-canary\n", "matchLabels:\n      app: shop\n")
		p.edit(canaryPods, "labels:\n        app: shop-canary\n", "labels:\n        app: shop\n")
	}, prove.Overlap, []string{"at 01-prepare", "Service shop picks the pods of Deployment shop and Deployment shop-canary"}},
	{"both Services have one selector, as those of a Rollout do", shop, func(p *plan) {
		p.edit(canaryService, "selector:\n    app: shop-canary\n", "selector:\n    app: shop\n")
	}, prove.Overlap, []string{"at 02-weight-20", "Service shop and Service shop-canary share requests, and both find the pods of Deployment shop"}},
	{"prod's Service looks for a label of both", shop, func(p *plan) {
		p.edit(prodService, "selector:\n    app: shop\n", "selector:\n    app.kubernetes.io/name: shop\n")
	}, prove.Exposure, []string{"at 01-prepare", "must be  0% of these requests reach the new revision"}},
	{"another route to the canary's Service", shop, func(p *plan) {
		for _, i := range []int{weight20, weight50, full} {
			preview := strings.NewReplacer("name: shop\n  labels", "name: preview\n  labels", "host: shop.example.com", "host: preview.example.com",
				"name: shop\n            port", "name: shop-canary\n            port").Replace(p.file(i, prodRoute))
			p.write(&p.Steps[i], "prod-preview.yaml", preview)
		}
	}, prove.Exposure, []string{"at 02-weight-20", "request  preview.example.com/", "answer   100% shop-canary", "must be  20% of these"}},
	{"another route to prod's Service", shop, func(p *plan) {
		for i := range p.Steps {
			p.write(&p.Steps[i], "prod-other.yaml", strings.NewReplacer("name: shop\n  labels", "name: other\n  labels", "host: shop.example.com", "host: other.example.com").Replace(p.file(i, prodRoute)))
		}
		p.Ways = nil // which would be without it
	}, prove.Exposure, []string{"request  other.example.com/", "shop-canary", "must be  none of these requests reach the new revision: no canary is for their host and path"}},

	{"pods are gone at once", shop, func(p *plan) {
		p.edit(prodPods, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 0")
		p.edit(prodPods, stopComment+preStop, "")
	}, prove.Lingering, []string{"from 04-full to 05-promote", "not yet  ~Deployment shop", "Cookie: canary=never", "these are sure of 0s"}},
	{"prod's image and the canary's removal in one commit, and pods are gone at once", shop, func(p *plan) {
		p.edit(canaryPods, stopComment+preStop, "")
		p.edit(canaryPods, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 1")
		p.only(idle, prepare, weight20, weight50, full, cleanup)
	}, prove.Lingering, []string{"from 04-full to 07-cleanup", "-Deployment shop-canary", "answer   100% shop-canary", "Deployment shop-canary serve for 5s after they are deleted"}},
	{"a preStop that is shorter than the router's lag", shop, func(p *plan) { p.edit(prodPods, "seconds: 10", "seconds: 2") }, prove.Lingering, []string{"sure of 2s"}},
	{"a grace period that ends before preStop does", shop, func(p *plan) {
		p.edit(prodPods, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 3")
	}, prove.Lingering, []string{"sure of 3s"}},

	{"an abort leaves the header rule", shop, func(p *plan) {
		p.editWay("abort", canaryRoute, `canary-weight: "0"`, "canary-weight: \"0\"\n    nginx.ingress.kubernetes.io/canary-by-header: \"X-Canary\"")
	}, prove.Withdrawn, []string{"from 02-weight-20 to abort at 02-weight-20", "X-Canary: always", "answer   100% shop-canary (header X-Canary is always)"}},
	{"an abort leaves the cookie rule", shop, func(p *plan) {
		p.editWay("abort", canaryRoute, `canary-weight: "0"`, "canary-weight: \"0\"\n    nginx.ingress.kubernetes.io/canary-by-cookie: \"canary\"")
	}, prove.Withdrawn, []string{"Cookie: canary=always", "answer   100% shop-canary (cookie canary is always)"}},
	{"an abort leaves the weight", shop, func(p *plan) { p.editWay("abort", canaryRoute, `canary-weight: "0"`, `canary-weight: "20"`) },
		prove.Withdrawn, []string{"request  shop.example.com/\n", "80% shop, 20% shop-canary"}},
	{"an abort that only deletes", shop, func(p *plan) {
		for i := range p.Ways {
			p.drop(&p.Ways[i].States[0], canaryRoute)
		}
	}, prove.Withdrawn, []string{"from 02-weight-20 to abort at 02-weight-20", "20% shop-canary", "pruned or not"}},
	{"an abort of a promotion that leaves prod on the new revision", shop, func(p *plan) {
		for i, w := range p.Ways {
			if w.From == promote {
				p.Ways[i].States = []prove.State{{Name: "abort at 05-promote", Tree: p.Steps[restore].Tree}}
			}
		}
	}, prove.Withdrawn, []string{"from 05-promote to abort at 05-promote", "Deployment shop: 4 of the new revision"}},
	{"an abort that leaves the weight out, which is 1", gateway, func(p *plan) {
		p.editWay("abort", sharedRoute, "      weight: 1\n", "    - group: \"\"\n      kind: Service\n      name: shop-canary\n      port: 80\n")
	}, prove.Withdrawn, []string{"abort at 01-prepare", "50% shop, 50% shop-canary"}},
	{"weight 0 is not written, which is 1", gateway, func(p *plan) {
		p.edit(sharedRoute, "      weight: 80\n", "", weight20)
		p.edit(sharedRoute, "      weight: 20\n", "", weight20)
	}, prove.Exposure, []string{"at 02-weight-20", "50% shop, 50% shop-canary", "must be  20% of these"}},

	{"a backend's port is no port of its Service", shop, func(p *plan) { p.edit(canaryRoute, "number: 80", "number: 81", weight20) },
		prove.Reference, []string{"at 02-weight-20", "port 81 of Service shop-canary, which has 80, http"}},
	{"a backend is not there", shop, func(p *plan) { p.remove(canaryService, weight20) }, prove.Reference, []string{"at 02-weight-20", "Service shop-canary, which is not there"}},
	{"a Service's target port is no port of its pods", shop, func(p *plan) { p.edit(prodService, "targetPort: http", "targetPort: web", full) },
		prove.Reference, []string{"at 04-full", "target port web", "fits no pod"}},
	{"a Service's target port is no port of its pods, and so they are no endpoints", shop, func(p *plan) { p.edit(prodService, "targetPort: http", "targetPort: web", full) },
		prove.NoBackend, []string{"at 04-full", "answer   100% 503 (shop has no endpoints)"}},
	{"the Service's port and the route's change in one commit", shop, func(p *plan) {
		for _, i := range []int{promote, restore, cleanup} {
			p.edit(prodService, "- name: http\n    port: 80\n", "- name: http\n    port: 81\n", i)
			p.edit(prodRoute, "number: 80", "number: 81", i)
		}
	}, prove.NoBackend, []string{"from 04-full to 05-promote", "applied  ~Service shop", "not yet  ~Deployment shop; ~Ingress shop", "503"}},
	{"a Deployment's selector changes", shop, func(p *plan) {
		p.edit(prodPods, "matchLabels:\n      app: shop\n", "matchLabels:\n      app: shop\n      version: \"2\"\n", promote)
		p.edit(prodPods, "labels:\n        app: shop\n", "labels:\n        app: shop\n        version: \"2\"\n", promote)
	}, prove.Immutable, []string{"from 04-full to 05-promote", "Deployment shop: spec.selector changes from app=shop to app=shop,version=2"}},
	{"a Service's clusterIP changes", shop, func(p *plan) { p.edit(prodService, "type: ClusterIP", "clusterIP: None", promote) },
		prove.Immutable, []string{"from 04-full to 05-promote", "Service shop: spec.clusterIP"}},

	{"capacity after traffic", shop, func(p *plan) {
		p.edit(canaryPods, "replicas: 2", "replicas: 1", weight20)
	}, prove.Capacity, []string{"from 02-weight-20 to 03-weight-50", "applied  ~Ingress shop-canary", "not yet  ~Deployment shop-canary", "Deployment shop-canary: 1 of the new", "one gets 50%"}},
	{"a step with too few pods", shop, func(p *plan) { p.edit(canaryPods, "replicas: 4", "replicas: 1", weight50) },
		prove.Capacity, []string{"to 03-weight-50", "one gets 50%"}},
	{"prod shrinks with the weight", shop, func(p *plan) { p.edit(prodPods, "replicas: 4", "replicas: 1", weight50, full) },
		prove.Capacity, []string{"from 02-weight-20 to 03-weight-50", "applied  ~Deployment shop", "not yet  ~Deployment shop-canary; ~Ingress shop-canary", "one gets 80%"}},

	{"prod is promoted while it has a weight", shop, func(p *plan) {
		p.Steps[promote].Share = p.Steps[weight50].Share
		p.edit(canaryRoute, `canary-weight: "100"`, `canary-weight: "50"`, promote)
		p.only(idle, prepare, weight20, weight50, promote, restore, cleanup)
	}, prove.Exposure, []string{"at 05-promote", "50% shop, 50% shop-canary", "must be  50% of these"}},
	{"the tracks change sides", shop, func(p *plan) { // 20% of the requests in either tree
		p.Steps[weight50].Tree = slices.Clone(p.Steps[weight20].Tree)
		p.edit(prodPods, "image: shop:1", "image: shop:2", weight50)
		p.edit(canaryPods, "image: shop:2", "image: shop:1", weight50)
		p.edit(canaryRoute, `canary-weight: "20"`, `canary-weight: "80"`, weight50)
		p.Steps[weight50].Share = p.Steps[weight20].Share
		p.edit(canaryRoute, "    nginx.ingress.kubernetes.io/canary-by-header: \"X-Canary\"\n    nginx.ingress.kubernetes.io/canary-by-cookie: \"canary\"\n", "")
		p.only(idle, weight20, weight50)
	}, prove.Exposure, []string{"from 02-weight-20 to 03-weight-50", "must be  at most 20% of these requests reach the new revision, as in the one or the other"}},
	{"the weight in the commit that creates the canary, where one pod would get all of it", shop, func(p *plan) { p.only(idle, weight50) },
		prove.Capacity, []string{"from 00-idle to 03-weight-50", "Deployment shop-canary: 1 of the new revision", "one gets 50%"}},
	{"the canary goes all at once, where one pod would get all of its weight", shop, func(p *plan) {
		p.only(idle, prepare, weight20, weight50, idle)
	}, prove.Capacity, []string{"from 03-weight-50 to 00-idle", "applied  -Deployment shop-canary", "Deployment shop-canary: 1 of"}},
	{"only the old pods are replaced by Recreate", gateway, func(p *plan) { // the way back
		for i := idle; i < promote; i++ {
			p.edit(prodPods, "    type: RollingUpdate\n    rollingUpdate:\n      maxSurge: 25%\n      maxUnavailable: 0\n", "    type: Recreate\n", i)
		}
		p.Ways = nil
	}, prove.ProdEmpty, []string{"from 05-promote to 04-full"}},
	{"an abort that deletes in its first commit", gateway, func(p *plan) {
		for i := range p.Ways[:full] {
			p.drop(&p.Ways[i].States[0], canaryPods)
		}
	}, prove.NoBackend, []string{"from 02-weight-20 to abort at 01-prepare", "applied  -Deployment shop-canary", "not yet  ~HTTPRoute shop"}},
	{"a canary with fewer pods after a revert, and they are gone at once", shop, func(p *plan) {
		p.edit(canaryPods, stopComment+preStop, "")
		p.edit(canaryPods, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 1")
	}, prove.Lingering, []string{"from 02-weight-20 to 01-prepare", "not yet  ~Deployment shop-canary"}},
	{"prod's Deployment picks the canary's pods too", shop, func(p *plan) {
		p.edit(canaryPods, "matchLabels:\n      app: shop-canary\n", "matchLabels:\n      app.kubernetes.io/component: canary\n")
		p.edit(canaryPods, "labels:\n        app: shop-canary\n", "labels:\n        app: shop\n")
		p.edit(canaryService, "selector:\n    app: shop-canary\n", "selector:\n    app.kubernetes.io/component: canary\n")
		p.edit(prodService, "selector:\n    app: shop\n", "selector:\n    app.kubernetes.io/component: prod\n")
	}, prove.Overlap, []string{"at 01-prepare", "Deployment shop picks the pods of Deployment shop and Deployment shop-canary"}},
	{"prod's pods get another label, and stay what they are", shop, func(p *plan) {
		p.edit(prodPods, "labels:\n        app: shop\n", "labels:\n        app: shop\n        team: a\n", weight20)
	}, "", nil},
	{"prod's Service sends to a number, and the number changes", shop, func(p *plan) {
		for i := range p.Steps {
			p.edit(prodService, "targetPort: http", []string{"targetPort: 8080", "targetPort: 9090"}[i/promote], i)
			if i >= promote {
				p.edit(prodPods, "containerPort: 8080", "containerPort: 9090", i)
			}
		}
		p.Ways = nil
	}, prove.NoBackend, []string{"from 04-full to 05-promote", "of whose pods some do not listen at its target port", "must be  every request has a backend"}},
	{"prod's Service is in another namespace", shop, func(p *plan) {
		p.edit(prodPods, "metadata:\n  name: shop\n", "metadata:\n  name: shop\n  namespace: other\n", full)
	},
		prove.Reference, []string{"at 04-full", "fits no pod"}},
	{"everything of the canary goes in one commit at 20%, and comes in one", shop, func(p *plan) { p.only(idle, weight20, idle) }, "", nil},
	{"more than the step says", shop, func(p *plan) { p.edit(canaryRoute, `canary-weight: "20"`, `canary-weight: "21"`, weight20) },
		prove.Exposure, []string{"at 02-weight-20", "79% shop, 21% shop-canary", "must be  20% of these"}},
}

// TestFaults plants what people get wrong into a release that is safe, by editing its trees, and looks for the story.
func TestFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := &plan{t, input(t, f.spec)}
			f.do(p)
			r := proven(t, p.Input, prove.Options{})
			if f.rule == "" {
				for _, s := range r.Stories {
					t.Errorf("%s", s)
				}
				return
			}
			i := slices.IndexFunc(r.Stories, func(s prove.Story) bool { return s.Rule == f.rule })
			if i < 0 {
				t.Fatalf("no story of %s: %v", f.rule, r.Stories)
			}
			text := r.Stories[i].String()
			rest := text
			for _, part := range f.want {
				_, after, ok := strings.Cut(rest, part)
				if !ok {
					t.Fatalf("%q is not in the story, or not in its place:\n%s", part, text)
				}
				rest = after
			}
		})
	}
}

// TestDieAtOnce: the rows of measurements with pods that die at once, in ingress-nginx v1.15.1: in order no request is dropped but those of users that a rule keeps
// on prod while it is promoted; skips and jumps back drop some. With a preStop that outlives the router's lag none is dropped either way.
func TestDieAtOnce(t *testing.T) {
	none := strings.Replace(shop, "  replicas: 4", "  replicas: 4\n  defaults: none", 1)
	lingers := func(text string, o prove.Options) (list []string) {
		for _, s := range proven(t, input(t, text), o).Stories {
			list = append(list, s.Rule+": "+s.From+" to "+s.To)
		}
		return list
	}
	for _, c := range []struct {
		name, spec string
		o          prove.Options
		want       []string
	}{
		{"a preStop", shop, prove.Options{DieAtOnce: true}, nil},
		{"nothing is said, and taken to be enough", none, prove.Options{}, nil},
		{"whoever a rule keeps on prod", none, prove.Options{DieAtOnce: true}, []string{"lingering: 04-full to 05-promote"}},
		{"in order nobody, a revert takes pods away", unmatched(none), prove.Options{DieAtOnce: true}, []string{"lingering: 02-weight-20 to 01-prepare"}},
	} {
		if got := lingers(c.spec, c.o); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	onePod := strings.Replace(unmatched(none), "  replicas: 4", "  replicas: 1", 1)
	if got := lingers(onePod, prove.Options{DieAtOnce: true}); len(got) != 1 || got[0] != "lingering: 00-idle to 05-promote" {
		t.Errorf("without a scale-down nothing is lost in order, only where commits are skipped: %v", got)
	}
	inOrder := strings.Replace(onePod, "    host:", "    router: gateway-api\n    parentRefs: [{name: public}]\n    host:", 1)
	if got := lingers(inOrder, prove.Options{DieAtOnce: true}); got != nil {
		t.Errorf("in order: %v", got)
	}
}

// TestScaled: where the spec scales the canary apart from its weight each step says how many pods it has; on the way it still may not be less than in either.
func TestScaled(t *testing.T) {
	scaled := strings.Replace(shop, "  - setWeight: 50\n", "  - setCanaryScale: {replicas: 1}\n  - setWeight: 50\n", 1)
	p := &plan{t, input(t, scaled)}
	if r := proven(t, p.Input, prove.Options{}); !r.Proven() {
		t.Errorf("as the spec asks for: %v", r.Stories)
	}
	p.edit(canaryPods, "replicas: 1", "replicas: 4", 4)
	p.edit(canaryRoute, `canary-weight: "50"`, `canary-weight: "80"`, 4)
	p.Steps[4].Share = nil
	r := proven(t, p.Input, prove.Options{})
	if i := slices.IndexFunc(r.Stories, func(s prove.Story) bool { return s.Rule == prove.Capacity }); i < 0 || !strings.Contains(r.Stories[i].String(), "one gets 80%") {
		t.Errorf("4 pods for 80%%, and on the way 1: %v", r.Stories)
	}
}

// TestRolling: half of the requests reach the new revision in either tree, by the canary in the one and by prod in the other, and all of them once prod's pods are
// replaced and the canary's are not.
func TestRolling(t *testing.T) {
	p := &plan{t, input(t, shop)}
	p.Steps[full].Tree = slices.Clone(p.Steps[weight50].Tree)
	p.edit(prodPods, "image: shop:1", "image: shop:2", full)
	p.edit(canaryPods, "image: shop:2", "image: shop:1", full)
	p.only(idle, weight50, full)
	for i := range p.Steps {
		p.Steps[i].Share = nil
	}
	r := proven(t, p.Input, prove.Options{})
	i := slices.IndexFunc(r.Stories, func(s prove.Story) bool { return s.Rule == prove.Exposure })
	if i < 0 || !strings.Contains(r.Stories[i].String(), "applied  ~Deployment shop\n  not yet  ~Deployment shop-canary\n  ready    Deployment shop: 4 of the new revision") {
		t.Errorf("%v", r.Stories)
	}
}
