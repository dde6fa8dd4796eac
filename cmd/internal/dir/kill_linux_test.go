package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/gitramp/gitramp/render"
)

// TestMain is also the child of TestKill, that dies at a step, and of TestWriters, that writes on.
func TestMain(m *testing.M) {
	base := os.Getenv("DIR_TEST_BASE")
	if base == "" {
		os.Exit(m.Run())
	}
	n, _ := strconv.Atoi(os.Getenv("DIR_TEST_STEP"))
	step = func(string) {
		if n--; n == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := scenarios[os.Getenv("DIR_TEST_DO")](base); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

var scenarios = map[string]func(base string) error{
	"write": func(base string) error {
		_, err := update(base, newFiles, Options{})
		return err
	},
	"remove": func(base string) error {
		owned, err := ownedIn(base, rel)
		if err == nil {
			_, err = Remove(base, rel, owned)
		}
		return err
	},
	"contend": func(base string) error { return contend(base, 25) },
}

func child(t *testing.T, do, base string, n int) ([]byte, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DIR_TEST_DO="+do, "DIR_TEST_BASE="+base, fmt.Sprint("DIR_TEST_STEP=", n))
	return cmd.CombinedOutput()
}

// TestKill kills the run at every step there is, until one gets through.
func TestKill(t *testing.T) {
	for name, c := range map[string]struct {
		do        string
		old       map[string]string // nil: no directory
		note, sub bool              // what is foreign in it
		steps     int               // at least
	}{
		"create":                {do: "write", steps: 15},
		"swap":                  {do: "write", old: oldFiles, note: true, steps: 15},
		"swap, nothing foreign": {do: "write", old: oldFiles, steps: 15},
		"one by one":            {do: "write", old: oldFiles, note: true, sub: true, steps: 15},
		"remove":                {do: "remove", old: oldFiles, steps: 8},
		"remove, note stays":    {do: "remove", old: oldFiles, note: true, steps: 8},
		"remove one by one":     {do: "remove", old: oldFiles, sub: true, steps: 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				base := t.TempDir()
				dir := filepath.Join(base, rel)
				if c.old != nil {
					_, err := update(base, c.old, Options{})
					must(t, err)
				}
				var foreign []string
				if c.note {
					put(t, dir+"/note", "mine")
					foreign = append(foreign, "note")
				}
				if c.sub {
					must(t, os.Mkdir(dir+"/sub", 0o755))
					foreign = append(foreign, "sub")
				}
				out, err := child(t, c.do, base, n)
				exit, ok := errors.AsType[*exec.ExitError](err)
				killed := ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
				if err != nil && !killed {
					t.Fatalf("step %d: %v: %s", n, err, out)
				}
				final := newFiles
				if c.do == "remove" {
					final = nil
				}
				if !c.sub {
					oldOrNew(t, dir, c.old, final)
				} else if final != nil {
					eachOldOrNew(t, dir, c.old, final)
				}
				if killed && c.note { // the user goes on working before the rerun
					put(t, dir+"/.note~", "edited")
					must(t, os.Rename(dir+"/.note~", dir+"/note"))
				}
				must(t, scenarios[c.do](base))
				finished(t, dir, final, foreign)
				if data, _ := os.ReadFile(dir + "/note"); c.note && killed && string(data) != "edited" {
					t.Errorf("note is %q", data)
				}
				if t.Failed() {
					t.Fatalf("step %d of %s", n, name)
				}
				if !killed {
					if n <= c.steps {
						t.Errorf("only %d steps", n-1)
					}
					return
				}
			}
		})
	}
}

// state returns the files of a directory that are of one of the trees.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, f := range append(treeOf(oldFiles), treeOf(newFiles)...) {
		if data, err := os.ReadFile(filepath.Join(dir, f.Path)); err == nil {
			files[f.Path] = string(data)
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return files
}

// flat is a tree as state returns it.
func flat(files map[string]string) map[string]string {
	m := map[string]string{}
	if files == nil {
		return m
	}
	for _, f := range treeOf(files) {
		m[f.Path] = string(f.Data)
	}
	return m
}

func oldOrNew(t *testing.T, dir string, old, new map[string]string) {
	t.Helper()
	if got := state(t, dir); !maps.Equal(got, flat(old)) && !maps.Equal(got, flat(new)) {
		t.Errorf("a mix: %v", got)
	}
}

