package prove

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Story is a counterexample.
type Story struct {
	Rule    string   `json:"rule"`
	From    string   `json:"from"`
	To      string   `json:"to"`
	Applied []string `json:"applied"` // of what changes, in no order
	Pending []string `json:"pending"`
	Pods    []string `json:"pods"` // that are ready
	Request string   `json:"request,omitempty"`
	Answer  string   `json:"answer"`
	Must    string   `json:"must"` // what should have been
}

// tell keeps a counterexample, unless there is a simpler one of its rule.
func (p *proof) tell(rule string, m mix, s situation, class int, must string) {
	if p.found[rule] {
		return
	}
	st := p.story(rule, m, must)
	for id, c := range s.pods {
		st.Pods = append(st.Pods, p.podsText(id, c, s.v)...)
	}
	if class >= 0 {
		st.Request, st.Answer = requestText(p.classes[class]), p.answerText(s, class)
	} else {
		st.Answer = p.answerText(s, p.plain())
	}
	p.keep(st)
}

// tellOf keeps a counterexample that no request is needed for.
func (p *proof) tellOf(rule string, m mix, answer, must string) {
	if p.found[rule] {
		return
	}
	st := p.story(rule, m, must)
	st.Answer = answer
	p.keep(st)
}

func (p *proof) keep(st Story) {
	p.found[st.Rule] = true
	p.result.Stories = append(p.result.Stories, st)
}

func (p *proof) story(rule string, m mix, must string) Story {
	st := Story{Rule: rule, From: m.from.name, To: m.to.name, Applied: []string{}, Pending: []string{}, Pods: []string{}, Must: must}
	for i, id := range m.changed {
		text := p.change(id, m.from.v[id], m.to.v[id])
		if m.mask&(1<<i) != 0 {
			st.Applied = append(st.Applied, text)
		} else {
			st.Pending = append(st.Pending, text)
		}
	}
	return st
}

func (p *proof) change(id int, from, to uint8) string {
	a, b := p.objects[id][from], p.objects[id][to]
	switch {
	case a == nil:
		return "+" + b.id
	case b == nil:
		return "-" + a.id
	}
	return "~" + a.id
}

// plain is a class that no rule picks out.
func (p *proof) plain() int {
	return max(slices.IndexFunc(p.classes, func(c class) bool { return c.plain }), 0)
}

func (p *proof) podsText(id int, c pods, v vector) []string {
	if p.objects[id][1].deployment == nil || v[id] == 0 && c == (pods{}) {
		return nil
	}
	text := p.objects[id][1].id + ": "
	switch {
	case c.ready == 0:
		text += "none"
	case p.base[p.objects[id][c.version].deployment.revision]:
		text += fmt.Sprintf("%d of the old revision", c.ready)
	default:
		text += fmt.Sprintf("%d of the new revision", c.ready)
	}
	return []string{text}
}

func requestText(c class) string {
	text := c.Host + c.Path
	for _, name := range slices.Sorted(maps.Keys(c.Header)) {
		text += fmt.Sprintf(", %s: %s", name, c.Header[name])
	}
	return text
}

func (p *proof) answerText(s situation, class int) string {
	behind, ready := p.behind(s)
	a := p.answers[p.routing(s.v)][ready][class]
	var parts []string
	for _, share := range a.Shares {
		to := share.Service
		if to == "" {
			to = strconv.Itoa(share.Status)
		}
		if slices.ContainsFunc(behind[share.Service], func(e endpoint) bool { return e.refuses }) {
			to += ", of whose pods some do not listen at its target port"
		}
		parts = append(parts, percent(float64(share.Weight)/float64(a.Total))+" "+to)
	}
	return fmt.Sprintf("%s (%s)", strings.Join(parts, ", "), a.Rule)
}

func percent(share float64) string {
	text := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(100*share, 'f', 4, 64), "0"), ".")
	return text + "%"
}

// String tells the story to people.
func (s Story) String() string {
	var b strings.Builder
	switch s.From {
	case "":
		b.WriteString(s.Rule)
	case s.To:
		fmt.Fprintf(&b, "%s: at %s, all applied and settled", s.Rule, s.From)
	default:
		fmt.Fprintf(&b, "%s: from %s to %s", s.Rule, s.From, s.To)
	}
	for _, line := range []struct {
		what  string
		texts []string
	}{{"applied", s.Applied}, {"not yet", s.Pending}, {"ready", s.Pods}} {
		if len(line.texts) > 0 {
			fmt.Fprintf(&b, "\n  %-8s %s", line.what, strings.Join(line.texts, "; "))
		}
	}
	if s.Request != "" {
		fmt.Fprintf(&b, "\n  %-8s %s", "request", s.Request)
	}
	fmt.Fprintf(&b, "\n  %-8s %s\n  %-8s %s", "answer", s.Answer, "must be", s.Must)
	return b.String()
}
