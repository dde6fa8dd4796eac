package prove

import "slices"

// pods are the ready pods of a Deployment: of one version of it, or of two while one replaces the other.
type pods struct {
	old, new       uint8 // versions
	olds, newcomer int   // how many of each are ready
}

// choices are the numbers of ready pods that a Deployment can have once it is applied. Whether a request is answered, and how many reach the new revision, goes
// by whether there is a pod of each kind; load per pod is largest where there are fewest. So the ends of each range stand for all that is between them.
func (p *proof) choices(id int, from, to uint8, applied bool) []pods {
	if !applied || from == to {
		return p.settled(id, from)
	}
	a, b := p.objects[id][from], p.objects[id][to]
	switch {
	case a == nil: // its pods start
		return ends(to, 0, b.deployment.replicas)
	case b == nil: // its pods are deleted, in whatever order
		return ends(from, 0, a.deployment.replicas)
	case a.deployment.template == b.deployment.template:
		return ends(to, min(a.deployment.replicas, b.deployment.replicas), max(a.deployment.replicas, b.deployment.replicas))
	}
	n, m := a.deployment.replicas, b.deployment.replicas
	least := min(n, b.deployment.least)
	list := []pods{{old: from, olds: n}, {old: from, olds: least}, {new: to, newcomer: least}, {new: to, newcomer: m}}
	if least > 1 || n > 0 && m > 0 {
		list = append(list, pods{from, to, 1, max(least-1, 1)})
	}
	return distinct(list)
}

// settled is a Deployment that has all the pods that it asks for.
func (p *proof) settled(id int, version uint8) []pods {
	if version == 0 {
		return []pods{{}}
	}
	return distinct([]pods{{old: version, olds: p.objects[id][version].deployment.replicas}})
}

// ends are the fewest and the most, and one where the fewest is none: it alone may have all that the others are to share.
func ends(version uint8, least, most int) []pods {
	list := []pods{{old: version, olds: least}, {old: version, olds: most}}
	if least == 0 && most > 1 {
		list = append(list, pods{old: version, olds: 1})
	}
	return distinct(list)
}

// distinct drops what is the same: of no pods no version matters.
func distinct(list []pods) []pods {
	var kept []pods
	for _, c := range list {
		if c.olds == 0 {
			c.old = 0
		}
		if c.newcomer == 0 {
			c.new = 0
		}
		if !slices.Contains(kept, c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// loses says whether pods of a Deployment are deleted on the way.
func (p *proof) loses(id int, from, to uint8) bool {
	a, b := p.objects[id][from], p.objects[id][to]
	switch {
	case a == nil || from == to || a.deployment.replicas == 0:
		return false
	case b == nil || a.deployment.template != b.deployment.template:
		return true
	}
	return b.deployment.replicas < a.deployment.replicas
}

// outlives says for how many seconds a pod that is deleted certainly serves; sure is false where its objects do not say. Its process gets the signal to stop
// after preStop, and is killed when the grace period is over, preStop included (kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go, killContainer).
func (d *deployment) outlives(target string) (seconds int, sure bool) {
	c := d.listens(target)
	if c == nil || c.preStop < 0 {
		return d.grace, false
	}
	return min(c.preStop, d.grace), true
}
