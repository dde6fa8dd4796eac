package convert

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// What Kubernetes takes as a label (k8s.io/apimachinery, util/validation).
var (
	labelKey   = lazy(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelValue = lazy(`^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$`)
)

const (
	keyAllowed   = "a label's name such as tier or example.com/tier"
	valueAllowed = "letters, digits and - _ ., beginning and ending with a letter or digit, at most 63 characters"
)

// checkSelector refuses a selector of a workload that is none: the instructions for a live app have it in them.
func checkSelector(d *object) error {
	const at = "spec.selector."
	for _, key := range keys(d.node, "spec", "selector", "matchLabels") {
		if !labelKey().MatchString(key) {
			return d.wrong(at+"matchLabels", key, "", keyAllowed)
		}
		if value := node.Text(d.node, "spec", "selector", "matchLabels", key); !labelValue().MatchString(value) {
			return d.wrong(at+"matchLabels."+key, value, "", valueAllowed)
		}
	}
	for i, e := range items(d.node, "spec", "selector", "matchExpressions") {
		at := fmt.Sprintf("%smatchExpressions[%d].", at, i)
		key, operator, values := node.Text(e, "key"), node.Text(e, "operator"), items(e, "values")
		if !labelKey().MatchString(key) {
			return d.wrong(at+"key", key, "", keyAllowed)
		}
		if operators[operator] == "" {
			return d.wrong(at+"operator", operator, "", "In, NotIn, Exists or DoesNotExist")
		}
		if strings.HasSuffix(operator, "In") != (len(values) > 0) {
			return d.wrong(at+"values", "", fmt.Sprintf("has %d values for %s", len(values), operator), "one or more with In and NotIn, none with Exists and DoesNotExist")
		}
		for j, v := range values {
			if !labelValue().MatchString(v.Value) {
				return d.wrong(fmt.Sprintf("%svalues[%d]", at, j), v.Value, "", valueAllowed)
			}
		}
	}
	return nil
}

// selectorText is a selector as kubectl takes it; checkSelector has looked at it.
func selectorText(n *yaml.Node) string {
	var terms []string
	for _, k := range keys(n, "spec", "selector", "matchLabels") {
		terms = append(terms, k+"="+node.Text(n, "spec", "selector", "matchLabels", k))
	}
	for _, e := range items(n, "spec", "selector", "matchExpressions") {
		var values []string
		for _, v := range items(e, "values") {
			values = append(values, v.Value)
		}
		terms = append(terms, fmt.Sprintf(operators[node.Text(e, "operator")], node.Text(e, "key"), strings.Join(values, ",")))
	}
	return strings.Join(terms, ",")
}

// operators are those of matchExpressions, as kubectl takes them with key and values.
var operators = map[string]string{"In": "%s in (%s)", "NotIn": "%s notin (%s)", "Exists": "%s%.0s", "DoesNotExist": "!%s%.0s"}
