// Package route writes the traffic split of a step into the objects of one traffic router.
//
// A router is one file here. It gets the route of a spec, the names of both tracks and a Split, and answers with the complete route objects; it reads
// the split back from them as well, so that what was written can be checked. It refuses what its router could not do or would silently ignore: the
// routers are lenient (ingress-nginx reads a bad weight as 0 and only logs it), so the generator has to be strict.
package route

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
)

// Route is how the world reaches an app: the `route` of a spec.
type Route struct {
	// Router is the traffic router that splits the requests.
	Router string `json:"router,omitempty" default:"ingress-nginx" enum:"ingress-nginx,gateway-api"`
	// Class is the ingressClassName that both tracks get. Prod and canary always have the same class: a canary of another class is dropped.
	// Default: nginx with ingress-nginx.
	Class string `json:"class,omitempty" format:"dns1123subdomain"`
	// ParentRefs are what the route is attached to, as in an HTTPRoute: Gateways, or Services of a mesh. gateway-api only.
	ParentRefs []ParentRef `json:"parentRefs,omitempty" minItems:"1" maxItems:"32"`
	// Protocol is what the app speaks; GRPC makes a GRPCRoute, whose paths are `/`, `/SERVICE` or `/SERVICE/METHOD`. gateway-api only.
	Protocol string `json:"protocol,omitempty" default:"HTTP" enum:"HTTP,GRPC"`
	// Host is the one host name; short for `hosts: [HOST]`.
	Host string `json:"host,omitempty" format:"host"`
	// Hosts are the host names, exact or with a leading wildcard label such as `*.example.com`.
	Hosts []string `json:"hosts,omitempty" format:"host"`
	// Path is the one path; short for `paths: [PATH]`. Default: `/`.
	Path string `json:"path,omitempty" format:"path"`
	// Paths are the paths that reach the app, on every host; short for one entry of rules. Default: `/`.
	Paths []string `json:"paths,omitempty" format:"path"`
	// PathType is how paths are compared: a Prefix is for the path itself and all below it, and does not end in a slash. Default: Prefix.
	PathType string `json:"pathType,omitempty" enum:"Prefix,Exact,ImplementationSpecific"`
	// Filters are applied to all requests, on both tracks, as in an HTTPRoute. gateway-api only.
	Filters []Filter `json:"filters,omitempty" maxItems:"16"`
	// Rules are the long form of paths, pathType and filters, for paths that are not treated alike.
	Rules []Rule `json:"rules,omitempty" minItems:"1" maxItems:"16"`
	// TLS is the Ingress's own list: which secret serves which hosts. The canary inherits it from prod.
	TLS []TLS `json:"tls,omitempty"`
	// Match says who reaches the canary whatever the weight. Whoever matches one entry does.
	Match []Match `json:"match,omitempty"`
	// WeightTotal is what weights add up to. Above 100 it makes shares below one percent possible.
	WeightTotal int `json:"weightTotal,omitempty" default:"100" min:"100" max:"1000000"`
}

// Rule is some paths that are compared and treated alike.
type Rule struct {
	// Paths are the paths that reach the app, on every host.
	Paths []string `json:"paths" required:"true" minItems:"1" maxItems:"64" format:"path"`
	// PathType is how paths are compared: a Prefix is for the path itself and all below it, and does not end in a slash.
	PathType string `json:"pathType,omitempty" default:"Prefix" enum:"Prefix,Exact,ImplementationSpecific"`
	// Filters are applied to the requests of this rule, on both tracks. gateway-api only.
	Filters []Filter `json:"filters,omitempty" maxItems:"16"`
}

// ParentRef is what a route is attached to.
type ParentRef struct {
	// Kind is Gateway, or Service for a mesh, where the route splits what is sent to that Service.
	Kind string `json:"kind,omitempty" default:"Gateway" enum:"Gateway,Service"`
	// Name is the parent's name.
	Name string `json:"name" required:"true" format:"dns1123subdomain"`
	// Namespace is the parent's namespace. Default: the route's own.
	Namespace string `json:"namespace,omitempty" format:"dns1123label"`
	// SectionName is the listener of the Gateway. Default: every listener that lets the route in.
	SectionName string `json:"sectionName,omitempty" format:"dns1123subdomain"`
	// Port is the port of the Gateway's listeners, or of the Service. Default: all of them.
	Port int `json:"port,omitempty" min:"1" max:"65535"`
}

