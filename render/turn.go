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

// Turn carries a decision out: the tree that it leads to, and its lock.
func (r *Release) Turn(s State, d Decision) (Tree, *Lock, error) {
	switch d.Transition {
	case Sync:
		return r.Own(s)
	case Replan:
		return r.Replanned().tree(d.Step, s.Lock, d)
	case d.Step.Transition:
		return r.tree(d.Step, s.Lock, d)
	}
	return s.Turn(d)
}

// Replanned is the release as it goes on by the spec's steps of today.
func (r *Release) Replanned() *Release {
	again := *r
	again.plan(r.spec.Spec.Steps, r.asked)
	return &again
}

// Turn carries out a decision that needs the tree alone. Whatever it does not have to change stays byte for byte, also where somebody edited it.
func (s State) Turn(d Decision) (Tree, *Lock, error) {
	l := *s.Lock
	l.Parent = l.Self
	switch d.Transition {
	case Grow:
		return s.grown(l)
	case Supersede:
		if s.shrunk() {
			return s.grown(l)
		}
		return s.withdrawn(l)
	case Abort:
		return s.withdrawn(l)
	case Unpromote:
		return s.unpromoted(l)
	case Cleanup, Forget:
		return s.cleanedUp(l, d.Transition)
	case PauseIt, ResumeIt, PromoteFull:
		l.Paused, l.Full = d.Transition == PauseIt, l.Full || d.Transition == PromoteFull
		if d.attempt > 0 {
			l.Attempt = d.attempt
		}
		return s.Tree.without(LockFile).with(File{LockFile, l.Encode()}), &l, nil
	case Delete:
		return s.deleted(l, d.settle)
	}
	return nil, nil, fmt.Errorf("%s: a spec is needed", d.Transition)
}

// shrunk says whether prod has fewer pods than it had before it gave some up, as its tree says.
func (s State) shrunk() bool {
	pods, known := s.Tree.prodPods()
	return known && pods < s.Lock.Replicas
}

// grown is the tree with all of prod's pods, before any request comes back to them. The weight stays as it is: it never rises on the way back.
func (s State) grown(l Lock) (Tree, *Lock, error) {
	tree := slices.Clone(s.Tree)
	if err := s.grow(tree); err != nil {
		return nil, nil, err
	}
	return s.back(Grow, tree, l)
}

// withdrawn is the tree with the canary's routing taken back, by an update: it works where prune is off or late. Whoever did not wait for prod's pods has them
// started by the same commit.
func (s State) withdrawn(l Lock) (Tree, *Lock, error) {
	tree, err := s.withoutRouting()
	if err == nil {
		err = s.grow(tree)
	}
	if err != nil {
		return nil, nil, err
	}
	l.Weight = 0
	return s.back(Abort, tree, l)
}

// back is a tree on its way back.
func (s State) back(phase Transition, tree Tree, l Lock) (Tree, *Lock, error) {
	l.Phase, l.Replicas, l.Aborted, l.Full, l.Paused = phase, 0, l.Canary.Revision, false, false
	l.Hold = Hold{Settle: l.Hold.Settle}
	return s.sealed(tree, l)
}

// grow gives prod its pods back.
func (s State) grow(tree Tree) error {
	if !s.shrunk() {
		return nil
	}
	if path := tree.scaler("prod"); path != "" {
		return tree.rewrite(path, func(n *yaml.Node) { setFloor(n, s.Lock.Replicas, false) })
	}
	return tree.rewrite(prodDeployment, func(n *yaml.Node) { node.Set(n, node.Int(s.Lock.Replicas), "spec", "replicas") })
}

// rewrite changes an object of the tree, and leaves its bytes where nothing of it changes.
func (t Tree) rewrite(path string, change func(*yaml.Node)) error {
	i := slices.IndexFunc(t, func(f File) bool { return f.Path == path })
	f, err := edited(t[i], change)
	t[i] = f
	return err
}

func (s State) withoutRouting() (Tree, error) {
	router, err := route.ByName(s.Lock.Router)
	if err != nil {
		return nil, err
	}
	service, _ := s.Tree.Get("canary-service.yaml")
	canary := nameOf(service)
	tree := slices.Clone(s.Tree)
	for _, f := range s.Tree {
		if !isRoute(f.Path) {
			continue
		}
		if err := tree.rewrite(f.Path, func(n *yaml.Node) { router.Withdraw([]route.Object{{Path: f.Path, Node: n}}, canary) }); err != nil {
			return nil, err
		}
	}
	return tree, nil
}

