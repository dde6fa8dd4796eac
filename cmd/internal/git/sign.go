package git

import (
	"slices"
	"strings"
)

// sign makes each commit anew with a signature, in the scratch repository, and leaves their ids in Made. fast-import cannot sign; commit-tree signs as the
// user configured it (gpg or ssh, key, program). The child does not hold our flock: gpg may leave an agent behind.
func (w *Writer) sign(ids map[Mark]string) error {
	parent := w.base
	for i, c := range w.commits {
		args := []string{"commit-tree", "-S", "-F", "-"}
		if parent != "" {
			args = append(args, "-p", parent)
		}
		out, err := w.repo.run(w.ctx, call{
			args: append(args, ids[c.mark]+"^{tree}"), flags: []string{"i18n.commitEncoding=UTF-8"}, stdin: c.message,
			env: slices.Concat(w.author.env("AUTHOR"), w.committer.env("COMMITTER"), []string{"GIT_OBJECT_DIRECTORY=" + w.imp.dir + "/objects"}),
		})
		if err != nil {
			return &Refusal{Text: "the commit could not be signed", Err: err}
		}
		w.Made[i] = strings.TrimSuffix(out, "\n")
		if !w.apart {
			parent = w.Made[i]
		}
		step("signed")
	}
	return nil
}
