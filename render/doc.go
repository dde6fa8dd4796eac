// Package render is the core of gitramp: from a spec, and the tree that a directory holds, to the next tree.
//
// ParseSpec reads a spec strictly. Plan turns its steps into the ordered states of one release. A Release is compiled from a spec and two Revisions, and
// renders the Tree of each step: the Kubernetes objects, a kustomization and the lock. ReadState reads such a tree back, and Next says which one transition
// comes next.
//
// It is pure: it opens no file, knows no clock, no environment and no network (pure_test.go lists its imports), and the same input gives the same bytes on any
// machine. It refuses to guess: what a spec does not say, or a tree cannot show, is an error with a place.
package render
