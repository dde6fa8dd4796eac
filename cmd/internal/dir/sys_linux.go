package dir

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// exchange swaps two directories below root in one step.
func exchange(root *os.Root, a, b string) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	fd := int(f.Fd())
	if err := unix.Renameat2(fd, a, fd, b, unix.RENAME_EXCHANGE); err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

// writable asks whether files may be written one by one: a swap would not notice.
func writable(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Faccessat(int(f.Fd()), ".", unix.W_OK, unix.AT_EACCESS)
}

// ident names an inode; it is not used again while a stage holds a link to it.
func ident(info fs.FileInfo) string {
	return fmt.Sprintf("inode %d", info.Sys().(*syscall.Stat_t).Ino)
}

// likeness gives the new directory owner and mode of the old one. Other attributes (ACLs, labels)
// have to be alike already.
func likeness(old, fresh *os.Root) error {
	was, err := old.Open(".")
	if err != nil {
		return err
	}
	defer was.Close()
	is, err := fresh.Open(".")
	if err != nil {
		return err
	}
	defer is.Close()
	info, err := was.Stat()
	if err != nil {
		return err
	}
	created, err := is.Stat()
	if err != nil {
		return err
	}
	want, got := info.Sys().(*syscall.Stat_t), created.Sys().(*syscall.Stat_t)
	if want.Uid != got.Uid || want.Gid != got.Gid {
		err = is.Chown(int(want.Uid), int(want.Gid))
	}
	if err == nil && info.Mode() != created.Mode() {
		err = is.Chmod(info.Mode())
	}
	if err == nil && !bytes.Equal(attributes(was), attributes(is)) {
		err = errors.ErrUnsupported
	}
	return err
}

// attributes returns the extended attributes and their values, in the file system's order.
func attributes(f *os.File) []byte {
	list, value := make([]byte, 1<<16), make([]byte, 1<<16)
	n, err := unix.Flistxattr(int(f.Fd()), list)
	if err != nil {
		return nil
	}
	all := list[:n:n]
	for _, name := range strings.Split(strings.Trim(string(all), "\x00"), "\x00") {
		if n, err := unix.Fgetxattr(int(f.Fd()), name, value); err == nil {
			all = append(all, value[:n]...)
		}
	}
	return all
}
