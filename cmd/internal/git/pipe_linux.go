package git

import (
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// widen lets a git that writes megabytes get ahead of us: each time that one of the two waits for the other costs more than a page of what it says. Where that is
// refused the pipe stays as it is.
func widen(pipe io.Reader) {
	if f, ok := pipe.(syscall.Conn); ok {
		if c, err := f.SyscallConn(); err == nil {
			_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
		}
	}
}
