package render

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/render/route"
)

// validator checks what single fields cannot say, and brings the short forms into the long ones.
type validator struct {
	*decoder
	c       *Canary
	decoded SpecError // what is wrong with single fields: nothing is said twice, and nothing that follows from it
}

// failed says whether the field, one in it or one around it is wrong in itself.
func (v *validator) failed(field string) bool {
	return slices.ContainsFunc(v.decoded, func(e FieldError) bool { return within(e.Field, field) || within(field, e.Field) })
}

// within says whether field is outer or lies in it.
func within(field, outer string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (rest == "" || outer == "" || rest[0] == '.' || rest[0] == '[')
}

// wrong reports a field by its path; value "" shows none.
func (v *validator) wrong(field, value, problem, allowed string) {
	if slices.ContainsFunc(v.decoded, func(e FieldError) bool { return within(field, e.Field) }) {
		return
	}
	n := v.find(field)
	e := FieldError{File: v.file, Line: n.Line, Column: n.Column, Field: field, Value: value, Problem: problem, Allowed: allowed}
	if problem == "" {
		e.Problem = "value " + excerpt(value) + " is invalid"
	}
	v.errs = append(v.errs, e)
}

func (v *validator) canary() {
	if v.c.Spec.Base != "" || v.failed("spec.base") {
		v.withBase()
		return
	}
	for _, f := range []struct {
		name  string
		given bool
	}{{"canaryMetadata", v.c.Spec.CanaryMetadata != nil}, {"stableMetadata", v.c.Spec.StableMetadata != nil}} {
		if f.given {
			v.wrong("spec."+f.name, "", "is given without a base", "labels in the Deployment of a base")
		}
	}
	v.images()
	v.env()
	v.service()
	v.names()
	v.output()
	v.canaryScale()
	if v.route() {
		v.steps()
	} else if !v.failed("spec.route") && !v.failed("spec.routes") {
		v.exactWeights(defaultTotal)
	}
	if s := &v.c.Spec; s.MinPods > s.Replicas {
		v.wrong("spec.minPods", fmt.Sprint(s.MinPods), "", fmt.Sprintf("1 to spec.replicas, which is %d", s.Replicas))
	}
}

// withBase checks what a spec says beside its base; the rest is checked once that is built.
func (v *validator) withBase() {
	s := &v.c.Spec
	for _, f := range []struct {
		name  string
		given bool
	}{{"port", s.Port != 0}, {"imagePullPolicy", s.ImagePullPolicy != ""}, {"env", s.Env != nil}, {"resources", len(s.Resources.Requests)+len(s.Resources.Limits) > 0},
		{"defaults", s.Defaults != "production"}, {"service", s.Service != (Service{Port: defaultPort})}} {
		if f.given {
			v.wrong("spec."+f.name, "", "is given beside base", "the base's own Deployment and Service")
		}
	}
	if s.Image != "" && s.Images != nil {
		v.wrong("spec.images", "", "is given beside image", "one of image, images")
	}
	if s.Stable != nil && s.Stable.Image != "" && s.Stable.Images != nil {
		v.wrong("spec.stable.images", "", "is given beside image", "one of image, images")
	}
	v.output()
	r := s.Route
	if r == nil && len(s.Routes) == 0 {
		r = &route.Route{}
		applyDefaults(reflect.ValueOf(r).Elem())
	} else if r == nil {
		r = &s.Routes[0]
	}
	own := r.Host == "" && r.Hosts == nil && !r.OfMesh()
	if own {
		given := *r
		given.Router, given.Match, given.WeightTotal, given.Protocol = "", nil, 0, ""
		if !reflect.DeepEqual(given, route.Route{}) {
			v.wrong(v.c.RouteField(), "", "has no host", "match and weightTotal, where the base has a route, else a host as well")
		}
		for i, m := range r.Match {
			v.match(fmt.Sprintf("%s.match[%d]", v.c.RouteField(), i), m, r.Match[:i])
		}
		if s.Route != nil && s.Routes != nil {
			v.wrong("spec.routes", "", "is given beside route", "one of route, routes")
		}
		s.Routes = []route.Route{*r}
		v.steps()
	} else if v.route() {
		v.steps()
	}
}

// defaultPort is the default of service.port.
const defaultPort = 80

