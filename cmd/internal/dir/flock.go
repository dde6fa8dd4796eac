//go:build linux || darwin

package dir

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// flock locks a directory until the file is closed: readers share it, a writer is alone. It returns
// nil where the file system knows no such lock (NFS refuses it on a directory).
func flock(root *os.Root, writer bool) (*os.File, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if writer {
		how = syscall.LOCK_EX
	}
	for end := time.Now().Add(lockWait); ; time.Sleep(10 * time.Millisecond) {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			break
		}
		if time.Now().After(end) {
			err = fmt.Errorf("another gitramp has held it for %v", lockWait)
			break
		}
	}
	f.Close()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EBADF) || errors.Is(err, syscall.ENOLCK) {
		return nil, nil
	}
	return nil, err
}
