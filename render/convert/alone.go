package convert

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// alone: what is in the base is committed and pruned as one app. So another app among the files is refused, and so is what lies in another namespace; anything else
// that the app has nothing to do with comes along, and is named. What an export made is one app, whatever its base had in it.
func (a *app) alone() error {
	var errs []error
	for _, o := range a.objs {
		if o == a.deployment || node.Get(a.from.node, "metadata", "annotations", keptCanary) != nil {
			continue
		}
		switch notOf(o, a.deployment.node) {
		case "metadata.name":
			errs = append(errs, o.wrong("metadata.name", o.name(), fmt.Sprintf("there are two apps: %s, %s", a.from, o), "one app at a time: the files of one of them"))
		case "metadata.namespace":
			own := cmp.Or(a.deployment.namespace(), "none")
			errs = append(errs, o.wrong("metadata.namespace", o.namespace(), "", fmt.Sprintf("%s, like %s: one app at a time", own, a.from)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if left := a.strangers(); len(left) > 0 {
		var names []string
		for _, o := range left {
			names = append(names, o.String())
		}
		a.report = append(a.report, Field{left[0].file, left[0].node.Line, BaseDir, "resources", "", Changed,
			fmt.Sprintf("no name and no selector leads from %s to %s: what is in its base is committed and pruned with it", a.from, strings.Join(names, ", "))})
	}
	return nil
}

// notOf is the field by which an object is none of an app's, "" where it may be one.
func notOf(o *object, deployment *yaml.Node) string {
	switch ns := o.namespace(); {
	case slices.ContainsFunc(apps, func(k groupKind) bool { return o.is(k.group, k.kind) }):
		return "metadata.name"
	case ns != "" && ns != node.Text(deployment, "metadata", "namespace"):
		return "metadata.namespace"
	}
	return ""
}

// strangers are the objects that no reference leads to from the app's own, in either direction.
func (a *app) strangers() []*object {
	known := []*object{a.deployment, a.service, a.route}
	left := slices.DeleteFunc(slices.Clone(a.objs), func(o *object) bool { return slices.Contains(known, o) })
	for i := 0; i < len(known); i++ {
		left = slices.DeleteFunc(left, func(o *object) bool {
			related := refers(o.node, known[i]) || refers(known[i].node, o)
			if related {
				known = append(known, o)
			}
			return related
		})
	}
	return left
}

// refers says whether n names an object, in a field called so (secretName, claimName, scaleTargetRef.name), or selects it or its pods. That is no proof: what comes
// of it is one line more or less in the report.
func refers(n *yaml.Node, o *object) bool {
	for _, path := range [][]string{{"spec", "selector"}, {"spec", "selector", "matchLabels"}, {"spec", "podSelector", "matchLabels"}} {
		selector := stringsAt(n, path...)
		if selects(selector, stringsAt(o.node, "metadata", "labels")) || selects(selector, stringsAt(o.node, "spec", "template", "metadata", "labels")) {
			return true
		}
	}
	for _, key := range keys(n) {
		if key != "metadata" && names(node.Get(n, key), o.name()) {
			return true
		}
	}
	return false
}

// names says whether a field below n that is called a name has it.
func names(n *yaml.Node, name string) bool {
	for i, c := range n.Content {
		named := n.Kind == yaml.MappingNode && i%2 == 1 && c.Value == name && strings.HasSuffix(strings.ToLower(n.Content[i-1].Value), "name")
		if named || names(c, name) {
			return true
		}
	}
	return false
}