func (v *validator) images() {
	s := &v.c.Spec
	s.Images = v.imageSet("spec", s.Image, s.Images)
	if s.Stable == nil || len(s.Images) == 0 {
		return
	}
	s.Stable.Images = v.imageSet("spec.stable", s.Stable.Image, s.Stable.Images)
	if s.Stable.Images == nil {
		return
	}
	for _, wanted := range s.Images {
		if !slices.ContainsFunc(s.Stable.Images, func(i ContainerImage) bool { return i.Container == wanted.Container }) {
			v.wrong("spec.stable", "", "has no image for container "+wanted.Container, "an image for each container of spec.images")
		}
	}
	for _, known := range s.Stable.Images {
		if !slices.ContainsFunc(s.Images, func(i ContainerImage) bool { return i.Container == known.Container }) {
			v.wrong("spec.stable.images", known.Container, "", "the containers of spec.images")
		}
	}
}

// imageSet is the long form of image and images below field.
func (v *validator) imageSet(field, image string, images Images) Images {
	app := v.c.Metadata.Name
	switch {
	case image != "" && images != nil:
		v.wrong(field+".images", "", "is given beside image", "one of image, images")
	case image != "":
		return Images{{app, image}}
	case v.failed(field + ".image"), v.failed(field + ".images"):
	case images == nil:
		v.wrong(field, "", "has no image", "image, or images with one for container "+app)
	case !slices.ContainsFunc(images, func(i ContainerImage) bool { return i.Container == app }):
		v.wrong(field+".images", "", "has no entry for container "+app, "an entry named after metadata.name: the container that serves the port")
	default:
		return images
	}
	return nil
}

func (v *validator) env() {
	seen := map[string]bool{}
	for i, e := range v.c.Spec.Env {
		at := fmt.Sprintf("spec.env[%d]", i)
		if v.failed(at) {
			continue
		}
		if seen[e.Name] {
			v.wrong(at+".name", e.Name, "", "each name once")
		}
		seen[e.Name] = true
		if e.ValueFrom == nil {
			continue
		}
		if e.Value != "" {
			v.wrong(at, "", "has both value and valueFrom", "one of value, valueFrom")
		}
		f := e.ValueFrom
		if r := f.ResourceFieldRef; r != nil && r.ContainerName != "" && !slices.ContainsFunc(v.c.Spec.Images, func(i ContainerImage) bool { return i.Container == r.ContainerName }) {
			v.wrong(at+".valueFrom.resourceFieldRef.containerName", r.ContainerName, "", "a container of spec.images")
		}
		if n := count(f.ConfigMapKeyRef != nil, f.SecretKeyRef != nil, f.FieldRef != nil, f.ResourceFieldRef != nil); n != 1 {
			v.wrong(at+".valueFrom", "", says(n), "one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef")
		}
	}
}

func (v *validator) service() {
	s := &v.c.Spec
	if s.Service.Name == "" && s.Defaults == "production" {
		s.Service.Name = "http"
	}
	switch t := &s.Service.TargetPort; {
	case t.Name == "" && t.Int == 0 && s.Service.Name != "":
		t.Name = s.Service.Name // each pod knows what it means, so that a release can change the number
	case t.Name == "" && t.Int == 0:
		t.Int = s.Port
	case t.Name != "" && t.Name != s.Service.Name:
		v.wrong("spec.service.targetPort", t.Name, "", "a port number, or the port's name in spec.service.name")
	}
}

func (v *validator) names() {
	app, names := v.c.Metadata.Name, &v.c.Spec.Output.Names
	for _, f := range []struct {
		field            string
		prod, canary     *string
		longest          int
		labelled, suffix string
	}{
		{"deployment", &names.Prod.Deployment, &names.Canary.Deployment, 63, "Deployment", "-canary"},
		{"service", &names.Prod.Service, &names.Canary.Service, 63, "Service", "-canary"},
		{"route", &names.Prod.Route, &names.Canary.Route, 253, "route", "-canary"},
	} {
		if *f.prod == "" {
			*f.prod = app
		}
		if *f.canary == "" {
			*f.canary = app + f.suffix
			if len(*f.canary) > f.longest {
				v.wrong("metadata.name", app, fmt.Sprintf("value %s with the suffix %s is too long for the canary's %s", excerpt(app), f.suffix, f.labelled),
					fmt.Sprintf("at most %d characters, or a name in spec.output.names.canary.%s", f.longest-len(f.suffix), f.field))
			}
		}
		if *f.prod == *f.canary {
			v.wrong("spec.output.names.canary."+f.field, *f.canary, "", "another name than prod's")
		}
	}
	for _, f := range []struct{ track, name string }{{"prod", names.Prod.Autoscaler}, {"canary", names.Canary.Autoscaler}} {
		if f.name != "" {
			v.wrong("spec.output.names."+f.track+".autoscaler", f.name, "is given without base", "none: only a base can have one")
		}
	}
}

