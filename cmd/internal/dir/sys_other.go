//go:build !linux

package dir

import (
	"errors"
	"io/fs"
	"os"
)

func exchange(root *os.Root, a, b string) error { return errors.ErrUnsupported }

func writable(*os.Root) error { return nil }

func ident(fs.FileInfo) string { return "" }

func likeness(old, fresh *os.Root) error { return errors.ErrUnsupported }
