package render_test

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/gitramp/gitramp/render"
)

// cluster is a tree as Kubernetes would read it: each object decoded strictly, so that an unknown or doubled field is an error.
type cluster struct {
	deployments map[string]appsv1.Deployment
	services    map[string]corev1.Service
	routes      map[string][]byte // by the file's name without .yaml
}

// decode reads the objects that the tree's kustomization lists, and nothing else.
func decode(tb tester, tree render.Tree) cluster {
	tb.Helper()
	c := cluster{map[string]appsv1.Deployment{}, map[string]corev1.Service{}, map[string][]byte{}}
	for _, file := range tree.Resources() {
		data, ok := tree.Get(file)
		if !ok {
			tb.Fatalf("kustomization lists %s, which is not there", file)
		}
		switch kind := strings.TrimSuffix(path.Base(file), ".yaml"); kind {
		case "prod-deployment", "canary-deployment":
			put(tb, c.deployments, kind, data)
		case "prod-service", "canary-service":
			put(tb, c.services, kind, data)
		default:
			if _, last, _ := strings.Cut(kind, "-"); routeKinds[last] == nil {
				tb.Fatalf("%s is no file that gitramp knows", file)
			}
			c.routes[kind] = data
		}
	}
	return c
}

func put[T any](tb tester, to map[string]T, name string, data []byte) {
	tb.Helper()
	var obj T
	if err := yaml.UnmarshalStrict(data, &obj); err != nil {
		tb.Fatalf("%s: %v\n%s", name, err, data)
	}
	track, _, _ := strings.Cut(name, "-")
	to[track] = obj
}

// checkTree holds a tree against the rendering invariants of a canary that plain Kubernetes and the spec's router can run (I1 to I6, I9, I11).
func checkTree(tb tester, st render.Step, tree render.Tree, total int) {
	tb.Helper()
	c := decode(tb, tree)
	tracks := []string{"prod"}
	if st.HasCanary() {
		tracks = []string{"canary", "prod"}
	}
	if got := slices.Sorted(maps.Keys(c.deployments)); !slices.Equal(got, tracks) {
		tb.Fatalf("%s: Deployments of %v, want %v", st.ID(), got, tracks)
	}
	for _, track := range tracks {
		checkTrack(tb, st, c, track)
	}
	if st.HasCanary() {
		checkApart(tb, st, c)
	}
	checkRoutes(tb, st, c, total)
}

func checkTrack(tb tester, st render.Step, c cluster, track string) {
	tb.Helper()
	d, s := c.deployments[track], c.services[track]
	pods := d.Spec.Template.Labels
	if !subset(d.Spec.Selector.MatchLabels, pods) || len(d.Spec.Selector.MatchLabels) == 0 {
		tb.Errorf("%s: %s Deployment selects %v, its pods have %v", st.ID(), track, d.Spec.Selector.MatchLabels, pods)
	}
	if !subset(s.Spec.Selector, pods) || len(s.Spec.Selector) == 0 {
		tb.Errorf("%s: %s Service selects %v, its pods have %v", st.ID(), track, s.Spec.Selector, pods)
	}
	want := st.Prod
	if track == "canary" {
		want = st.Canary
	}
	if d.Spec.Replicas == nil || int(*d.Spec.Replicas) != want {
		tb.Errorf("%s: %s has %v replicas, want %d", st.ID(), track, d.Spec.Replicas, want)
	}
	if track == "prod" && want < 1 {
		tb.Errorf("%s: prod has no pod", st.ID())
	}
	container := d.Spec.Template.Spec.Containers[slices.IndexFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return len(c.Ports) > 0 })]
	port := s.Spec.Ports[0]
	if port.TargetPort.StrVal != "" && port.TargetPort.StrVal != container.Ports[0].Name {
		tb.Errorf("%s: %s Service goes to port %s, the container has %v", st.ID(), track, port.TargetPort.StrVal, container.Ports)
	}
	for _, name := range []string{d.Name, s.Name} {
		if len(name) > 63 || !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(name) {
			tb.Errorf("%s: name %q", st.ID(), name)
		}
	}
}

// checkApart: neither track's Service or Deployment may match the other's pods.
func checkApart(tb tester, st render.Step, c cluster) {
	tb.Helper()
	for _, pair := range [][2]string{{"prod", "canary"}, {"canary", "prod"}} {
		pods := c.deployments[pair[1]].Spec.Template.Labels
		if subset(c.services[pair[0]].Spec.Selector, pods) || subset(c.deployments[pair[0]].Spec.Selector.MatchLabels, pods) {
			tb.Errorf("%s: %s selects the pods of %s", st.ID(), pair[0], pair[1])
		}
	}
}

// routeKinds are the kinds of route objects, by the last word of their file's name, each with the check of a tree that has them. It reads the split as the
// router does, apart from the code that writes it.
var routeKinds = map[string]func(tb tester, st render.Step, c cluster, total int){
	"ingress": checkIngresses, "httproute": checkHTTPRoutes, "grpcroute": checkGRPCRoutes,
}

func checkRoutes(tb tester, st render.Step, c cluster, total int) {
	tb.Helper()
	kinds := map[string]bool{}
	for file := range c.routes {
		_, kind, _ := strings.Cut(file, "-")
		kinds[kind] = true
	}
	if len(kinds) != 1 {
		tb.Fatalf("%s: route objects of %d kinds", st.ID(), len(kinds))
	}
	for kind := range kinds {
		routeKinds[kind](tb, st, c, total)
	}
}

func subset(small, large map[string]string) bool {
	for k, v := range small {
		if large[k] != v {
			return false
		}
	}
	return true
}

// TestFixturesHoldTheInvariants checks every step of every fixture.
func TestFixturesHoldTheInvariants(t *testing.T) {
	for _, name := range fixtures(t) {
		c := loadFixture(t, name)
		for _, s := range ramp(t, c) {
			checkTree(t, s.Step, s.Tree, c.RouteSpec().WeightTotal)
		}
	}
}

// TestFixturesBuildWithKustomize builds every step the way Flux does: no plugins, root-only loading. What comes out is what went in.
func TestFixturesBuildWithKustomize(t *testing.T) {
	for _, name := range fixtures(t) {
		for _, s := range ramp(t, loadFixture(t, name)) {
			disk := filesys.MakeFsInMemory()
			for _, f := range s.Tree {
				if err := disk.WriteFile("/app/"+f.Path, f.Data); err != nil {
					t.Fatal(err)
				}
			}
			options := krusty.MakeDefaultOptions()
			options.PluginConfig = types.DisabledPluginConfig()
			built, err := krusty.MakeKustomizer(options).Run(disk, "/app")
			if err != nil {
				t.Fatalf("%s %s: %v", name, s.ID(), err)
			}
			if got, want := built.Size(), len(s.Tree.Resources()); got != want {
				t.Errorf("%s %s: kustomize builds %d objects of %d", name, s.ID(), got, want)
			}
			for i, file := range s.Tree.Resources() {
				data, _ := s.Tree.Get(file)
				var want any
				if err := yaml.Unmarshal(data, &want); err != nil {
					t.Fatal(err)
				}
				got, err := built.Resources()[i].Map()
				if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s %s: kustomize builds %s as\n%v\nwant\n%v (%v)", name, s.ID(), file, got, want, err)
				}
			}
		}
	}
}
