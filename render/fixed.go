package render

import (
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/render/internal/node"
)

// CheckFixed refuses what can never change for the life of an app: the names of prod's objects, and the port behind its route. prod is the revision as the
// tree s holds it; dir is the tree's name.
func (c *Canary) CheckFixed(s State, prod Revision, dir string) error {
	names := c.Spec.Output.Names.Prod
	var errs SpecError
	for _, f := range []struct{ field, want, have string }{
		{"spec.output.names.prod.deployment", names.Deployment, node.Text(prod.Deployment, "metadata", "name")},
		{"spec.output.names.prod.service", names.Service, node.Text(prod.Service, "metadata", "name")},
		{"spec.output.names.prod.route", names.Route, s.routeName()},
		{"spec.service.port", fmt.Sprint(c.Spec.Service.Port), node.Text(prod.Service, "spec", "ports", "0", "port")},
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

// routeName is the name of the tree's own prod route: the one object of prod's, or of both tracks, that is no Deployment and no Service.
func (s State) routeName() string {
	for _, path := range s.Tree.Resources() {
		if (strings.HasPrefix(path, "prod-") || strings.HasPrefix(path, "shared-")) && path != "prod-deployment.yaml" && path != "prod-service.yaml" {
			data, _ := s.Tree.Get(path)
			return nameOf(data)
		}
	}
	return ""
}
