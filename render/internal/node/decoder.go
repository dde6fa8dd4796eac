package node

import (
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Decoders are the reverse of Encoders: they read many texts of few shapes, as a fleet's specs, locks and objects are. What they answer is always what the parser
// says, comments and places included, but a parse costs fifty times a look, so a text that is like an earlier one but for some words and numbers is read as
// that one with those put in.
type Decoders struct {
	mu     sync.Mutex
	shapes []*shape
	ends   []int // of the slots of the text that is looked at
}

// maxTexts of different shapes are remembered: locks have some dozens, by phase, steps, and which revisions' names need quotes.
const maxTexts = 64

// Decode is what parse says of data. The nodes are the caller's own.
func (d *Decoders) Decode(data []byte, parse func() (*yaml.Node, error)) (*yaml.Node, error) {
	n, _, err := d.Borrow(data, parse)
	return n, err
}

// Borrow is as Decode, for who looks at the nodes and no longer than until done is called: then another text of the shape is read into them.
func (d *Decoders) Borrow(data []byte, parse func() (*yaml.Node, error)) (n *yaml.Node, done func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := string(data)
	for _, s := range d.shapes {
		var ok bool
		if d.ends, ok = s.match(text, d.ends[:0]); ok {
			n, a := s.copy()
			(&patch{text: text, ends: d.ends, slots: s.slots}).into(n)
			return n, func() { d.giveBack(s, a) }, nil
		}
	}
	if n, err = parse(); err == nil && len(d.shapes) < maxTexts {
		if s := newShape(text, n); s != nil {
			d.shapes = append(d.shapes, s)
		}
	}
	return n, func() {}, err
}

func (d *Decoders) giveBack(s *shape, a *arena) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.spare = append(s.spare, a)
}

// shape is a text that was parsed, and the places in it, the slots, in which others may differ.
type shape struct {
	first *yaml.Node
	slots []slot
	rest  string // the text after the last slot
	spare []*arena
}

// slot is a scalar that stands in the text as its value is.
type slot struct {
	before string // the text since the slot before it
	value  string
	node   int // in the order of the text
	class  *class
}

// class is what else may stand in a slot: the parser takes it for the same kind of scalar, and sees it end at the same place.
type class struct {
	has  [256]bool // its bytes
	fits func(string) bool
}

func newClass(bytes string, fits func(string) bool) *class {
	c := &class{fits: fits}
	for i := range len(bytes) {
		c.has[bytes[i]] = true
	}
	return c
}

const alphanumeric = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

var (
	number = newClass("0123456789", digits)
	word   = newClass(alphanumeric+"._/:@-", Plain)
	quoted = newClass(alphanumeric+"._/:@- !$%&'()*+,;<=>?[]^`{|}~", func(string) bool { return true })
)

// length is how far a value of the class goes at the beginning of a text. A colon at the end of a word makes it a key, and is none of it.
func (c *class) length(text string) int {
	n := 0
	for n < len(text) && c.has[text[n]] {
		n++
	}
	for c == word && n > 0 && text[n-1] == ':' {
		n--
	}
	return n
}

// maxSlot keeps a key well below the 1024 characters that it may have.
const maxSlot = 255

// newShape finds the slots of a text; nil where lines and columns do not tell places in it, and where it has what is rare.
func newShape(text string, root *yaml.Node) *shape {
	if strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r == '\r' }) {
		return nil
	}
	s := &shape{first: Copy(root)}
	lines := strings.SplitAfter(text, "\n")
	starts := make([]int, len(lines))
	for i := range lines[1:] {
		starts[i+1] = starts[i] + len(lines[i])
	}
	ok, at, i := true, 0, -1
	walk(root, func(n *yaml.Node) {
		i++
		ok = ok && ordinary(n)
		c, quote := classOf(n)
		if !ok || c == nil {
			return
		}
		from := starts[n.Line-1] + n.Column - 1 + len(quote)
		if from >= at && strings.HasPrefix(text[from-len(quote):], quote+n.Value+quote) {
			s.slots = append(s.slots, slot{text[at:from], n.Value, i, c})
			at = from + len(n.Value)
		}
	})
	if s.rest = text[at:]; !ok {
		return nil
	}
	return s
}

// ordinary says whether a node is what it is by itself, and how long it is matters to nobody: what stands before a colon may have 1024 characters.
func ordinary(n *yaml.Node) bool {
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Kind != yaml.ScalarNode {
			return false
		}
	}
	return n.Anchor == ""
}

// classOf is the class of a scalar, and what stands before and after it; nil where nothing else may stand in its place.
func classOf(n *yaml.Node) (c *class, quote string) {
	switch {
	case n.Kind != yaml.ScalarNode || n.Value == "" || len(n.Value) > maxSlot:
	case n.Tag == TagInt && n.Style == 0 && digits(n.Value):
		return number, ""
	case n.Tag == TagString && n.Style == 0 && Plain(n.Value):
		return word, ""
	case n.Tag == TagString && n.Style == yaml.DoubleQuotedStyle && quoted.length(n.Value) == len(n.Value):
		return quoted, `"`
	}
	return nil, ""
}

// match says whether a text is of the shape, and where its slots end.
func (s *shape) match(text string, ends []int) ([]int, bool) {
	at := 0
	for i := range s.slots {
		slot := &s.slots[i]
		if !strings.HasPrefix(text[at:], slot.before) {
			return ends, false
		}
		at += len(slot.before)
		n := slot.class.length(text[at:])
		if value := text[at : at+n]; n == 0 || n > maxSlot || value != slot.value && !slot.class.fits(value) {
			return ends, false
		}
		at += n
		ends = append(ends, at)
	}
	return ends, text[at:] == s.rest
}

// copy is the shape's node in memory that was given back, or new.
func (s *shape) copy() (*yaml.Node, *arena) {
	var a *arena
	if last := len(s.spare) - 1; last >= 0 {
		a, s.spare = s.spare[last], s.spare[:last]
	} else {
		a = newArena(s.first)
	}
	return a.copy(s.first), a
}

// patch puts the values of a text that matches into the nodes of its shape, one after the other, and moves their places to where they are there.
type patch struct {
	text        string
	ends        []int  // of the slots that are left
	slots       []slot // likewise
	at, node    int    // how far it has come
	line, shift int    // by how much what stands further on in the line has moved
}

func (p *patch) into(n *yaml.Node) {
	if n.Line != p.line {
		p.line, p.shift = n.Line, 0
	}
	n.Column += p.shift
	if len(p.slots) > 0 && p.slots[0].node == p.node {
		value := p.text[p.at+len(p.slots[0].before) : p.ends[0]]
		p.shift += len(value) - len(n.Value)
		n.Value, p.at, p.ends, p.slots = value, p.ends[0], p.ends[1:], p.slots[1:]
	}
	p.node++
	for _, c := range n.Content {
		p.into(c)
	}
}

// objects is what Parse remembers.
var objects Decoders
