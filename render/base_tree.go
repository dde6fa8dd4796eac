package render

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gitramp/gitramp/render/internal/node"
	"github.com/gitramp/gitramp/render/route"
)

// changesAt is the annotation by which an object of a base says when it changes: with `prepare`, or, as all do, with `promote`.
const changesAt = "gitramp.dev/changes-at"

// baseFiles are a step's files without route, kustomization and lock. What only the canary's revision has is there from prepare on, in files of the canary's, so
// that it goes with it; what both have changes with the promotion; what only the stable one has goes with the cleanup.
func (r *Release) baseFiles(st Step) (Tree, error) {
	s, c := r.revs.Stable.parts, r.revs.Canary.parts
	if !st.HasCanary() {
		prod := s.prod
		if st.Transition == Cleanup {
			prod = c.prod
		}
		if prod.hasScaler() {
			return prod, nil
		}
		return sized(prod, st.Prod)
	}
	prod, err := sized(r.baseProdAt(st), st.Prod)
	if err != nil {
		return nil, err
	}
	twins, err := c.canary()
	if err != nil {
		return nil, err
	}
	if twins, err = sized(twins, st.Canary); err != nil {
		return nil, err
	}
	tree := append(prod, twins...)
	for _, f := range c.prod {
		if _, both := s.prod.counterpart(f.Path); !both {
			tree = append(tree, File{asCanarys(f.Path), f.Data})
		}
	}
	tree = append(tree, File{NextFile, pack("prod as the promotion makes it. Gone with the cleanup.", c.prod)})
	return tree, nil
}

// counterpart is the same object in another revision: what has a twin in one of them and none in the other goes by another file.
func (t Tree) counterpart(path string) ([]byte, bool) {
	if data, ok := t.Get(path); ok {
		return data, true
	}
	track, rest, _ := strings.Cut(path, "-")
	return t.Get(map[string]string{"prod": "shared", "shared": "prod"}[track] + "-" + rest)
}

// asCanarys is the file of an object that only the canary's revision has.
func asCanarys(path string) string {
	_, rest, _ := strings.Cut(path, "-")
	return "canary-" + rest
}

// baseProdAt is prod at a step, and what both tracks share.
func (r *Release) baseProdAt(st Step) (tree Tree) {
	for _, f := range r.revs.Stable.parts.prod {
		if now, both := r.revs.Canary.parts.prod.counterpart(f.Path); both && (st.Promoted() || changesEarly(f.Data, now)) {
			f.Data = now
		}
		tree = append(tree, f)
	}
	return tree
}

func changesEarly(was, now []byte) bool {
	if bytes.Equal(was, now) || !bytes.Contains(now, []byte(changesAt)) {
		return false
	}
	n, err := node.Parse(now)
	return err == nil && node.Text(n, "metadata", "annotations", changesAt) == string(Prepare)
}

// basePrevious keeps what the promotion changes, as it was.
func (r *Release) basePrevious() ([]byte, error) {
	full, promoted := r.Plan.Steps[0], r.Plan.Steps[r.Plan.Last()-1]
	full.Transition = Full
	before, err := sized(r.baseProdAt(full), full.Prod)
	if err != nil {
		return nil, err
	}
	after, err := sized(r.baseProdAt(promoted), promoted.Prod)
	if err != nil {
		return nil, err
	}
	var changed Tree
	for _, f := range before {
		if now, _ := after.Get(f.Path); !bytes.Equal(now, f.Data) {
			changed = append(changed, f)
		}
	}
	return pack("prod before it was promoted, for an abort. Gone with the cleanup.", changed), nil
}

// rank is the order in which files are applied: what others refer to comes first, what sends requests last.
func rank(path string) int {
	_, kind, _ := strings.Cut(strings.TrimSuffix(path, ".yaml"), "-")
	kind, _, _ = strings.Cut(kind, "-")
	switch kind {
	case "namespace":
		return 0
	case "customresourcedefinition":
		return 1
	case "serviceaccount", "role", "rolebinding", "clusterrole", "clusterrolebinding":
		return 2
	case "configmap", "secret", "persistentvolumeclaim":
		return 3
	case "service":
		return 4
	case "deployment":
		return 5
	}
	if route.ByKind(kind) != "" {
		return 7
	}
	return 6
}

// inApplyOrder sorts the objects of a tree with a base.
func inApplyOrder(tree Tree) []File {
	files := slices.DeleteFunc(slices.Clone(tree), func(f File) bool { return !isObject(f.Path) })
	sort.SliceStable(files, func(i, j int) bool {
		if a, b := rank(files[i].Path), rank(files[j].Path); a != b {
			return a < b
		}
		// prod before what is the canary's: by the alphabet it would be the other way round
		a, b := strings.HasPrefix(files[i].Path, "canary-"), strings.HasPrefix(files[j].Path, "canary-")
		return a != b && b || a == b && files[i].Path < files[j].Path
	})
	return files
}

