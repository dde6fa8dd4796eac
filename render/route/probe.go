package route

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// Semantics is what a proof has to know of a router beside its answers to requests.
type Semantics struct {
	Router    string
	FailsOpen bool // prod gets the canary's share where the canary has no endpoints; else those requests fail
	Lag       int  // seconds for which a pod that is gone may still get requests
}

// SemanticsOf is of the router that reads these objects.
func SemanticsOf(objs []Object) (Semantics, error) {
	for _, o := range objs {
		switch kind := node.Text(o.Node, "kind"); kind {
		case "Ingress":
			return ingressNginxSemantics, nil
		case "HTTPRoute", "GRPCRoute":
			return gatewaySemantics, nil
		default:
			return Semantics{}, fmt.Errorf("%s: no router is known that reads a %s", o.Path, kind)
		}
	}
	return Semantics{}, fmt.Errorf("there is no route")
}

// Backend is a port of a Service that a route sends requests to.
type Backend struct{ Service, Port string }

// Probes are all that requests are told apart by in some route objects. Each list has a value beside it that no rule asks for.
type Probes struct {
	Hosts, Paths []string
	Headers      map[string][]string // by name in lower case, as in a Request; cookies are among them, by their name after "cookie:"
	Most         int                 // the largest number of headers that one rule asks for at once
	Backends     []Backend

	names map[string]string // of headers as their first rule has them, by name in lower case
}

// other is a value that no rule asks for.
const other = "other"

// ProbesOf reads route objects for whatever their router looks at in a request.
func ProbesOf(objs []Object) (Probes, error) {
	p := Probes{Headers: map[string][]string{}, Most: 1, names: map[string]string{"cookie": "Cookie"}}
	for _, o := range objs {
		read := p.ingress
		if node.Text(o.Node, "kind") != "Ingress" {
			read = p.gateway
		}
		if err := read(o.Node); err != nil {
			return p, fmt.Errorf("%s: %w", o.Path, err)
		}
	}
	return p, nil
}

func (p *Probes) host(name string) {
	if name == "" {
		name = "any.host"
	}
	add(&p.Hosts, strings.Replace(name, "*", "any", 1))
}

// path asks for the path itself and for what is below it.
func (p *Probes) path(path string) {
	add(&p.Paths, path)
	add(&p.Paths, strings.TrimSuffix(path, "/")+"/"+other)
}

func (p *Probes) header(name string, values ...string) {
	lower := strings.ToLower(name)
	if p.names[lower] == "" {
		p.names[lower] = name
	}
	list := p.Headers[lower]
	for _, v := range append(values, other) {
		add(&list, v)
	}
	p.Headers[lower] = list
}

// cookies takes a Cookie header apart, for requests have more than one cookie.
func (p *Probes) cookies(header string) {
	for _, pair := range strings.Split(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		p.header("cookie:"+name, value)
	}
}

func (p *Probes) backend(service, port string) {
	if b := (Backend{service, port}); !slices.Contains(p.Backends, b) {
		p.Backends = append(p.Backends, b)
	}
}

func add(list *[]string, value string) {
	if !slices.Contains(*list, value) {
		*list = append(*list, value)
	}
}

// Header is the header of a request that has these values: by name, as in Probes. The request's names are written as those of the rules.
func (p Probes) Header(values map[string]string) map[string]string {
	h := map[string]string{}
	var cookies []string
	for name, value := range values {
		if cookie, ok := strings.CutPrefix(name, "cookie:"); ok {
			cookies = append(cookies, cookie+"="+value)
			continue
		}
		h[p.names[name]] = value
	}
	if slices.Sort(cookies); cookies != nil {
		h[p.names["cookie"]] = strings.Join(cookies, "; ")
	}
	return h
}

// matching is a short text that a pattern matches.
func matching(pattern string) (string, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", err
	}
	text := sample(re)
	if ok, err := regexp.MatchString(pattern, text); err != nil || !ok {
		return "", fmt.Errorf("pattern %q: no value was found that matches it (tried %q)", pattern, text)
	}
	return text, nil
}

func sample(re *syntax.Regexp) string {
	var b strings.Builder
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(inClass(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		return sample(re.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(sample(re.Sub[0]), re.Min)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			b.WriteString(sample(sub))
		}
	}
	return b.String()
}

// inClass is a letter, a digit, or the first of a class.
func inClass(ranges []rune) rune {
	for _, want := range "a0A" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	return ranges[0]
}

func (p *Probes) ingress(o *yaml.Node) error {
	for _, l := range ingressLocations(o) {
		p.host(l.host)
		p.path(l.path)
		p.backend(l.service, l.port)
	}
	notes := node.Get(o, "metadata", "annotations")
	if notes == nil {
		return nil
	}
	for _, key := range []string{"affinity", "service-upstream", "default-backend"} {
		if key = "nginx.ingress.kubernetes.io/" + key; node.Get(notes, key) != nil {
			return fmt.Errorf("annotation %s: it changes who is sent where, and its rules are not known here", key)
		}
	}
	note := func(key string) string { return node.Text(notes, "nginx.ingress.kubernetes.io/canary-"+key) }
	if name := note("by-header"); name != "" {
		p.header(name, "always", "never")
		if value := note("by-header-value"); value != "" {
			p.header(name, value)
		}
		if pattern := note("by-header-pattern"); pattern != "" {
			value, err := matching(pattern)
			if err != nil {
				return err
			}
			p.header(name, value)
		}
	}
	if name := note("by-cookie"); name != "" {
		p.header("cookie:"+name, "always", "never")
	}
	return nil
}

func (p *Probes) gateway(o *yaml.Node) error {
	hosts := items(o, "spec", "hostnames")
	for _, h := range hosts {
		p.host(h.Value)
	}
	if len(hosts) == 0 {
		p.host("")
	}
	for _, rule := range items(o, "spec", "rules") {
		if node.Get(rule, "sessionPersistence") != nil {
			return fmt.Errorf("sessionPersistence: it changes who is sent where, and its rules are not known here")
		}
		for _, ref := range items(rule, "backendRefs") {
			p.backend(node.Text(ref, "name"), node.Text(ref, "port"))
		}
		if len(items(rule, "matches")) == 0 {
			p.path("/")
		}
		for _, m := range items(rule, "matches") {
			if err := p.gatewayMatch(m, node.Text(o, "kind")); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *Probes) gatewayMatch(m *yaml.Node, kind string) error {
	for _, field := range []string{"path", "method"} {
		if node.Text(m, field, "type") == "RegularExpression" {
			return fmt.Errorf("%s of type RegularExpression: which of several wins is up to the implementation, and not known here", field)
		}
	}
	p.path(gatewayPathOf(m))
	asked := gatewayAsked(m, kind)
	p.Most = max(p.Most, len(asked))
	for _, h := range asked {
		value := h.value
		if h.pattern {
			var err error
			if value, err = matching("^(?:" + value + ")$"); err != nil {
				return err
			}
		}
		if strings.EqualFold(h.name, "Cookie") {
			p.cookies(value)
			continue
		}
		p.header(h.name, value)
	}
	return nil
}
