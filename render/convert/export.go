package convert

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// Exported is a spec as another tool has it.
type Exported struct {
	Objects []*yaml.Node // in apply order
	Report  Report       // what of the spec has no equal there
}

// YAML is the stream of all objects.
func (e Exported) YAML() ([]byte, error) {
	var docs []string
	for _, o := range e.Objects {
		data, err := node.Encode(o)
		if err != nil {
			return nil, err
		}
		docs = append(docs, string(data))
	}
	return []byte(strings.Join(docs, "---\n")), nil
}

// export is an export on its way.
type export struct {
	spec       *render.Canary
	source     *yaml.Node // of the spec
	as         string
	deployment *yaml.Node
	service    *yaml.Node
	route      *yaml.Node
	others     []*yaml.Node
	losses     Report
}

// Export turns a spec into a format. objs are those of its base, and c the spec with them; of a spec without a base those of Idle.
func Export(c *render.Canary, objs []*yaml.Node, as string) (Exported, error) {
	if !slices.Contains(Formats(), as) {
		return Exported{}, fmt.Errorf("format %q is unknown: allowed %s", as, strings.Join(Formats(), ", "))
	}
	source, err := node.Parse(c.Source())
	if err != nil {
		return Exported{}, err
	}
	e := &export{spec: c, source: node.Get(source, "spec"), as: as}
	if err := e.read(objs); err != nil {
		return Exported{}, err
	}
	var main *yaml.Node
	if as == argoRollouts {
		main = e.rollout()
	} else {
		main = e.canary()
	}
	e.putBack(source, main)
	if err := e.leave(main); err != nil {
		return Exported{}, err
	}
	return Exported{e.objects(main), e.losses}, nil
}

// read finds prod's objects.
func (e *export) read(objs []*yaml.Node) error {
	prod := e.spec.Spec.Output.Names.Prod
	for _, n := range objs {
		n = node.Copy(n)
		o := &object{"", n}
		switch {
		case o.is("apps", "Deployment") && o.name() == prod.Deployment:
			e.deployment = n
		case o.is("", "Service") && o.name() == prod.Service:
			e.service = n
		case routerOf(o) != "" && o.name() == prod.Route && route.SendsTo(n, prod.Service):
			e.route = n
		default:
			e.others = append(e.others, n)
		}
	}
	if e.deployment == nil || e.service == nil || e.route == nil {
		return fmt.Errorf("%s: has no Deployment %s, Service %s and route %s", e.spec.Metadata.Name, prod.Deployment, prod.Service, prod.Route)
	}
	return nil
}

func (e *export) serviceName() string { return node.Text(e.service, "metadata", "name") }

// unmanage takes out what says that gitramp manages an object.
func unmanage(n *yaml.Node) {
	const label = "app.kubernetes.io/managed-by"
	if node.Text(n, "metadata", "labels", label) == "gitramp" {
		node.Clear(n, "metadata", "labels", label)
		if len(keys(n, "metadata", "labels")) == 0 {
			node.Clear(n, "metadata", "labels")
		}
	}
}

func (e *export) lose(field, value, why string) {
	e.losses = append(e.losses, Field{Object: "spec", Field: field, Value: short(value), Outcome: Lost, Note: why})
}

func (e *export) change(field, value, how string) {
	e.losses = append(e.losses, Field{Object: "spec", Field: field, Value: short(value), Outcome: Changed, Note: how})
}

func (e *export) names() render.Names { return e.spec.Spec.Output.Names }

// putBack gives back what an import of this very format has kept. Steps that were edited since are the spec's.
func (e *export) putBack(source, main *yaml.Node) {
	text := node.Get(source, "metadata", "annotations", keptPrefix+e.as)
	if text == nil {
		return
	}
	kept, err := node.Parse([]byte(text.Value))
	if err != nil {
		e.lose("metadata.annotations", keptPrefix+e.as, "it is no YAML")
		return
	}
	e.takeBack(main, kept)
	if nginx := node.Get(main, "spec", "strategy", "canary", "trafficRouting", "nginx"); nginx != nil && node.Get(nginx, "stableIngresses") != nil {
		node.Clear(nginx, "stableIngress") // one of the two
	}
}

// leave keeps on the object what of the spec has no equal, for an import of it.
func (e *export) leave(main *yaml.Node) error {
	foreign := slices.ContainsFunc(e.others, func(n *yaml.Node) bool { return notOf(&object{"", n}, e.deployment) != "" })
	if len(e.losses) == 0 && !foreign {
		return nil
	}
	kept := node.Map(node.String(of), node.String(rampDigest(main, e.as)))
	fields := [][]string{{"minPods"}, {"canaryScale"}, {"dynamicStableScale"}, {"canaryMetadata"}, {"stableMetadata"}, {stepsField}, {"settle"}, {"output", "path"}, {"output", "names", "canary"}}
	if node.Get(e.source, "base") != nil {
		fields = append(fields, []string{"replicas"})
	}
	for _, field := range fields {
		if n := node.Get(e.source, field...); n != nil {
			node.Set(kept, node.Copy(n), append([]string{"spec"}, field...)...)
		}
	}
	r := node.Get(e.source, "route")
	if r == nil {
		r = node.Get(e.source, "routes", "0")
	}
	for _, field := range []string{"match", "weightTotal"} {
		if n := node.Get(r, field); n != nil {
			node.Set(kept, node.Copy(n), "spec", "route", field)
		}
	}
	if e.as == flaggerFormat && node.Text(e.route, "kind") == grpcRoute {
		node.Set(kept, node.String("GRPC"), "spec", "route", "protocol")
	}
	text, err := note(kept)
	if err == nil {
		node.Set(main, text, "metadata", "annotations", keptCanary)
	}
	return err
}

// objects are the export in apply order.
func (e *export) objects(main *yaml.Node) []*yaml.Node {
	if e.as == flaggerFormat { // makes the Services and the HTTPRoute itself
		list := append(e.others, e.deployment)
		if e.spec.RouteSpec().Router == route.IngressNginx {
			list = append(list, e.route)
		}
		return append(list, main)
	}
	canary := node.Copy(e.service)
	node.Set(canary, node.String(e.names().Canary.Service), "metadata", "name")
	return append(e.others, e.service, canary, e.route, main)
}
