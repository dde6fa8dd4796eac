package prove

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/render"
)

// Cache keeps the certificates of one invocation: apps of one shape have the same. Only certificates are kept, a story has names in it.
//
// The shape of a release is the text of all its steps with the names, images and hosts of its objects numbered in their order. Nothing but whether two of them
// are equal matters to a proof, as long as every place where one stands as a whole value is numbered alike; the rest of the text stays as it is. The ways back
// follow from the steps: they are made of their trees alone.
type Cache struct {
	proven map[[sha256.Size]byte]Result
}

// Release proves a release, and what moves beside it.
func (c *Cache) Release(r *render.Release, beside []Move, o Options) (Result, error) {
	key, err := shape(r, o)
	if err != nil {
		return Result{}, err
	}
	if known, ok := c.proven[key]; ok && beside == nil {
		return known, nil
	}
	in, err := Release(r)
	if err != nil {
		return Result{}, err
	}
	in.Moves = beside
	result, err := Prove(in, o)
	if err != nil {
		return Result{Stories: []Story{{Rule: Unexplored, Applied: []string{}, Pending: []string{}, Pods: []string{}, Answer: err.Error(), Must: "everything can be explored"}}}, nil
	}
	if beside == nil && result.Proven() {
		if c.proven == nil {
			c.proven = map[[sha256.Size]byte]Result{}
		}
		c.proven[key] = result
	}
	return result, err
}

// shape is a digest of what a proof of a release depends on.
func shape(r *render.Release, o Options) (key [sha256.Size]byte, err error) {
	w := &shaper{seen: map[*byte]int{}, words: map[string]int{}}
	trees := make([]render.Tree, len(r.Plan.Steps))
	for i, st := range r.Plan.Steps {
		if trees[i], err = r.Objects(st); err != nil {
			return key, err
		}
		for _, f := range trees[i] {
			w.learn(f.Data)
		}
	}
	w.forgetHosts()
	fmt.Fprintf(&w.text, "%v %d\n", o, r.Plan.Total)
	for i, st := range r.Plan.Steps {
		fmt.Fprintf(&w.text, "%s %d\n", st.Transition, st.Weight)
		for _, f := range trees[i] {
			w.text.WriteString(f.Path + "\n")
			w.file(f.Data)
		}
	}
	return sha256.Sum256(w.text.Bytes()), nil
}

// shaper writes texts with their words numbered.
type shaper struct {
	seen  map[*byte]int  // files that were written already, from 1; 0 for one that words were learned from: steps share them
	words map[string]int // numbers from 1; 0 for one that stays as it is
	hosts []string
	text  bytes.Buffer

	written int
}

// learn finds the words of a file: the name and namespace of the object, images and hosts.
func (w *shaper) learn(data []byte) {
	if len(data) == 0 {
		return
	}
	if _, known := w.seen[&data[0]]; known {
		return
	}
	w.seen[&data[0]] = 0
	top := ""
	for line := range bytes.Lines(data) {
		_, key, value := cut(line)
		if line[0] != ' ' && line[0] != '-' {
			top = string(key)
		}
		switch {
		case top == "metadata" && bytes.HasPrefix(line, []byte("  n")) && (string(key) == "name" || string(key) == "namespace"), string(key) == "image":
			w.word(value)
		case string(key) == "host", len(key) == 0 && top == "spec" && bytes.HasPrefix(line, []byte("  - ")): // hostnames
			w.word(value)
			w.hosts = append(w.hosts, string(value))
		}
	}
}

// reserved are words that the rules compare with: they mean the same in every app.
const reserved = " true false always never other any.host "

func (w *shaper) word(value []byte) {
	if _, known := w.words[string(value)]; !known && !strings.Contains(reserved, " "+string(bytes.Trim(value, `"`))+" ") {
		w.words[string(value)] = len(w.words) + 1
	}
}

// forgetHosts leaves hosts as they are where one may stand for others: then more matters than whether they are equal.
func (w *shaper) forgetHosts() {
	for _, host := range w.hosts {
		if strings.Contains(host, "*") {
			for _, h := range w.hosts {
				w.words[h] = 0
			}
			return
		}
	}
}

// file writes a file, or that it was there before.
func (w *shaper) file(data []byte) {
	if len(data) == 0 {
		return
	}
	if n := w.seen[&data[0]]; n > 0 {
		w.text.WriteByte(0)
		w.text.Write(binary.AppendUvarint(nil, uint64(n)))
		return
	}
	w.written++
	w.seen[&data[0]] = w.written
	for line := range bytes.Lines(data) {
		indent, key, value := cut(line)
		n := w.words[string(value)]
		if n == 0 {
			w.text.Write(line)
			continue
		}
		w.text.Write(indent)
		w.text.Write(key)
		w.text.WriteByte(1)
		w.text.Write(binary.AppendUvarint(nil, uint64(n)))
	}
}

// cut takes a line of our encoder's apart: what is before the key, the key, "" for a list's item, and the value.
func cut(line []byte) (indent, key, value []byte) {
	rest := bytes.TrimLeft(line, " -")
	indent = line[:len(line)-len(rest)]
	rest = bytes.TrimSuffix(rest, []byte("\n"))
	if k, v, ok := bytes.Cut(rest, []byte(": ")); ok {
		return indent, k, v
	}
	if k, ok := bytes.CutSuffix(rest, []byte(":")); ok {
		return indent, k, nil
	}
	return indent, nil, rest
}