// isRoute says whether a file of a tree is the app's own route, or a canary's.
func isRoute(path string) bool {
	track, kind, _ := strings.Cut(strings.TrimSuffix(path, ".yaml"), "-")
	return isObject(path) && (track == "prod" || track == "canary" || track == "shared") && route.ByKind(kind) != ""
}

// isObject says whether a file of a tree is a Kubernetes object.
func isObject(path string) bool { return strings.HasSuffix(path, ".yaml") && path != KustomizationFile }

// unpromoted is prod as it was before the promotion, while the canary keeps the traffic.
func (s State) unpromoted(l Lock) (Tree, *Lock, error) {
	data, ok := s.Tree.Get(PreviousFile)
	if l.Templates == BaseSet {
		return s.baseUnpromoted(l, data)
	}
	_, body, cut := strings.Cut(string(data), "\n")
	service, deployment, cut2 := strings.Cut(body, "\n---\n")
	if !ok || !cut || !cut2 {
		return nil, nil, fmt.Errorf("%s: is not what gitramp wrote", PreviousFile)
	}
	tree := s.Tree.without(PreviousFile).without(prodService).without(prodDeployment)
	tree = tree.with(File{prodService, []byte(HeadComment + "\n" + service + "\n")}).with(File{prodDeployment, []byte(HeadComment + "\n" + deployment)})
	l.Stable, l.Previous = *l.Previous, nil
	return s.back(Unpromote, tree, l)
}

// baseUnpromoted is as unpromoted, of an app with a base: whatever the promotion changed is as it was.
func (s State) baseUnpromoted(l Lock, previous []byte) (Tree, *Lock, error) {
	files, ok := unpack(previous)
	if !ok {
		return nil, nil, fmt.Errorf("%s: is not what gitramp wrote", PreviousFile)
	}
	tree := s.Tree.without(PreviousFile)
	for _, f := range files {
		tree = tree.without(f.Path).with(f)
	}
	l.Stable, l.Previous = *l.Previous, nil
	return s.back(Unpromote, tree, l)
}

// cleanedUp is the tree without the canary's objects: idle on the stable revision.
func (s State) cleanedUp(l Lock, t Transition) (Tree, *Lock, error) {
	tree := slices.DeleteFunc(slices.Clone(s.Tree), func(f File) bool {
		return f.Path == PreviousFile || f.Path == NextFile || strings.HasPrefix(f.Path, "canary-") && isObject(f.Path)
	})
	if l.Templates == BaseSet {
		var err error
		if tree, err = s.baseCleanedUp(tree); err != nil {
			return nil, nil, err
		}
	}
	if l.Canary != nil {
		l.Phase, l.Step = Idle, LockStep{0, string(Idle), l.Step.Last}
	}
	l.Weight, l.Canary, l.Hold, l.Rollback = 0, nil, Hold{}, false
	if t == Forget {
		l.Aborted, l.Attempt = "", 1
	}
	return s.sealed(tree, l)
}

// baseCleanedUp is what is left of an app with a base: autoscalers as they are between two releases, and, where prod has the new revision, all of that.
func (s State) baseCleanedUp(tree Tree) (Tree, error) {
	data, _ := s.Tree.Get(NextFile)
	next, ok := unpack(data)
	if !s.Lock.promoted() || !ok {
		return settledSize(tree)
	}
	tree = slices.DeleteFunc(tree, func(f File) bool { return isObject(f.Path) && !isRoute(f.Path) })
	for _, f := range next {
		tree = tree.with(f)
	}
	return tree, nil
}

// Pause decides that nothing moves but an abort until somebody resumes.
func (s State) Pause() Decision {
	switch l := s.Lock; {
	case l == nil:
		return refuse("nothing is installed here")
	case l.Phase.GoesBack() || l.Phase == Delete:
		return refuse("the app goes back (%s), and that cannot be paused", l.Phase)
	case l.Paused:
		return Decision{}
	}
	return Decision{Transition: PauseIt}
}

// Resume decides the end of a pause, and of what a revert means: the rollout goes on from here as another attempt.
func (s State) Resume(ev Evidence) Decision {
	switch l := s.Lock; {
	case l == nil:
		return refuse("nothing is installed here")
	case ev.Shallow && !l.Paused && l.Canary != nil:
		return ev.cutOff()
	case ev.WentBack && l.Canary != nil && !l.Phase.GoesBack():
		return Decision{Transition: ResumeIt, attempt: max(l.Attempt, ev.Attempts) + 1}
	case l.Paused:
		return Decision{Transition: ResumeIt}
	case ev.WentBack && l.Canary == nil:
		return refuse("no rollout is on its way: gitramp retry tries again what was taken back")
	}
	return Decision{}
}