// TLS names the secret with the certificate for some hosts.
type TLS struct {
	// Hosts are the hosts of the certificate, each one of the route's. Default: all of them.
	Hosts []string `json:"hosts,omitempty" format:"host"`
	// SecretName is a Secret of type kubernetes.io/tls in the app's namespace.
	SecretName string `json:"secretName" required:"true" format:"dns1123subdomain"`
}

// Match is one rule for chosen users: a header or a cookie.
type Match struct {
	// Header matches by a request header.
	Header *Header `json:"header,omitempty"`
	// Cookie matches by a cookie whose value is `always` (canary) or `never` (prod).
	Cookie *Cookie `json:"cookie,omitempty"`
}

// Header is a rule on one request header. Without value and pattern the header's value `always` means canary and `never` prod.
type Header struct {
	// Name is the header's name.
	Name string `json:"name" required:"true" format:"header"`
	// Value is the exact value that means canary; `always` and `never` are then ordinary values.
	Value string `json:"value,omitempty" format:"headerValue"`
	// Pattern is a regular expression that the whole value must match.
	Pattern string `json:"pattern,omitempty" format:"regex"`
}

// Cookie is a rule on one cookie.
type Cookie struct {
	// Name is the cookie's name. It is the same in upper and in lower case.
	Name string `json:"name" required:"true" format:"cookie"`
}

// Split is what a step asks of the router: Weight of Total parts of the requests, and everybody who matches, go to the canary.
type Split struct {
	Weight, Total int
	Matches       []Match
	Withdrawn     bool // weight 0, no match, and the canary's objects go next: whatever else the route knows of the canary can go now, by an update
}

// Track is one of the two sets of objects as a router sees it.
type Track struct {
	Component string // "prod" or "canary", the file name's first word
	App       string // value of the label that names the track's objects
	Route     string // name of the track's route object, where the router has one
	Service   string // name of the track's Service
}

// Input is everything that stays the same over all steps.
type Input struct {
	Name, Namespace string
	Route           Route
	Prod, Canary    Track
	Port            int                                   // of both Services
	Own             *yaml.Node                            // the user's own route, as a base has it: it says where requests come in, and Route only by what they are split
	Template        func(kind string) (*yaml.Node, error) // a fresh copy of the template set's <kind>.yaml
}

// Object is one route object; Path is its file's name.
type Object struct {
	Path string
	Node *yaml.Node
}

// Problem is something in a route that a router cannot do. Field is relative to the route ("match[1].cookie"); an empty Problem says that Value is invalid.
type Problem struct {
	Field, Value, Problem, Allowed string
}

// Ask is one question about a route.
type Ask struct {
	Flag    string // of init
	Text    string // what is asked
	Default string // where nothing is said; "" for a question that needs an answer
	Example string // an answer that is right
	Field   string // of the route
	Option  string // stands commented out where the default was answered; "" for a field that is always written
	Comment string // beside the field
	Value   func(answer string) *yaml.Node
}

// Router writes and reads the route objects of one kind of traffic router.
type Router interface {
	// Default fills what a route leaves out.
	Default(r *Route)
	// Check reports what of a route the router cannot express or would not honour; r.Match is what is matched at the same time.
	Check(r Route) []Problem
	// Objects returns the whole route for one split; a nil split attaches no canary at all.
	Objects(in Input, s *Split) ([]Object, error)
	// SetWeight changes the weight of objects that Objects made for a split, and nothing else of them: a shift.
	SetWeight(objs []Object, weight, total int)
	// Withdraw takes the canary's routing back in objects as they lie, whoever edited them: weight 0 and no rule of any kind, as Objects writes it for
	// a split that is Withdrawn. It adds and removes no object. canary is the name of the canary's Service.
	Withdraw(objs []Object, canary string)
	// Split reads the split back from what Objects wrote; nil where no canary is attached.
	Split(objs []Object) (*Split, error)
	// AppProtocol is what the app's port has to say that it speaks where the spec does not say it, "" for nothing.
	AppProtocol(r Route) string
	// Asks are what a first spec with this router is asked for, beside what every route has.
	Asks() []Ask
	// Read is what a user's own route says of hosts, paths and parents, and what of it stands in the way of sending a part of what service gets to a canary;
	// ms are what is matched at the same time at some step.
	Read(own *yaml.Node, service string, ms []Match) (Route, []Problem)
	// Places reads back from objects what they send to the app of a namespace, as Route.Places has it. Some may come more than once.
	Places(objs []Object, namespace string) []Place
	// Fixed reads what may not change while a rollout is on its way, from what Objects wrote: whatever decides by whom, and as what, the route is served.
	Fixed(objs []Object) []Fixed
	// FailsOpen says whether prod gets the canary's share where the canary has no endpoints; else those requests fail.
	FailsOpen() bool
}

