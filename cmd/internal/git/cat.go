package git

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
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
		return r.bulk(names)
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

// bulk reads many objects through a process of their own.
func (r *Repo) bulk(names []string) ([]object, error) {
	args := []string{"cat-file", "--batch", "--buffer"}
	cmd, said := r.command(r.ctx, call{args: args})
	cmd.Stdin = strings.NewReader(strings.Join(names, "\n") + "\n")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	widen(out)
	c := &catFile{out: bufio.NewReaderSize(out, 256<<10)}
	got, err := c.answers(len(names))
	if err != nil {
		_, _ = io.Copy(io.Discard, c.out)
	}
	if end := failure(args, cmd.Wait(), said); end != nil {
		err = end
	}
	return got, err
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
	return c.answers(len(names))
}

// answers reads what is answered to n names.
func (c *catFile) answers(n int) ([]object, error) {
	got := make([]object, n)
	for i := range got {
		line, err := c.out.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(line, " missing\n") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 3 {
			return nil, fmt.Errorf("git cat-file says %q", line)
		}
		size, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git cat-file says %q", line)
		}
		got[i].id, got[i].kind = f[0], f[1]
		if size > maxObject {
			return nil, fmt.Errorf("object %s has %d bytes: allowed %d", got[i].id, size, maxObject)
		}
		got[i].data = make([]byte, size+1)
		if _, err := io.ReadFull(c.out, got[i].data); err != nil {
			return nil, err
		}
		got[i].data = got[i].data[:size]
	}
	return got, nil
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