// baseRevisions are those of a tree with a base.
func (s State) baseRevisions() (Revisions, error) {
	var revs Revisions
	l := s.Lock
	prod, err := s.prodParts()
	if err != nil {
		return revs, err
	}
	if revs.Stable, err = baseRevisionOf(l.Stable, prod); err != nil || s.IsIdle() {
		return revs, err
	}
	data, _ := s.Tree.Get(NextFile)
	next, ok := unpack(data)
	if !ok {
		return revs, fmt.Errorf("%s: is not what gitramp wrote", NextFile)
	}
	if revs.Canary, err = baseRevisionOf(*l.Canary, next); err != nil {
		return revs, err
	}
	if l.promoted() {
		data, _ := s.Tree.Get(PreviousFile)
		previous, ok := unpack(data)
		if !ok {
			return revs, fmt.Errorf("%s: is not what gitramp wrote", PreviousFile)
		}
		if previous, err = settledSize(previous); err != nil {
			return revs, err
		}
		for _, f := range previous {
			prod = prod.without(f.Path).with(f)
		}
		if revs.Stable, err = baseRevisionOf(*l.Previous, prod); err != nil {
			return revs, err
		}
	}
	var twins Tree
	for _, f := range s.Tree {
		if isTrack(f.Path, "canary") && !isRoute(f.Path) && !onlyCanarys(f.Path, next, prod) {
			twins = append(twins, f)
		}
	}
	twins, err = settledSize(twins)
	revs.Canary.parts.canary = func() (Tree, error) { return twins, err }
	return revs, nil
}

// onlyCanarys says whether a file of the canary's is an object of its revision that prod's has not, and no twin.
func onlyCanarys(path string, next, prod Tree) bool {
	return slices.ContainsFunc(next, func(f File) bool {
		_, both := prod.counterpart(f.Path)
		return !both && asCanarys(f.Path) == path
	})
}

// prodParts are prod's files, and those of both tracks, as an idle tree has them.
func (s State) prodParts() (tree Tree, err error) {
	for _, f := range s.Tree {
		if (isTrack(f.Path, "prod") || isTrack(f.Path, "shared")) && !isRoute(f.Path) {
			tree = append(tree, f)
		}
	}
	return settledSize(tree)
}

func isTrack(path, component string) bool {
	return strings.HasPrefix(path, component+"-") && isObject(path)
}

func baseRevisionOf(ref RevisionRef, prod Tree) (Revision, error) {
	rev := Revision{Name: ref.Revision, Images: ref.Images, parts: &parts{prod: prod}}
	for _, part := range []struct {
		path string
		to   *original
	}{{prodDeployment, &rev.Deployment}, {prodService, &rev.Service}} {
		data, ok := prod.Get(part.path)
		if !ok {
			return rev, fmt.Errorf("%s: is missing from the tree", part.path)
		}
		var err error
		if *part.to, err = inTree(part.path, data); err != nil {
			return rev, err
		}
	}
	return rev, nil
}

// Refreshed is what prod runs, between two releases, with what the base says today of all that is no revision's: it never touches the template of a pod, and what
// belongs to a release that comes waits for that. Without a base nothing is.
func (c *Canary) Refreshed(stable Revision) (Revision, error) {
	if c.base == nil {
		return stable, nil
	}
	was := stable.parts.prod
	today := slices.DeleteFunc(slices.Clone(was), func(f File) bool { return isScaler(f.Path) })
	if stable.Name == c.RevisionName() {
		wanted, err := c.baseRevision(c.Spec.Images, was)
		if err != nil {
			return stable, err
		}
		if today, err = withTemplate(wanted.parts.prod, stable.Deployment.nodes()); err != nil {
			return stable, err
		}
	} else if scaler := c.base.scaler; scaler != nil {
		f, err := file(pathOf("prod", scaler, c.Metadata.Namespace), node.Copy(scaler))
		if err != nil {
			return stable, err
		}
		today = today.with(f)
	}
	today, err := c.owned(today, was)
	if err != nil {
		return stable, err
	}
	return baseRevisionOf(stable.ref(), today)
}

// withTemplate is a tree whose pods stay as they are.
func withTemplate(tree Tree, was *yaml.Node) (Tree, error) {
	return tree.editProd(func(o *yaml.Node) {
		node.Set(o, node.Copy(node.Get(was, "spec", "template")), "spec", "template")
	})
}

// editProd changes prod's Deployment.
func (t Tree) editProd(change func(*yaml.Node)) (Tree, error) {
	data, _ := t.Get(prodDeployment)
	f, err := edited(File{prodDeployment, data}, change)
	return t.without(prodDeployment).with(f), err
}

// owned lets who owns the replicas change in two commits, so that at no time nobody does: in between there are both, the autoscaler and the number.
func (c *Canary) owned(today, was Tree) (Tree, error) {
	number := replicasIn(was)
	switch {
	case today.hasScaler() && !was.hasScaler(): // it begins with as many pods as there are
		return today.editProd(func(o *yaml.Node) { node.Set(o, node.Int(max(number, 1)), "spec", "replicas") })
	case today.hasScaler():
		return today.editProd(func(o *yaml.Node) { node.Clear(o, "spec", "replicas") })
	case was.hasScaler() && number == 0:
		for _, f := range was {
			if isScaler(f.Path) {
				today = today.with(f)
			}
		}
		return today.editProd(func(o *yaml.Node) { node.Set(o, node.Int(c.Spec.Replicas), "spec", "replicas") })
	}
	return today, nil
}

// replicasIn is the number that prod's Deployment has, 0 where it has none.
func replicasIn(t Tree) int {
	return replicasOf(t, prodDeployment)
}

// handsOver says whether a tree is between the two commits in which who owns the replicas changes.
func (t Tree) handsOver() bool { return t.hasScaler() && replicasIn(t) > 0 }
