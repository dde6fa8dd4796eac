package render

import (
	"cmp"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// CheckFixed refuses what can never change for the life of an app: the names of prod's objects, and the port behind its route. prod is the revision as the
// tree s holds it; dir is the tree's name.
func (c *Canary) CheckFixed(s State, prod Revision, dir string) error {
	names := c.Spec.Output.Names.Prod
	port := fmt.Sprint(c.Spec.Service.Port)
	var errs SpecError
	if s.Lock.Phase == Delete {
		return SpecError{c.Wrong("metadata.name", c.Metadata.Name, "is being deleted, and "+dir+" has its last step", "gitramp delete until it is gone, and then an installation of its own")}
	}
	if c.base == nil && s.Lock.Templates == BaseSet {
		return SpecError{c.Wrong("spec.base", "", fmt.Sprintf("is gone, and %s was made of one: its config and all else that it has would go while pods use it", dir),
			"the base that it had, or gitramp delete and an installation of its own")}
	}
	if c.base != nil {
		errs, port = c.base.checkFixed(c, prod), prod.Service.at("spec", "ports", "0", "port")
	}
	for _, f := range []struct{ field, want, have string }{
		{"spec.output.names.prod.deployment", names.Deployment, prod.Deployment.at("metadata", "name")},
		{"spec.output.names.prod.service", names.Service, prod.Service.at("metadata", "name")},
		{"spec.output.names.prod.route", names.Route, s.routeName()},
		{"spec.service.port", port, prod.Service.at("spec", "ports", "0", "port")},
	} {
		if f.want != f.have {
			problem := fmt.Sprintf("value %s is invalid, for it is %s in %s and never changes for the life of an app", excerpt(f.want), excerpt(f.have), dir)
			errs = append(errs, c.Wrong(f.field, f.want, problem, f.have))
		}
	}
	if errs != nil {
		return errs
	}
	return nil
}

// checkFixed: a Deployment's selector cannot be changed, and the ports that the route sends to have to be there before and after.
func (b *base) checkFixed(c *Canary, prod Revision) (errs SpecError) {
	wrong := func(o *yaml.Node, problem, allowed string) {
		errs = append(errs, c.Wrong("spec.base", c.Spec.Base, node.Title(o)+": "+problem, allowed))
	}
	was, is := node.Get(prod.Deployment.nodes(), "spec", "selector"), node.Get(b.deployment, "spec", "selector")
	if asJSON(plainValue(was)) != asJSON(plainValue(is)) {
		wrong(b.deployment, "spec.selector is another one than prod's, and can never change", inLine(was))
	}
	b.checkConfig(c, prod, wrong)
	if b.route == nil {
		return errs
	}
	for _, port := range route.PortsTo(b.route, c.Spec.Output.Names.Prod.Service) {
		for _, service := range []*yaml.Node{prod.Service.nodes(), b.service} {
			if !hasPort(service, port) {
				wrong(b.route, fmt.Sprintf("sends to port %s of %s, which prod's Service has not in every revision", port, node.Title(b.service)), "a port that stays: add the new one first, and move the route after the release")
				break
			}
		}
	}
	return errs
}

// checkConfig: what of a ConfigMap or Secret the API server lets nobody change (kubernetes pkg/apis/core/validation, ValidateConfigMapUpdate, ValidateSecretUpdate)
// must not change where it goes by its own name: because the pods do not refer to it, or something else does as well.
func (b *base) checkConfig(c *Canary, prod Revision, wrong func(o *yaml.Node, problem, allowed string)) {
	for _, o := range append(slices.Clone(b.others), b.config...) {
		if !isConfig(o) || slices.Contains(b.config, o) && !b.isElsewhere(configOf(o)) {
			continue
		}
		data, _ := prod.parts.files().Get(pathOf("shared", o, c.Metadata.Namespace))
		was, err := node.Parse(data)
		switch {
		case err != nil || contentOf(was) == contentOf(o):
		case node.Text(was, "immutable") == "true":
			wrong(o, "is immutable, and says something else than prod's by the same name, which the API server refuses",
				"another name for what is new, as configMapGenerator and secretGenerator give it")
		case node.Text(o, "immutable") == "true" && c.RevisionName() != prod.Name:
			wrong(o, "becomes immutable with a release, which an abort could not take back", "that between two releases, or another name for it")
		case isSecret(o) && secretType(was) != secretType(o):
			wrong(o, "type is "+secretType(o)+", and can never change", secretType(was)+", or another name for what is new")
		}
	}
}

// secretType is the type of a Secret; without one it is Opaque.
func secretType(o *yaml.Node) string { return cmp.Or(node.Text(o, "type"), "Opaque") }

func hasPort(service *yaml.Node, port string) bool {
	ports := node.Get(service, "spec", "ports")
	return ports != nil && slices.ContainsFunc(ports.Content, func(p *yaml.Node) bool { return node.Text(p, "port") == port || node.Text(p, "name") == port })
}

// routeName is the name of the tree's own prod route.
func (s State) routeName() string {
	for _, path := range s.Tree.Resources() {
		if isRoute(path) && !isTrack(path, "canary") {
			data, _ := s.Tree.Get(path)
			return nameOf(data)
		}
	}
	return ""
}
