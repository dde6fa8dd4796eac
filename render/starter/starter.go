// Package starter writes the first spec of an app: commented, in the order of docs/spec.md, with what is optional left commented out.
//
// It takes answers as text and checks none of them: what it writes is read by render.ParseSpec before anybody uses it, so that the rules are in one place.
package starter

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// Answers are what a spec cannot be written without, each as the user typed it.
type Answers struct {
	Name, Namespace string
	Image, Stable   string // Stable may be empty: then nothing runs yet
	Port, Replicas  string
	Host, Router    string
	Weights         string // comma-separated
	Pause           string // after every weight but the first, which waits for somebody

	asked map[string]*string // what the router asks for, by flag
}

// Asked is the answer to a question of a router's; copies of the answers share it.
func (a *Answers) Asked(flag string) *string {
	if a.asked == nil {
		a.asked = map[string]*string{}
	}
	if a.asked[flag] == nil {
		a.asked[flag] = new(string)
	}
	return a.asked[flag]
}

// SchemaFile is the schema's file beside the spec.
const SchemaFile = "canary.schema.json"

// Spec is the text of the spec.
func Spec(a Answers) string {
	var b text
	b.add("", "# yaml-language-server: $schema=./"+SchemaFile, "")
	b.add("", "# gitramp explain FIELD says what a field means, gitramp plan shows what becomes of it.", "")
	b.add("", "apiVersion: gitramp.dev/v1alpha1\nkind: Canary\nmetadata:", "")
	b.add("  ", "name: "+word(a.Name), "the app, its prod objects and its container")
	b.option(a.Namespace != "", "  ", "namespace: "+or(word(a.Namespace), "default"), "on every object")
	b.add("", "spec:", "")
	b.add("  ", "image: "+word(a.Image), "what should run: changing it is a release")
	b.option(a.Stable != "", "  ", "stable: {image: "+or(word(a.Stable), "app:1.0.0")+"}", "what runs now; read only until there is a tree")
	b.add("  ", "port: "+number(a.Port), "that the container listens on")
	b.add("  ", "replicas: "+number(a.Replicas), "of prod; the canary's follow from the weight")
	b.option(false, "  ", "env: [{name: LOG_LEVEL, value: info}]", "as in a pod")
	b.option(false, "  ", "resources: {requests: {cpu: 100m}}", "as in a pod")
	b.add("  ", "route:", "")
	b.add("    ", "router: "+word(a.Router), strings.Join(route.Names(), " or "))
	b.router(a)
	b.add("    ", "host: "+word(a.Host), "or hosts: [...]")
	b.option(false, "    ", "path: /", "or paths: [...]")
	b.option(false, "    ", "match: [{header: {name: X-Canary}}]", "\"X-Canary: always\" reaches the canary whatever the weight")
	b.add("  ", "steps:", "Argo Rollouts' own words")
	b.steps(a)
	b.option(false, "  ", "settle: 10m", "how long a commit is given to be applied")
	return b.String()
}

// router is what one router needs and the others do not have.
func (b *text) router(a Answers) {
	router, err := route.ByName(a.Router)
	if err != nil {
		return
	}
	for _, ask := range router.Asks() {
		answer := *a.Asked(ask.Flag)
		given := ask.Option == "" || answer != "" && answer != ask.Default
		if !given {
			answer = ask.Option
		}
		b.option(given, "    ", ask.Field+": "+flow(ask.Value(answer)), ask.Comment)
	}
}

func (b *text) steps(a Answers) {
	for i, w := range strings.Split(a.Weights, ",") {
		b.add("  ", "- setWeight: "+number(strings.TrimSpace(w)), map[bool]string{true: "percent of the requests"}[i == 0])
		if i == 0 {
			b.add("  ", "- pause: {}", "until somebody promotes")
		} else {
			b.add("  ", "- pause: {duration: "+word(a.Pause)+"}", "")
		}
	}
}

// text is lines with their comments in one column.
type text struct{ strings.Builder }

func (b *text) add(indent, line, comment string) {
	if comment != "" {
		line = fmt.Sprintf("%-50s # %s", indent+line, comment)
		indent = ""
	}
	b.WriteString(indent + line + "\n")
}

// option adds a line that counts only where it was asked for.
func (b *text) option(given bool, indent, line, comment string) {
	if !given {
		line = "# " + line
	}
	b.add(indent, line, comment)
}

// word is a string as YAML.
func word(s string) string {
	if s == "" || node.Plain(s) {
		return s
	}
	return flow(node.String(s))
}

// flow is a value in one line.
func flow(n *yaml.Node) string {
	n.Style |= yaml.FlowStyle
	data, err := node.Encode(n)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(data), "\n")
}

// number is a number as it was typed; what is none is a string, for the parser to refuse.
func number(s string) string {
	if s != "" && strings.Trim(s, "0123456789") == "" {
		return s
	}
	return word(s)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
