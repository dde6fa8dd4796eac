package render

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strings"
)

// File is one generated file. Path is slash-separated and relative to the output directory.
type File struct {
	Path string
	Data []byte
}

// Tree is everything the output directory holds at one step, sorted by Path.
type Tree []File

// Get returns the data of the file at path; ok is false where the tree has no such file.
func (t Tree) Get(path string) (data []byte, ok bool) {
	for _, f := range t {
		if f.Path == path {
			return f.Data, true
		}
	}
	return nil, false
}

// Digest names content as the lock does: "sha256:" and 64 hexadecimal digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	text := [len("sha256:") + 2*len(sum)]byte{}
	hex.Encode(text[copy(text[:], "sha256:"):], sum[:])
	return string(text[:])
}

// with is the tree with one file more.
func (t Tree) with(f File) Tree {
	i := sort.Search(len(t), func(i int) bool { return t[i].Path >= f.Path })
	return slices.Insert(slices.Clone(t), i, f)
}

// Resources lists the files of the tree's objects in apply order, as its kustomization does.
func (t Tree) Resources() []string {
	data, _ := t.Get(KustomizationFile)
	_, list, _ := strings.Cut(string(data), "resources:\n")
	var paths []string
	for line := range strings.Lines(list) {
		paths = append(paths, strings.TrimSpace(strings.TrimPrefix(line, "- ")))
	}
	return paths
}

// without is the tree with one file less.
func (t Tree) without(path string) Tree {
	return slices.DeleteFunc(slices.Clone(t), func(f File) bool { return f.Path == path })
}
