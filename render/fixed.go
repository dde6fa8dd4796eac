package render

import (
	"fmt"

	"github.com/gitramp/gitramp/render/internal/node"
)

// CheckFixed refuses what can never change for the life of an app: the names that prod's objects are found by, and the port behind its route. prod is the
// revision as the tree holds it; dir is the tree's name.
func (c *Canary) CheckFixed(prod Revision, dir string) error {
	names := c.Spec.Output.Names.Prod
	var errs SpecError
	for _, f := range []struct{ field, want, have string }{
		{"spec.output.names.prod.deployment", names.Deployment, node.Text(prod.Deployment, "metadata", "name")},
		{"spec.output.names.prod.service", names.Service, node.Text(prod.Service, "metadata", "name")},
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
