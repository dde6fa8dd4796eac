package git

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// maxObject bounds what is read of one object: the repository's content is not trusted.
const maxObject = 64 << 20

// catFile is a running `git cat-file --batch`. It looks refs up afresh for each request, so one process serves the whole run.
type catFile struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail
}

type object struct {
	id, kind string // kind "": there is no such object
	data     []byte
}

// many is from how many objects on it costs less to start a process for them: it may buffer, where the one that answers again and again writes each object by
// itself.
const many = 64

// objects reads several objects by id or full ref name, in order.
func (r *Repo) objects(names ...string) ([]object, error) {
	if len(names) >= many {
		got := make([]object, len(names))
		err := r.bulk(names, func(i int, o object) {
			o.data = bytes.Clone(o.data)
			got[i] = o
		})
		return got, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cat == nil {
		if err := r.startCat(); err != nil {
			return nil, err
		}
	}
	var got []object
	for len(names) > 0 {
		batch := names[:min(len(names), 100)] // fits a pipe's buffer, so that neither side waits for the other
		names = names[len(batch):]
		more, err := r.cat.read(batch)
		if err != nil {
			said := r.cat.said
			if end := r.stopCat(); end != nil {
				err = failure([]string{"cat-file"}, end, said)
			}
			return nil, err
		}
		got = append(got, more...)
	}
	return got, nil
}

// bulk hands out many objects, read through a process of their own. Their data are the caller's until each returns.
func (r *Repo) bulk(names []string, each func(i int, o object)) error {
	args := []string{"cat-file", "--batch", "--buffer"}
	cmd, said := r.command(r.ctx, call{args: args})
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	widen(out)
	c := &catFile{out: bufio.NewReaderSize(out, 256<<10)}
	var room []byte
	for i := 0; i < len(names) && err == nil; i++ {
		var o object
		if o, err = c.answer(room); err == nil {
			each(i, o)
		}
		if cap(o.data) > cap(room) {
			room = o.data
		}
	}
	if err != nil {
		_, _ = io.Copy(io.Discard, c.out)
	}
	if end := failure(args, cmd.Wait(), said); end != nil {
		err = end
	}
	return err
}

func (r *Repo) startCat() (err error) {
	c := &catFile{}
	c.cmd, c.said = r.command(r.ctx, call{args: []string{"cat-file", "--batch"}})
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	if err := c.cmd.Start(); err != nil {
		return err
	}
	r.cat = c
	return nil
}

func (r *Repo) stopCat() error {
	if r.cat == nil {
		return nil
	}
	c := r.cat
	r.cat = nil
	c.in.Close()
	_, _ = io.Copy(io.Discard, c.out)
	return c.cmd.Wait()
}

func (c *catFile) read(names []string) ([]object, error) {
	if _, err := io.WriteString(c.in, strings.Join(names, "\n")+"\n"); err != nil {
		return nil, err
	}
	got := make([]object, len(names))
	for i := range got {
		var err error
		if got[i], err = c.answer(nil); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// answer reads the next object, into room where that is large enough.
func (c *catFile) answer(room []byte) (o object, err error) {
	line, err := c.out.ReadString('\n')
	if err != nil || strings.HasSuffix(line, " missing\n") {
		return o, err
	}
	id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	kind, length, _ := strings.Cut(rest, " ")
	size, err := strconv.ParseInt(length, 10, 64)
	if err != nil {
		return o, fmt.Errorf("git cat-file says %q", line)
	}
	o.id, o.kind = id, kind
	if size > maxObject {
		return o, fmt.Errorf("object %s has %d bytes: allowed %d", o.id, size, maxObject)
	}
	data := slices.Grow(room[:0], int(size)+1)[:size+1]
	if _, err := io.ReadFull(c.out, data); err != nil {
		return o, err
	}
	o.data = data[:size]
	return o, nil
}

// tip is the commit at a branch's tip; its id is "" when the branch is unborn.
func (r *Repo) tip(branch string) (object, error) {
	got, err := r.objects("refs/heads/" + branch)
	if err != nil {
		return object{}, err
	}
	if got[0].kind != "" && got[0].kind != "commit" {
		return object{}, fmt.Errorf("refs/heads/%s is a %s, not a commit", branch, got[0].kind)
	}
	return got[0], nil
}
