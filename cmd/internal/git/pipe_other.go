//go:build !linux

package git

import "io"

func widen(io.Reader) {}
