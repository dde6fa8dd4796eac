package render

import (
	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// Claims are what only one app of a cluster can have.
type Claims struct {
	Objects []Claim       // by namespace, kind and name
	Places  []route.Place // what is sent to it
}

// Claim is an object: Key tells it apart, Text is for people.
type Claim struct{ Key, Text string }

func (c *Claims) object(namespace, kind, name string) {
	c.Objects = append(c.Objects, Claim{namespace + " " + kind + " " + name, kind + " " + name})
}

// Claims are those of the spec: all that a release of it will have.
func (c *Canary) Claims() Claims {
	var all Claims
	if b := c.base; b != nil {
		for _, o := range append(append([]*yaml.Node{b.scaler}, b.config...), b.others...) {
			if o != nil {
				all.object(node.Text(o, "metadata", "namespace"), node.Text(o, "kind"), node.Text(o, "metadata", "name"))
			}
		}
	}
	for _, names := range []TrackNames{c.Spec.Output.Names.Prod, c.Spec.Output.Names.Canary} {
		all.object(c.Metadata.Namespace, "Deployment", names.Deployment)
		all.object(c.Metadata.Namespace, "Service", names.Service)
		all.object(c.Metadata.Namespace, "route", names.Route)
	}
	all.Places = c.RouteSpec().Places(c.Metadata.Namespace)
	if b := c.base; b != nil && b.route != nil {
		router, _ := route.ByName(c.RouteSpec().Router)
		all.Places = router.Places([]route.Object{{Node: b.route}}, c.Metadata.Namespace)
	}
	return all
}

// Claims are those of the tree as it stands, whatever became of its spec.
func (s State) Claims() Claims {
	var all Claims
	router, err := route.ByName(s.Lock.Router)
	if err != nil {
		return all
	}
	objs := objectsOf(s.Tree)
	for _, o := range objs {
		kind := node.Text(o.Node, "kind")
		namespace := s.Lock.Namespace
		switch {
		case isRoute(o.Path):
			kind = "route"
		case kind != "Deployment" && kind != "Service":
			namespace = node.Text(o.Node, "metadata", "namespace")
		}
		all.object(namespace, kind, node.Text(o.Node, "metadata", "name"))
	}
	all.Places = router.Places(objs, s.Lock.Namespace)
	return all
}
