package route

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// Filter changes requests or responses on their way, as in an HTTPRoute; besides the type the field of that type is set.
type Filter struct {
	// Type says which of the fields is set.
	Type string `json:"type" required:"true" enum:"RequestHeaderModifier,ResponseHeaderModifier,URLRewrite,ExtensionRef"`
	// RequestHeaderModifier changes the request's headers.
	RequestHeaderModifier *HeaderModifier `json:"requestHeaderModifier,omitempty"`
	// ResponseHeaderModifier changes the response's headers.
	ResponseHeaderModifier *HeaderModifier `json:"responseHeaderModifier,omitempty"`
	// URLRewrite changes the host or the path that the app sees. Not with protocol GRPC.
	URLRewrite *URLRewrite `json:"urlRewrite,omitempty"`
	// ExtensionRef is a filter of the implementation's own.
	ExtensionRef *ExtensionRef `json:"extensionRef,omitempty"`
}

// HeaderModifier changes headers.
type HeaderModifier struct {
	// Set overwrites headers.
	Set []HTTPHeader `json:"set,omitempty" maxItems:"16"`
	// Add adds values to headers.
	Add []HTTPHeader `json:"add,omitempty" maxItems:"16"`
	// Remove takes headers away.
	Remove []string `json:"remove,omitempty" maxItems:"16" format:"httpHeader"`
}

// HTTPHeader is a header and its value.
type HTTPHeader struct {
	// Name is the header's name.
	Name string `json:"name" required:"true" format:"httpHeader"`
	// Value is the header's value.
	Value string `json:"value" required:"true" format:"httpHeaderValue"`
}

// URLRewrite changes what the app sees of the URL.
type URLRewrite struct {
	// Hostname takes the place of the host.
	Hostname string `json:"hostname,omitempty" format:"dns1123subdomain"`
	// Path says how the path changes.
	Path *PathModifier `json:"path,omitempty"`
}

// PathModifier changes a path; besides the type the field of that type is set.
type PathModifier struct {
	// Type says which of the fields is set. ReplacePrefixMatch needs a rule with one path, of type Prefix.
	Type string `json:"type" required:"true" enum:"ReplaceFullPath,ReplacePrefixMatch"`
	// ReplaceFullPath takes the place of the whole path.
	ReplaceFullPath string `json:"replaceFullPath,omitempty" format:"path"`
	// ReplacePrefixMatch takes the place of the prefix that was matched.
	ReplacePrefixMatch string `json:"replacePrefixMatch,omitempty" format:"path"`
}

// ExtensionRef names an object in the app's namespace.
type ExtensionRef struct {
	// Group is the API group of the object.
	Group string `json:"group" required:"true" format:"dns1123subdomain"`
	// Kind is the kind of the object.
	Kind string `json:"kind" required:"true" format:"kind"`
	// Name is the name of the object.
	Name string `json:"name" required:"true" format:"dns1123subdomain"`
}

// check holds a filter against the rules of the CRD.
func (f Filter) check(at string, r Route, rule Rule) []Problem {
	given := map[string]bool{"RequestHeaderModifier": f.RequestHeaderModifier != nil, "ResponseHeaderModifier": f.ResponseHeaderModifier != nil,
		"URLRewrite": f.URLRewrite != nil, "ExtensionRef": f.ExtensionRef != nil}
	count := 0
	for _, is := range given {
		if is {
			count++
		}
	}
	if count != 1 || !given[f.Type] {
		return []Problem{{at, "", "is not what its type says", "type " + f.Type + " and the field " + fieldOf(f.Type) + ", and no other"}}
	}
	for _, m := range []*HeaderModifier{f.RequestHeaderModifier, f.ResponseHeaderModifier} {
		if m != nil {
			return m.check(at + "." + fieldOf(f.Type))
		}
	}
	w := f.URLRewrite
	if w == nil {
		return nil
	}
	if r.Protocol == "GRPC" {
		return []Problem{{at + ".type", f.Type, "", "RequestHeaderModifier, ResponseHeaderModifier, ExtensionRef with protocol GRPC"}}
	}
	if w.Hostname == "" && w.Path == nil {
		return []Problem{{at + ".urlRewrite", "", "changes nothing", "hostname or path"}}
	}
	if p := w.Path; p != nil {
		full := p.Type == "ReplaceFullPath"
		if full != (p.ReplaceFullPath != "") || full == (p.ReplacePrefixMatch != "") {
			return []Problem{{at + ".urlRewrite.path", "", "is not what its type says", "type " + p.Type + " and the field " + fieldOf(p.Type) + ", and no other"}}
		}
		if !full && (len(rule.Paths) != 1 || rule.PathType != "Prefix") {
			return []Problem{{at + ".urlRewrite.path.type", p.Type, "", "ReplaceFullPath, or a rule with one path, of type Prefix"}}
		}
	}
	return nil
}

