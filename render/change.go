package render

import "bytes"

// Op is what happens to a file between two trees.
type Op string

// The three things that can happen to a file.
const (
	Added   Op = "added"
	Changed Op = "changed"
	Removed Op = "removed"
)

// Change is a file that two trees do not have in common; Old and New are its bytes on either side.
type Change struct {
	Path     string
	Op       Op
	Old, New []byte
}

// Changes lists, by path, what turns the tree from into the tree to.
func Changes(from, to Tree) []Change {
	var list []Change
	for i, j := 0, 0; i < len(from) || j < len(to); {
		switch {
		case j == len(to) || i < len(from) && from[i].Path < to[j].Path:
			list = append(list, Change{from[i].Path, Removed, from[i].Data, nil})
			i++
		case i == len(from) || to[j].Path < from[i].Path:
			list = append(list, Change{to[j].Path, Added, nil, to[j].Data})
			j++
		default:
			if !bytes.Equal(from[i].Data, to[j].Data) {
				list = append(list, Change{to[j].Path, Changed, from[i].Data, to[j].Data})
			}
			i, j = i+1, j+1
		}
	}
	return list
}
