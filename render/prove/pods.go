package prove

import "slices"

// pods are the ready pods of a Deployment.
type pods struct {
	version uint8 // that they are of; 0 where none is ready
	ready   int
}

// choices are the ready pods that a Deployment can have once it is applied. The ends of each range stand for all that is between them: load per pod is largest
// where there are fewest, and whether a request is answered goes by whether there is one. While pods of two versions are ready, each version gets requests by the
// number of its pods: what comes of that lies between all of them being new, and all old, as they are where the Deployment is not applied yet.
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
	case a.deployment.template == b.deployment.template: // they scale
		return ends(to, min(a.deployment.replicas, b.deployment.replicas), max(a.deployment.replicas, b.deployment.replicas))
	}
	return ends(to, min(a.deployment.replicas, b.deployment.least), b.deployment.replicas)
}

// settled is a Deployment that has all the pods that it asks for.
func (p *proof) settled(id int, version uint8) []pods {
	if version == 0 {
		return []pods{{}}
	}
	return distinct([]pods{{version, p.objects[id][version].deployment.replicas}})
}

// ends are the fewest and the most, and one where the fewest is none: it alone may have all that the others are to share.
func ends(version uint8, least, most int) []pods {
	list := []pods{{version, least}, {version, most}}
	if least == 0 && most > 1 {
		list = append(list, pods{version, 1})
	}
	return distinct(list)
}

// distinct drops what is the same: of no pods no version matters.
func distinct(list []pods) []pods {
	var kept []pods
	for _, c := range list {
		if c.ready == 0 {
			c.version = 0
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