// fieldOf is the field that a type says is set.
func fieldOf(typ string) string {
	if typ == "URLRewrite" {
		return "urlRewrite"
	}
	return strings.ToLower(typ[:1]) + typ[1:]
}

// check: the CRD takes each name once in a list, and names are the same in any case.
func (m HeaderModifier) check(at string) []Problem {
	var ps []Problem
	for _, list := range []struct {
		name    string
		headers []HTTPHeader
	}{{"set", m.Set}, {"add", m.Add}} {
		seen := map[string]bool{}
		for i, h := range list.headers {
			if name := strings.ToLower(h.Name); seen[name] {
				ps = append(ps, Problem{fmt.Sprintf("%s.%s[%d].name", at, list.name, i), h.Name, "", "each header once"})
			} else {
				seen[name] = true
			}
		}
	}
	if len(m.Set)+len(m.Add)+len(m.Remove) == 0 {
		ps = append(ps, Problem{at, "", "changes nothing", "set, add or remove"})
	}
	return ps
}

func filterNodes(filters []Filter) *yaml.Node {
	list := node.Seq()
	for _, f := range filters {
		n := node.Map(node.String("type"), node.String(f.Type))
		switch {
		case f.RequestHeaderModifier != nil:
			node.Set(n, modifierNode(*f.RequestHeaderModifier), "requestHeaderModifier")
		case f.ResponseHeaderModifier != nil:
			node.Set(n, modifierNode(*f.ResponseHeaderModifier), "responseHeaderModifier")
		case f.URLRewrite != nil:
			node.Set(n, rewriteNode(*f.URLRewrite), "urlRewrite")
		case f.ExtensionRef != nil:
			e := f.ExtensionRef
			node.Set(n, node.Map(node.String("group"), node.String(e.Group), node.String("kind"), node.String(e.Kind), node.String("name"), node.String(e.Name)), "extensionRef")
		}
		list.Content = append(list.Content, n)
	}
	return list
}

func modifierNode(m HeaderModifier) *yaml.Node {
	n := node.Map()
	for _, part := range []struct {
		name    string
		headers []HTTPHeader
	}{{"set", m.Set}, {"add", m.Add}} {
		var items []*yaml.Node
		for _, h := range part.headers {
			items = append(items, node.Map(node.String("name"), node.String(h.Name), node.String("value"), node.String(h.Value)))
		}
		if items != nil {
			node.Set(n, node.Seq(items...), part.name)
		}
	}
	var names []*yaml.Node
	for _, name := range m.Remove {
		names = append(names, node.String(name))
	}
	if names != nil {
		node.Set(n, node.Seq(names...), "remove")
	}
	return n
}

func rewriteNode(w URLRewrite) *yaml.Node {
	n := node.Map()
	if w.Hostname != "" {
		node.Set(n, node.String(w.Hostname), "hostname")
	}
	if p := w.Path; p != nil {
		node.Set(n, node.String(p.Type), "path", "type")
		if p.Type == "ReplaceFullPath" {
			node.Set(n, node.String(p.ReplaceFullPath), "path", "replaceFullPath")
		} else {
			node.Set(n, node.String(p.ReplacePrefixMatch), "path", "replacePrefixMatch")
		}
	}
	return n
}
