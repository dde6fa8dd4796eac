package git

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"time"
)

// FS is the commit's tree as a file system, for one goroutine and while the reader is open. Nothing is read ahead of being asked for, neither a directory nor a
// file. As everywhere, a symlink or a submodule on the way is an *Outside error, but a directory's list names them.
func (rd *Reader) FS() fs.FS { return files{rd} }

type files struct{ rd *Reader }

var (
	_ fs.ReadDirFS  = files{}
	_ fs.ReadFileFS = files{}
	_ fs.StatFS     = files{}
)

func (f files) Open(name string) (fs.File, error) {
	at, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if at.IsDir() {
		list, err := at.list()
		return &openDir{info: at, left: list}, failed("open", name, err)
	}
	data, err := at.data()
	return &openFile{info: at, Reader: bytes.NewReader(data)}, failed("open", name, err)
}

func (f files) ReadFile(name string) ([]byte, error) {
	at, err := f.find("read", name)
	if err != nil {
		return nil, err
	}
	if at.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	data, err := at.data()
	return bytes.Clone(data), failed("read", name, err)
}

func (f files) Stat(name string) (fs.FileInfo, error) {
	at, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return at, nil
}

func (f files) ReadDir(name string) ([]fs.DirEntry, error) {
	at, err := f.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !at.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	list, err := at.list()
	return list, failed("readdir", name, err)
}

func (f files) find(op, name string) (info, error) {
	if !fs.ValidPath(name) {
		return info{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	at, err := f.rd.lookup(name)
	if err == nil && at.id == "" && name != "." {
		err = fs.ErrNotExist
	}
	return info{f.rd, name, at}, failed(op, name, err)
}

func failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// info describes an entry of a tree. Git keeps no times, and of the permissions whether a file is executable.
type info struct {
	rd    *Reader
	path  string
	entry entry
}

func (i info) Name() string       { return path.Base(i.path) }
func (i info) IsDir() bool        { return i.Mode().IsDir() }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) Sys() any           { return nil }

func (i info) Mode() fs.FileMode {
	switch i.entry.mode {
	case modeTree:
		return fs.ModeDir | 0o555
	case modeLink:
		return fs.ModeSymlink | 0o444
	case modeModule:
		return fs.ModeIrregular
	case "100755":
		return 0o555
	}
	return 0o444
}

// Size reads the object: git does not know it otherwise.
func (i info) Size() int64 {
	if !i.Mode().IsRegular() {
		return 0
	}
	data, _ := i.data()
	return int64(len(data))
}

func (i info) data() ([]byte, error) {
	got, err := i.rd.blobs([]string{i.path}, []string{i.entry.id})
	return got[i.path], err
}

func (i info) list() ([]fs.DirEntry, error) {
	if i.entry.id == "" {
		return nil, nil // no commit
	}
	entries, err := i.rd.tree(i.entry.id)
	list := make([]fs.DirEntry, 0, len(entries))
	for _, e := range entries {
		list = append(list, fs.FileInfoToDirEntry(info{i.rd, path.Join(i.path, e.path), e.entry}))
	}
	return list, err
}

type openFile struct {
	info
	*bytes.Reader
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Size() int64                { return f.Reader.Size() }
func (f *openFile) Close() error               { return nil }

type openDir struct {
	info
	left []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: fs.ErrInvalid}
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.left) {
		n = len(d.left)
	}
	list := d.left[:n:n]
	d.left = d.left[n:]
	return list, nil
}
