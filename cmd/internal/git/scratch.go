package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// importer is a running `git fast-import` that writes into a scratch repository: its packs, refs, marks and crash reports stay there until the
// objects are complete. It reads the user's objects through an alternate.
type importer struct {
	dir   string
	cmd   *exec.Cmd
	said  *tail
	pipe  io.WriteCloser
	in    *bufio.Writer
	marks int
	ended bool
}

// glibc's allocator gives memory back too eagerly for fast-import, which asks for large pools: most of its time goes there (34 ms against 12 for a
// release of 60 objects). A pack of its own costs a third of exploding it into loose objects, and is two files instead of sixty.
var (
	importEnv   = []string{"MALLOC_TOP_PAD_=67108864", "MALLOC_TRIM_THRESHOLD_=268435456", "MALLOC_MMAP_THRESHOLD_=268435456"}
	importFlags = []string{"fastimport.unpackLimit=0"}
)

func (r *Repo) startImport(ctx context.Context, lock *os.File) (*importer, error) {
	dir, err := os.MkdirTemp(r.state("."), "run-")
	if err != nil {
		return nil, err
	}
	if err := r.initScratch(dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	step("scratch")
	im := &importer{dir: dir}
	im.cmd, im.said = r.command(ctx, call{
		args:  []string{"fast-import", "--quiet", "--done", "--date-format=raw", "--export-marks=" + im.marksFile()},
		flags: importFlags, dir: dir, env: append([]string{"GIT_DIR=" + dir}, importEnv...), lock: lock,
	})
	if im.pipe, err = im.cmd.StdinPipe(); err == nil {
		err = im.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	im.in = bufio.NewWriterSize(im.pipe, 64<<10)
	return im, nil
}

// initScratch makes the least that git takes for a bare repository.
func (r *Repo) initScratch(dir string) error {
	conf := "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
	if r.config.hashLen() == 64 {
		conf = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
	}
	files := map[string]string{"HEAD": "ref: refs/heads/none\n", "config": conf, "objects/info/alternates": "../../../objects\n"}
	errs := []error{os.MkdirAll(filepath.Join(dir, "objects/info"), 0o777), os.Mkdir(filepath.Join(dir, "refs"), 0o777)}
	for name, text := range files {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	return errors.Join(errs...)
}

func (im *importer) marksFile() string { return filepath.Join(im.dir, "marks") }

// put writes a part of the stream. A fast-import that died shows as a broken pipe; why it died is on its stderr.
func (im *importer) put(format string, args ...any) error {
	if im.ended {
		return errors.New("git fast-import has ended")
	}
	if _, err := fmt.Fprintf(im.in, format, args...); err != nil {
		return im.end(err)
	}
	return nil
}

// end waits for fast-import; err is what went wrong on our side of the pipe.
func (im *importer) end(err error) error {
	im.ended = true
	im.pipe.Close()
	if died := failure([]string{"fast-import"}, im.cmd.Wait(), im.said); died != nil {
		return died
	}
	return err
}

// finish completes the pack and returns the object id of each mark.
func (im *importer) finish() (map[Mark]string, error) {
	if err := im.put("done\n"); err != nil {
		return nil, err
	}
	if err := im.end(im.in.Flush()); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(im.marksFile())
	if err != nil {
		return nil, err
	}
	ids := map[Mark]string{}
	for line := range strings.Lines(string(data)) {
		number, id, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		mark, err := strconv.Atoi(strings.TrimPrefix(number, ":"))
		if err != nil {
			return nil, fmt.Errorf("git fast-import's marks: %q", line)
		}
		ids[Mark(mark)] = id
	}
	return ids, nil
}

// kill ends it without a result.
func (im *importer) kill() {
	if !im.ended {
		im.cmd.Process.Kill()
		_ = im.end(nil)
	}
}

// publish moves the scratch objects into the repository; a pack's index goes last, for it is what makes the pack visible.
func (im *importer) publish(objects string) error {
	from := filepath.Join(im.dir, "objects")
	var names []string
	err := filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		rel, relErr := filepath.Rel(from, name)
		if err == nil && d.Type().IsRegular() && !strings.HasPrefix(rel, "info") && !strings.HasPrefix(d.Name(), "tmp_") {
			names = append(names, rel)
		}
		return errors.Join(err, relErr)
	})
	if err != nil {
		return err
	}
	sort.SliceStable(names, func(i, j int) bool {
		return !strings.HasSuffix(names[i], ".idx") && strings.HasSuffix(names[j], ".idx")
	})
	dirs := map[string]bool{objects: true}
	for _, name := range names {
		dir := filepath.Join(objects, filepath.Dir(name))
		if err := errors.Join(mkdirLike(dir, objects), os.Rename(filepath.Join(from, name), filepath.Join(objects, name))); err != nil {
			return err
		}
		dirs[dir] = true
		step("object")
	}
	return syncDirs(dirs)
}

// completePacks gives a pack its index that was moved without it: git would never collect it otherwise.
func completePacks(scratch, objects string) error {
	left, _ := filepath.Glob(filepath.Join(scratch, "objects/pack/*.idx"))
	for _, idx := range left {
		moved := filepath.Join(objects, "pack", filepath.Base(idx))
		if _, err := os.Stat(strings.TrimSuffix(moved, "idx") + "pack"); err == nil {
			return os.Rename(idx, moved)
		}
	}
	return nil
}

// mkdirLike makes a directory with the mode of another, for repositories that several users share.
func mkdirLike(dir, other string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return ignore(err, fs.ErrExist)
	}
	fi, err := os.Stat(other)
	if err != nil {
		return err
	}
	return os.Chmod(dir, fi.Mode()&(fs.ModePerm|fs.ModeSetgid))
}

func syncDirs(dirs map[string]bool) error {
	var errs []error
	for dir := range dirs {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		errs = append(errs, f.Sync(), f.Close())
	}
	return errors.Join(errs...)
}