// PromoteFull decides to record that pauses and analyses are waived from now on. Like every promotion it ends what a revert means.
func (s State) PromoteFull(ev Evidence) Decision {
	d := Decision{Transition: PromoteFull}
	switch l := s.Lock; {
	case l == nil:
		return refuse("nothing is installed here")
	case l.Canary == nil || l.Phase.GoesBack():
		return refuse("no rollout is on its way here")
	case ev.WentBack:
		d.attempt = max(l.Attempt, ev.Attempts) + 1
	case l.Full && !l.Paused:
		return Decision{}
	}
	return d
}

// Remove decides how an app goes: what is on its way is taken back first, then prod's route goes, and last the rest.
func (s State) Remove(ev Evidence) Decision {
	l := s.Lock
	switch {
	case l == nil:
		return Decision{}
	case l.Phase.GoesBack():
		return s.Finish("", ev)
	case l.Canary != nil && l.Phase != Restore:
		return s.Abort()
	}
	if l.Canary != nil || l.Phase == Delete {
		if d := l.settled(ev); d.stops() {
			return d
		}
	}
	if l.Canary != nil {
		return Decision{Transition: Cleanup}
	}
	return Decision{Transition: Delete, settle: ev.Settle}
}

// deleted is prod without its route, and then nothing at all.
func (s State) deleted(l Lock, settle Duration) (Tree, *Lock, error) {
	if l.Phase == Delete {
		return nil, nil, nil
	}
	if settle == 0 {
		settle = defaultSettle
	}
	tree := slices.DeleteFunc(slices.Clone(s.Tree), func(f File) bool { return isRoute(f.Path) })
	l.Phase, l.Step, l.Hold, l.Paused = Delete, LockStep{0, string(Delete), l.Step.Last}, Hold{Settle: settle}, false
	return s.sealed(tree, l)
}

// sealed writes kustomization and lock anew. The lock keeps the digest of a file that somebody edited and that stays as it is, so that the edit stays visible.
func (s State) sealed(tree Tree, l Lock) (Tree, *Lock, error) {
	tree = tree.without(LockFile)
	if old, ok := s.Tree.Get(KustomizationFile); ok && l.Templates == BaseSet && !s.drifted(KustomizationFile) {
		tree = tree.without(KustomizationFile).with(File{KustomizationFile, kustomization(inApplyOrder(tree))})
	} else if ok {
		tree = tree.without(KustomizationFile).with(File{KustomizationFile, s.unlisted(string(old), tree)})
	}
	was := map[string]string{}
	for _, f := range s.Lock.Files {
		was[f.Path] = f.Digest
	}
	l.Files = nil
	for _, f := range tree {
		digest := Digest(f.Data)
		if data, _ := s.Tree.Get(f.Path); was[f.Path] != "" && (bytes.Equal(data, f.Data) || (f.Path == KustomizationFile || f.Path == prodDeployment) && s.drifted(f.Path)) {
			digest = was[f.Path]
		}
		l.Files = append(l.Files, FileDigest{f.Path, digest})
	}
	for _, d := range s.Drift {
		if _, there := s.Tree.Get(d.Path); !there && (l.Canary != nil || !strings.HasPrefix(d.Path, "canary-")) {
			l.Files = append(l.Files, FileDigest{d.Path, was[d.Path]})
		}
	}
	sort.Slice(l.Files, func(i, j int) bool { return l.Files[i].Path < l.Files[j].Path })
	return tree.with(File{LockFile, l.Encode()}), &l, nil
}

// drifted says whether somebody edited a file, or took it away.
func (s State) drifted(path string) bool {
	return slices.ContainsFunc(s.Drift, func(d Drift) bool { return d.Path == path })
}

// unlisted is a kustomization without the files of ours that are gone from the tree.
func (s State) unlisted(kustomization string, tree Tree) []byte {
	for _, f := range s.Lock.Files {
		if _, ok := tree.Get(f.Path); !ok {
			kustomization = strings.Replace(kustomization, "\n- "+f.Path+"\n", "\n", 1)
		}
	}
	return []byte(kustomization)
}