// eachOldOrNew is what is left to promise where files are written one by one: and a new lock says
// that all is new.
func eachOldOrNew(t *testing.T, dir string, old, new map[string]string) {
	t.Helper()
	was, is, got := flat(old), flat(new), state(t, dir)
	for _, name := range []string{"a.yaml", "fresh.yaml", "gone.yaml", "kustomization.yaml", "same.yaml", render.LockFile} {
		if got[name] != was[name] && got[name] != is[name] {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	if got[render.LockFile] == is[render.LockFile] && !maps.Equal(got, is) {
		t.Errorf("the lock came before the rest: %v", got)
	}
}

func finished(t *testing.T, dir string, files map[string]string, foreign []string) {
	t.Helper()
	if files != nil {
		holds(t, dir, files, foreign...)
		noTemp(t, dir)
		return
	}
	noTemp(t, filepath.Dir(dir))
	if foreign == nil {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	} else if got := list(t, dir); !cmp.Equal(got, foreign) {
		t.Errorf("left: %v", got)
	}
}

// contend changes the directory to and fro, and checks that each reading is of one tree.
func contend(base string, times int) error {
	for i := range times {
		files, err := Read(base, rel)
		if err != nil {
			return err
		}
		got := map[string]string{}
		for name, data := range files {
			if name != "note" {
				got[name] = string(data)
			}
		}
		if !maps.Equal(got, flat(oldFiles)) && !maps.Equal(got, flat(newFiles)) || files["note"] == nil {
			return fmt.Errorf("read a mix: %v", got)
		}
		_, err = update(base, []map[string]string{oldFiles, newFiles}[i%2], Options{})
		if _, ok := errors.AsType[*Drift](err); err != nil && !ok { // drift: another was faster
			return err
		}
	}
	return nil
}

func TestWriters(t *testing.T) {
	base, dir := installed(t)
	put(t, dir+"/note", "mine")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if i%2 == 0 {
				if out, err := child(t, "contend", base, 0); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			} else if err := contend(base, 25); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	oldOrNew(t, dir, oldFiles, newFiles)
	noTemp(t, filepath.Dir(dir))
	if _, err := os.Stat(dir + "/note"); err != nil {
		t.Error(err)
	}
}

func TestLockTimeout(t *testing.T) {
	base, dir := installed(t)
	defer func(d time.Duration) { lockWait = d }(lockWait)
	lockWait = 30 * time.Millisecond
	f, err := os.Open(filepath.Dir(dir))
	must(t, err)
	defer f.Close()
	must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_SH))
	owned, err := ownedIn(base, rel) // readers share
	must(t, err)
	if _, err := Write(base, rel, treeOf(newFiles), owned, Options{}); err == nil || !strings.Contains(err.Error(), "open "+dir+": lock "+filepath.Dir(dir)+": another gitramp") {
		t.Error(err)
	}
	must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
	if _, err := Read(base, rel); err == nil {
		t.Error("read under a writer's lock")
	}
	holds(t, dir, oldFiles)
}

func TestDirectoryIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(dir string) error
		inode   bool // the very directory has to stay
	}{
		"mode":      {prepare: func(d string) error { return os.Chmod(d, 0o710|fs.ModeSetgid) }},
		"owner":     {prepare: func(d string) error { return os.Chown(d, 12, 34) }},
		"attribute": {prepare: func(d string) error { return unix.Setxattr(d, "user.x", []byte("y"), 0) }, inode: true},
		"directory": {prepare: func(d string) error { return os.Mkdir(d+"/sub", 0o755) }, inode: true},
	} {
		t.Run(name, func(t *testing.T) {
			base, dir := installed(t)
			if err := c.prepare(dir); err != nil {
				t.Skipf("cannot prepare: %v", err)
			}
			before, err := os.Stat(dir)
			must(t, err)
			_, err = update(base, newFiles, Options{})
			must(t, err)
			after, err := os.Stat(dir)
			must(t, err)
			a, b := before.Sys().(*syscall.Stat_t), after.Sys().(*syscall.Stat_t)
			if a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || c.inode != (a.Ino == b.Ino) {
				t.Errorf("before %+v\nafter %+v", a, b)
			}
			if !maps.Equal(state(t, dir), flat(newFiles)) {
				t.Error("not written")
			}
			noTemp(t, filepath.Dir(dir))
			noTemp(t, dir)
		})
	}
}

// mounts gives the test a mount namespace of its own, on a thread that ends with it.
func mounts(t *testing.T) func(source, target, kind, data string, flags uintptr) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		t.Skipf("no mount namespace (not root?): %v", err)
	}
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	return func(source, target, kind, data string, flags uintptr) {
		t.Helper()
		must(t, unix.Mount(source, target, kind, flags, data))
		if flags&unix.MS_REMOUNT == 0 {
			t.Cleanup(func() { must(t, unix.Unmount(target, unix.MNT_DETACH)) })
		}
	}
}