// Fixed is a field of a route that stays as it is until a rollout is over; Path is "" where it is one of the whole route.
type Fixed struct{ Field, Path, Text string }

// FieldOf is where the spec has what is fixed.
func (r Route) FieldOf(f Fixed) string {
	for i, rule := range r.Rules {
		if f.Path != "" && slices.Contains(rule.Paths, f.Path) {
			return r.ruleField(i, f.Field)
		}
	}
	return f.Field
}

// ruleField is where the spec has a field of the i-th rule.
func (r Route) ruleField(i int, field string) string {
	if r.Paths != nil {
		return field
	}
	return fmt.Sprintf("rules[%d].%s", i, field)
}

// pathField is where the spec has the j-th path of the i-th rule.
func (r Route) pathField(i, j int) string {
	if r.Path != "" {
		return "path"
	}
	return r.ruleField(i, fmt.Sprintf("paths[%d]", j))
}

// OfMesh says whether the route is for the requests to Services of a mesh, which are told apart by the Service and not by a host.
func (r Route) OfMesh() bool {
	for _, p := range r.ParentRefs {
		if p.Kind != "Service" {
			return false
		}
	}
	return r.ParentRefs != nil
}

// wholePattern anchors: some routers search (ingress-nginx: ngx.re.match), others match the whole value, and a spec means the same on all of them.
func wholePattern(p string) string { return "^(?:" + p + ")$" }

// innerPattern is what wholePattern was made of.
func innerPattern(p string) string { return strings.TrimSuffix(strings.TrimPrefix(p, "^(?:"), ")$") }

// ByName returns the router of that name.
func ByName(name string) (Router, error) {
	switch name {
	case IngressNginx:
		return ingressNginx{}, nil
	case GatewayAPI:
		return gatewayAPI{}, nil
	}
	return nil, fmt.Errorf("router %q is unknown: allowed %s", name, strings.Join(Names(), ", "))
}

// Kinds are what a route can be, for people.
const Kinds = "an Ingress, HTTPRoute or GRPCRoute"

// ByKind is the name of the router whose routes are objects of a kind, in any case, "" where none is known.
func ByKind(kind string) string {
	switch strings.ToLower(kind) {
	case "ingress":
		return IngressNginx
	case "httproute", "grpcroute":
		return GatewayAPI
	}
	return ""
}

// SendsTo says whether a route sends requests to a Service.
func SendsTo(o *yaml.Node, service string) bool {
	if node.Text(o, "kind") == "Ingress" {
		return node.Text(o, "spec", "defaultBackend", "service", "name") == service ||
			slices.ContainsFunc(ingressLocations(o), func(l location) bool { return l.service == service })
	}
	for _, rule := range items(o, "spec", "rules") {
		if refIn(rule, service) != nil {
			return true
		}
	}
	return false
}

// ServicesOf are the Services that a route sends to, each once.
func ServicesOf(o *yaml.Node) (names []string) {
	for _, l := range ingressLocations(o) {
		add(&names, l.service)
	}
	for _, rule := range items(o, "spec", "rules") {
		for _, ref := range items(rule, "backendRefs") {
			add(&names, node.Text(ref, "name"))
		}
	}
	return names
}

// PortsTo are the ports of a Service that a route sends to, by number or name.
func PortsTo(o *yaml.Node, service string) (ports []string) {
	for _, l := range ingressLocations(o) {
		if l.service == service {
			ports = append(ports, l.port)
		}
	}
	for _, rule := range items(o, "spec", "rules") {
		if ref := refIn(rule, service); ref != nil {
			ports = append(ports, node.Text(ref, "port"))
		}
	}
	return ports
}

// Names lists the routers, the default first.
func Names() []string {
	return []string{IngressNginx, GatewayAPI}
}