func (v *validator) output() {
	o, m := &v.c.Spec.Output, v.c.Metadata
	if o.Path == "" {
		o.Path = "deploy/" + m.Name
		if m.Namespace != "" {
			o.Path = "deploy/" + m.Namespace + "/" + m.Name
		}
	}
}

// route brings the route into its long form; false where there is none to go on with.
func (v *validator) route() bool {
	s := &v.c.Spec
	field := "spec.routes[0]"
	switch {
	case s.Route != nil && s.Routes != nil:
		v.wrong("spec.routes", "", "is given beside route", "one of route, routes")
		return false
	case s.Route != nil:
		s.Routes, field = []route.Route{*s.Route}, "spec.route"
	case v.failed("spec.route"), v.failed("spec.routes"):
		return false
	case len(s.Routes) == 0:
		v.wrong("spec", "", "has no route", "route with at least a host")
		return false
	}
	before := len(v.errs)
	r := &s.Routes[0]
	if !r.OfMesh() || r.Host != "" || r.Hosts != nil {
		r.Hosts = v.oneOrMany(field, "host", r.Host, r.Hosts, "")
	}
	v.rules(field, r)
	v.tls(field, r)
	for i, m := range r.Match {
		v.match(fmt.Sprintf("%s.match[%d]", field, i), m, r.Match[:i])
	}
	router, err := route.ByName(r.Router)
	if err != nil || len(v.errs) > before || v.failed(field) {
		return true // the steps can be looked at all the same
	}
	router.Default(r)
	if s.Service.AppProtocol == "" {
		s.Service.AppProtocol = router.AppProtocol(*r)
	}
	for _, p := range router.Check(*r) {
		v.wrong(strings.TrimSuffix(field+"."+p.Field, "."), p.Value, p.Problem, p.Allowed)
	}
	if settle := *s.Settle; !router.FailsOpen() && settle < LeastSettle && !v.failed("spec.settle") {
		v.wrong("spec.settle", settle.String(), "", "at least "+LeastSettle.String()+" with "+r.Router+
			": a canary that has lost its pods fails its share of the requests there, so every commit needs the time to be applied")
	}
	return true
}

// rules brings paths into their long form.
func (v *validator) rules(field string, r *route.Route) {
	if r.Rules == nil {
		r.Paths = v.oneOrMany(field, "path", r.Path, r.Paths, "/")
		if r.PathType == "" {
			r.PathType = "Prefix"
		}
		r.Rules = []route.Rule{{Paths: r.Paths, PathType: r.PathType, Filters: r.Filters}}
		for i, p := range r.Paths {
			at := fmt.Sprintf("%s.paths[%d]", field, i)
			if r.Path != "" {
				at = field + ".path"
			}
			v.prefix(at, p, r.PathType)
		}
		return
	}
	for _, short := range []struct {
		name  string
		given bool
	}{{"path", r.Path != ""}, {"paths", r.Paths != nil}, {"pathType", r.PathType != ""}, {"filters", r.Filters != nil}} {
		if short.given {
			v.wrong(field+"."+short.name, "", "is given beside rules", "in an entry of rules")
		}
	}
	seen := map[string]bool{}
	for i, rule := range r.Rules {
		for j, p := range rule.Paths {
			if key := rule.PathType + p; seen[key] {
				v.wrong(fmt.Sprintf("%s.rules[%d].paths[%d]", field, i, j), p, "", "each path of a type once")
			} else {
				seen[key] = true
			}
			v.prefix(fmt.Sprintf("%s.rules[%d].paths[%d]", field, i, j), p, rule.PathType)
		}
	}
}

// prefix: a slash at the end of a prefix counts for nothing (networking/v1, HTTPIngressPath.PathType; PathPrefix of Gateway API), and yet not every router answers
// for the path without it. So there is one way to write a prefix.
func (v *validator) prefix(at, path, pathType string) {
	if short := strings.TrimSuffix(path, "/"); pathType == "Prefix" && short != path && short != "" {
		v.wrong(at, path, "", short+": a Prefix is for the path itself and all below it")
	}
}