func TestDiskFull(t *testing.T) {
	big := map[string]string{"a.yaml": "a2", "b.yaml": strings.Repeat("x", 100_000), "kustomization.yaml": "k"}
	for _, how := range []string{"create", "swap", "one by one"} {
		t.Run(how, func(t *testing.T) {
			base := t.TempDir()
			dir := filepath.Join(base, rel)
			mounts(t)("tmpfs", base, "tmpfs", "size=64k", 0)
			if how != "create" {
				_, err := update(base, oldFiles, Options{})
				must(t, err)
			}
			if how == "one by one" {
				must(t, os.Mkdir(dir+"/sub", 0o755))
			}
			before := snapshot(t, base, false)
			_, err := update(base, big, Options{})
			if err == nil || err.Error() != "write "+dir+": b.yaml: no space left on device" {
				t.Error(err)
			}
			if diff := cmp.Diff(before, snapshot(t, base, false)); diff != "" {
				t.Errorf("(-before +after):\n%s", diff)
			}
			_, err = update(base, newFiles, Options{})
			must(t, err)
		})
	}
}

func TestReadOnly(t *testing.T) {
	base, dir := installed(t)
	mount := mounts(t)
	mount(base, base, "", "", unix.MS_BIND)
	mount("", base, "", "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
	before := snapshot(t, base, true)
	_, err := update(base, oldFiles, Options{}) // nothing to write
	must(t, err)
	if _, err = update(base, newFiles, Options{}); err == nil || !strings.HasPrefix(err.Error(), "write "+dir) || !strings.HasSuffix(err.Error(), "read-only file system") {
		t.Error(err)
	}
	if diff := cmp.Diff(before, snapshot(t, base, true)); diff != "" {
		t.Error(diff)
	}
}

func TestMountPoint(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, rel)
	must(t, os.MkdirAll(dir, 0o755))
	mounts(t)("tmpfs", dir, "tmpfs", "", 0)
	for _, files := range []map[string]string{oldFiles, newFiles} {
		_, err := update(base, files, Options{})
		must(t, err)
		holds(t, dir, files)
	}
	for range 2 {
		must(t, scenarios["remove"](base))
		if got := list(t, dir); got != nil {
			t.Error(got)
		}
	}
}

// Without root's rights: a directory that may not be written is not swapped, one whose parent may not
// be written is written file by file.
func TestPermissions(t *testing.T) {
	for name, c := range map[string]struct {
		dir, parent fs.FileMode
		refused     bool
	}{
		"directory": {dir: 0o555, parent: 0o777, refused: true},
		"parent":    {dir: 0o777, parent: 0o555},
	} {
		t.Run(name, func(t *testing.T) {
			base, dir := installed(t)
			must(t, os.Chmod(dir, c.dir))
			must(t, os.Chmod(filepath.Dir(dir), c.parent))
			runtime.LockOSThread() // never unlocked: the thread ends with the test
			if os.Getuid() == 0 {
				must(t, os.Chmod(base, 0o755))
				must(t, os.Chmod(filepath.Dir(base), 0o755))
				t.Cleanup(func() { unix.Setfsuid(0) })
				unix.Setfsuid(65534)
			} else {
				t.Cleanup(func() { os.Chmod(dir, 0o755); os.Chmod(filepath.Dir(dir), 0o755) })
			}
			before := snapshot(t, base, true)
			_, err := update(base, newFiles, Options{})
			if c.refused {
				if !errors.Is(err, fs.ErrPermission) || !cmp.Equal(before, snapshot(t, base, true)) {
					t.Errorf("%v\n%s", err, cmp.Diff(before, snapshot(t, base, true)))
				}
			} else {
				must(t, err)
				holds(t, dir, newFiles)
				noTemp(t, dir)
			}
		})
	}
}

func TestNamedPipe(t *testing.T) {
	base, dir := installed(t)
	must(t, syscall.Mkfifo(dir+"/note", 0o600))
	before := snapshot(t, base, true)["/deploy/web/note"]
	_, err := update(base, newFiles, Options{})
	must(t, err)
	if after := snapshot(t, base, true)["/deploy/web/note"]; before != after {
		t.Errorf("%s, was %s", after, before)
	}
	must(t, os.Remove(dir+"/a.yaml"))
	must(t, syscall.Mkfifo(dir+"/a.yaml", 0o600))
	_, err = update(base, oldFiles, Options{OverwriteDrift: true})
	if o, ok := errors.AsType[*Outside](err); !ok || o.Reason != "is a named pipe, not a regular file" {
		t.Error(err)
	}
}

// A kill while the passport was written.
func TestTornPassport(t *testing.T) {
	base, dir := installed(t)
	left := filepath.Dir(dir) + "/" + tempPrefix + "web-0123456789abcdef"
	must(t, os.MkdirAll(left+"/"+building, 0o755))
	put(t, left+"/"+marker, "")
	put(t, left+"/"+building+"/a.yaml", "half a fi")
	put(t, left+"/"+passport, `{"a.yaml":["sha25`)
	_, err := update(base, oldFiles, Options{})
	must(t, err)
	holds(t, dir, oldFiles)
}