func (v *validator) oneOrMany(field, name, one string, many []string, otherwise string) []string {
	switch {
	case one != "" && many != nil:
		v.wrong(field+"."+name+"s", "", "is given beside "+name, "one of "+name+", "+name+"s")
	case one != "":
		return []string{one}
	case v.failed(field + "." + name), v.failed(field + "." + name + "s"):
	case many != nil && len(many) == 0:
		v.wrong(field+"."+name+"s", "", "is an empty list", "at least one "+name)
	case len(many) == 0 && otherwise != "":
		return []string{otherwise}
	case len(many) == 0:
		v.wrong(field, "", "has no "+name, "host, or hosts with at least one entry")
	}
	for i, s := range many {
		if slices.Contains(many[:i], s) {
			v.wrong(fmt.Sprintf("%s.%ss[%d]", field, name, i), s, "", "each "+name+" once")
		}
	}
	return many
}

func (v *validator) tls(field string, r *route.Route) {
	for i := range r.TLS {
		t := &r.TLS[i]
		if len(t.Hosts) == 0 {
			t.Hosts = r.Hosts
		}
		for j, h := range t.Hosts {
			if !slices.Contains(r.Hosts, h) {
				v.wrong(fmt.Sprintf("%s.tls[%d].hosts[%d]", field, i, j), h, "", "the hosts of the route: "+strings.Join(r.Hosts, ", "))
			}
		}
	}
}

func (v *validator) match(field string, m route.Match, before []route.Match) {
	if v.failed(field) {
		return
	}
	if n := count(m.Header != nil, m.Cookie != nil); n == 0 {
		v.wrong(field, "", "matches nothing", "header or cookie")
	}
	if m.Header != nil && m.Header.Value != "" && m.Header.Pattern != "" {
		v.wrong(field+".header", "", "has both value and pattern", "one of value, pattern")
	}
	for _, b := range before {
		switch {
		case m.Header != nil && b.Header != nil && sameHeader(*m.Header, *b.Header):
			v.wrong(field+".header.name", m.Header.Name, "", "each header once, or each time with another value or pattern")
			return
		case m.Cookie != nil && b.Cookie != nil && *m.Cookie == *b.Cookie:
			v.wrong(field+".cookie.name", m.Cookie.Name, "", "each cookie once")
			return
		}
	}
}

// sameHeader says whether two rules ask for the same: names of headers are the same in any case.
func sameHeader(a, b route.Header) bool {
	return strings.EqualFold(a.Name, b.Name) && a.Value == b.Value && a.Pattern == b.Pattern
}

func (v *validator) steps() {
	total := v.total()
	last, rules := -1, map[string]bool{}
	for i, s := range v.c.Spec.Steps {
		at := fmt.Sprintf("spec.steps[%d]", i)
		if v.failed(at) {
			continue
		}
		if n := count(s.SetWeight != nil, s.Pause != nil, s.SetCanaryScale != nil, s.SetHeaderRoute != nil); n != 1 {
			v.wrong(at, "", says(n), "exactly one of setWeight, pause, setCanaryScale, setHeaderRoute")
			continue
		}
		switch {
		case s.SetWeight != nil && *s.SetWeight > total:
			v.wrong(at+".setWeight", fmt.Sprint(*s.SetWeight), "", fmt.Sprintf("0 to %d", total))
		case s.SetWeight != nil && *s.SetWeight <= last && last >= total:
			v.wrong(at+".setWeight", fmt.Sprint(*s.SetWeight), "comes after the whole weight", "no setWeight any more: weights only go up")
		case s.SetWeight != nil && *s.SetWeight <= last:
			v.wrong(at+".setWeight", fmt.Sprint(*s.SetWeight), "", fmt.Sprintf("more than %d, the weight before it: weights only go up", last))
		case s.SetWeight != nil:
			last = *s.SetWeight
		case s.Pause != nil && s.Name != "" && i > 0:
			v.wrong(at+".name", s.Name, "names a pause", "a name on the step that the pause holds: "+fmt.Sprintf("spec.steps[%d]", i-1))
		case s.SetCanaryScale != nil:
			v.scale(at+".setCanaryScale", *s.SetCanaryScale)
		case s.SetHeaderRoute != nil:
			v.headerRoute(at+".setHeaderRoute", *s.SetHeaderRoute, rules)
		}
	}
	if len(v.errs) == 0 && v.c.Spec.Base == "" {
		v.ramp()
	}
}

// defaultSettle is the default of spec.settle, for what is done without a spec.
const defaultSettle Duration = 10 * 60

// LeastSettle is the least time that a commit is given to be applied where a router fails closed and nobody says what the cluster has applied.
const LeastSettle Duration = 5 * 60

// allowedWeight is what the decoder says of a weight.
var allowedWeight = fmt.Sprintf("0 to %d", maxWeightTotal)

// defaultTotal is the default of weightTotal.
const defaultTotal = 100

// total is what weights add up to.
func (v *validator) total() int {
	if v.failed("spec.route.weightTotal") || v.failed("spec.routes[0].weightTotal") {
		return maxWeightTotal
	}
	v.exactWeights(v.c.Spec.Routes[0].WeightTotal)
	return v.c.Spec.Routes[0].WeightTotal
}

// exactWeights makes the decoder's errors about weights exact: it knows no more than how large a total may be at all.
func (v *validator) exactWeights(total int) {
	for i := range v.errs {
		e := &v.errs[i]
		how, ours := strings.CutPrefix(e.Allowed, allowedWeight)
		if !ours || !strings.HasSuffix(e.Field, ".setWeight") {
			continue
		}
		e.Allowed = fmt.Sprintf("0 to %d", total) + how
		if _, part, _ := strings.Cut(e.Value, "."); total == defaultTotal && strings.Trim(part, "0") != "" && allDigits(part) {
			e.Allowed += " (for half a percent set weightTotal: 1000 in the route, and setWeight: 5)"
		}
	}
}

func (v *validator) scale(field string, s CanaryScale) {
	if n := count(s.Replicas != nil, s.Weight != nil, s.MatchTrafficWeight); n != 1 {
		v.wrong(field, "", says(n), "exactly one of replicas, weight, matchTrafficWeight: true")
	}
}

// canaryScale: the canary's pods are there before its first request, so there is no scale without any.
func (v *validator) canaryScale() {
	const field = "spec.canaryScale"
	s := v.c.Spec.CanaryScale
	if s == nil || v.failed(field) {
		return
	}
	v.scale(field, *s)
	for _, f := range []struct {
		name    string
		value   *int
		allowed string
	}{{"replicas", s.Replicas, "1 to 10000"}, {"weight", s.Weight, "1 to 100"}} {
		if f.value != nil && *f.value == 0 {
			v.wrong(field+"."+f.name, "0", "", f.allowed)
		}
	}
}

func (v *validator) headerRoute(field string, h HeaderRoute, rules map[string]bool) {
	for i, m := range h.Match {
		if n := count(m.HeaderValue.Exact != "", m.HeaderValue.Prefix != "", m.HeaderValue.Regex != ""); n != 1 {
			v.wrong(fmt.Sprintf("%s.match[%d].headerValue", field, i), "", says(n), "exactly one of exact, prefix, regex")
		}
	}
	if len(h.Match) == 0 && !rules[h.Name] {
		v.wrong(field+".name", h.Name, "", "the name of a header rule that is in force, or a match that begins one")
	}
	rules[h.Name] = len(h.Match) > 0
}

// ramp checks the plan that the steps make.
func (v *validator) ramp() {
	router, _ := route.ByName(v.c.RouteSpec().Router)
	plan, names := v.c.Plan(), map[string]int{}
	for _, st := range plan.Steps {
		names[st.Name]++
	}
	for _, st := range plan.Steps {
		if st.entry < 0 {
			continue
		}
		at := fmt.Sprintf("spec.steps[%d]", st.entry)
		if f := formats["stepName"]; !f.valid(st.Name) || len(st.Name) > f.max {
			v.wrong(at, "", "makes a step of the name "+excerpt(st.Name)+", which is too long", "a name of at most 40 characters, by name")
		}
		if st.named && names[st.Name] > 1 {
			v.wrong(at+".name", st.Name, "", "a name that no other step of the plan has")
		}
		r := v.c.RouteSpec()
		r.Match = st.Matches
		if ps := router.Check(r); len(ps) > 0 {
			v.wrong(at, "", "routes what "+r.Router+" cannot", ps[0].Allowed)
			return // and so do the steps after it
		}
		switch {
		case st.Canary < 1 && (st.Weight > 0 || len(st.Matches) > 0):
			v.wrong(at, "", "sends requests to a canary of 0 pods", "at least 1 pod by setCanaryScale before it")
		case st.Weight == plan.Total && st.Canary < v.c.Spec.Replicas:
			v.wrong(at, "", fmt.Sprintf("leaves %s to a canary that gets all requests", pods(st.Canary)), fmt.Sprintf("at least %s, as many as prod has", pods(v.c.Spec.Replicas)))
		}
	}
}

// says what is wrong with something that has n of the fields of which it needs one.
func says(n int) string {
	if n == 0 {
		return "says nothing"
	}
	return fmt.Sprintf("says %d things at once", n)
}

func pods(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}
