package node

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// odd are texts with what YAML has beyond the plain: whatever of it a Decoders takes for a shape, it has to read as the parser does.
var odd = []string{
	"a: b\n", "a:   b  \nc:\n- d\n- e: f\n  g: h\n", "a: {b: c, d: [e, f], g: {h: 1}}\n", "{\"a\": \"b\", \"c\":1, \"d\":[\"e\",2]}\n", "- a\n- b\n", "a\n# foot\n", "a # line\n",
	"# head\na: b # line\n# between\nc: d\n\n# foot of c\n\n# head of e\ne: f\n# foot\n", "a:\n  # head\n  b: c\n  # foot\nd: e\n", "a: [b, # of b\n  c]\nd: e\n",
	"a: &x b\nc: *x\n", "a: &x {b: c}\nd: *x\ne: f\n", "a: &x [*x]\n", "a: !!str 1\nb: c\n", "? a\n: b\n? {c: d}\n: e\n", "{a: b}: c\nd: e\n", "[a, b]: c\n", "a: b\n---\nc: d\n", "%YAML 1.2\n---\na: b\n...\n", "a: |\n  b\n  c\nd: e\n",
	"a: >-\n  b c\n  d\ne: f\n", "a: b\n  c\nd: e\n", "a: \"b\n  c\" \nd: e\n", "a: 'b'\nc: \"d\"\n", "a: \"b\\n\"\nc: d\n", "a: b:c\nd: e/f@g\n", "a: {b:c, d: e}\n", "{a: b:c}\n",
	"a: [b:c, \"d\":e]\n", "<<: {a: b}\nc: d\n", "a: é\nb: c\n", "a: b\r\nc: d\r\n", "\ufeffa: b\n", "a:\tb\nc: d\n", "a: b\na: c\n", "a: ~\nb: true\nc: 1.5\nd: 2026-01-01\ne: 0o7\nf: 10m\ng: 128Mi\n",
	"a: \"#\"\nb: c\n", "a: b\n\n\n# far\n\nc: d\n", "- - a\n  - b\n- c: d\n", "a:\nb:\n- \nc: d\n", "a: b\n # deeper\n  # deeper yet\nc: d\n", "a: [\n  b,\n  c: d\n  ]\n", "a: {b, c, d: }\n", "a: b #c\nd: e#f\n",
	"{a: b, c: d, e: f, g: h}: i\n", "? [a, b, c, d, e, f]\n: g\n", "a: b\rc: d\n", "{éééé: aa, aa: b}\n", "a: b\u0085c: d\n", "a: b\u2028c: d\ne: f\n",
	"k: [\na\n# foot\n]\n", "k: [\na,\n# foot\nb\n]\n", "# head\na\n# foot\n", "# head\na\n\n# foot\n", "k: {\na: b\n# foot\n}\n", "k: {\na\n\n# foot\n, b}\n", "a: b\nc: # c\n  d\n",
	"a:  # a\n- b   # b\n# foot\n- c # c\n", "a: # a\n  b: c # b\n       # more\n  d: e\n", "a: b # b\n     # more\nc: d\n",
}

// texts are the odd ones, and everything that gitramp writes and reads.
func texts(t testing.TB) (list [][]byte) {
	for _, s := range odd {
		list = append(list, []byte(s))
	}
	for _, dir := range []string{"../../../golden", "../../../fixtures", "../../../templates"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" && filepath.Base(path) != "gitramp.lock" {
				return err
			}
			data, err := os.ReadFile(path)
			list = append(list, data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

var words = regexp.MustCompile(`#.*|[^\s{}\[\],#"':&*!|>%]+(?::[^\s{}\[\],#"':&*!|>%]+)*`)

// with is a text with other words, digit by digit of pick: 0 leaves one as it is.
func with(text []byte, other []string, pick string) []byte {
	i := -1
	return words.ReplaceAllFunc(text, func(was []byte) []byte {
		if was[0] == '#' || was[0] == '-' {
			return was
		}
		if i++; len(pick) == 0 || len(other) == 0 || pick[i%len(pick)] == '0' {
			return was
		}
		return []byte(other[int(pick[i%len(pick)])%len(other)])
	})
}

// nested is some YAML with comments wherever they can stand.
func nested(r *rand.Rand, indent, depth int) string {
	var b strings.Builder
	word := func() string { return strings.Repeat("w", 1+r.IntN(4)) }
	maybe := func(s string) string { return strings.Repeat(s, max(0, r.IntN(4)-2)) }
	comment := func() string { return maybe(strings.Repeat(" ", 1+r.IntN(4)) + "# line") }
	list := r.IntN(3) == 0
	for range 1 + r.IntN(3) {
		b.WriteString(maybe("\n") + maybe(strings.Repeat(" ", r.IntN(indent+4))+"# full\n") + maybe("\n") + strings.Repeat(" ", indent))
		if list {
			b.WriteString("-")
		} else {
			b.WriteString(word() + ":")
		}
		switch r.IntN(4) {
		case 0:
			b.WriteString(" {" + word() + ": " + word() + maybe(comment()+"\n"+strings.Repeat(" ", indent+2)) + ", " + word() + "}" + comment() + "\n")
		case 1:
			b.WriteString(" " + word() + comment() + "\n")
		default:
			b.WriteString(comment() + "\n")
			if depth > 0 {
				b.WriteString(nested(r, indent+1+r.IntN(3), depth-1))
			}
		}
	}
	return b.String()
}

// unlike says in which node two trees are not the same, places and comments included; "" where they are.
func unlike(a, b *yaml.Node, path string) string {
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor || len(a.Content) != len(b.Content) ||
		a.HeadComment != b.HeadComment || a.LineComment != b.LineComment || a.FootComment != b.FootComment || a.Line != b.Line || a.Column != b.Column {
		return fmt.Sprintf("%s: %+v is not %+v", path, *a, *b)
	}
	if a.Alias != nil && len(path) < 20 { // some are part of themselves
		if diff := unlike(a.Alias, b.Alias, path+"/*"); diff != "" {
			return diff
		}
	}
	for i := range a.Content {
		if diff := unlike(a.Content[i], b.Content[i], fmt.Sprint(path, "/", i)); diff != "" {
			return diff
		}
	}
	return ""
}

// sameAsParsed reads a text after others, and as if it were alone. It says whether the parser was asked.
func sameAsParsed(t interface{ Fatalf(string, ...any) }, d *Decoders, text []byte) (asked bool) {
	got, done, err := d.Borrow(text, func() (*yaml.Node, error) { asked = true; return parsed(text) })
	want, wantErr := parsed(text)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("after others: %v\nalone: %v\n%s", err, wantErr, text)
	}
	if err != nil {
		return asked
	}
	if diff := unlike(got, want, ""); diff != "" {
		t.Fatalf("after others %s\n%s", diff, text)
	}
	scribble(got)
	done()
	return asked
}

// scribble does the worst to nodes that are given back.
func scribble(n *yaml.Node) {
	content := n.Content
	*n = yaml.Node{Kind: yaml.ScalarNode, Value: "scribbled", Line: -1, HeadComment: "#"}
	for _, c := range content {
		scribble(c)
	}
}

// parsed keeps a parser's panic from being the test's.
func parsed(text []byte) (n *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	return parse(text)
}

// TestPropDecoders: whatever was read before it, a text is read as if it were alone. Words are drawn from what is special to YAML, or to the decoder.
func TestPropDecoders(t *testing.T) {
	all := texts(t)
	other := []string{"app", "b", "a-b.c/d:e@f", "yes", "on", "true", "null", "~", "0", "7", "007", "99999", "1e3", "12:30", "128Mi", "5m", "a:", ":a", "-", "--", "---", "/", ".", "<<", "a b", "0x1F", "1_000", "é",
		"2026-01-01", "@a", "a-", "-a", "?", "sha256:00", strings.Repeat("w", 254), strings.Repeat("w", 300), strings.Repeat("k", 1100)}
	rapid.Check(t, func(t *rapid.T) {
		var d Decoders
		first := rapid.SampledFrom(all[:rapid.SampledFrom([]int{1, len(odd), len(all)}).Draw(t, "of")]).Draw(t, "first")
		if len(first) == len(odd[0]) {
			first = []byte(nested(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), 0, 3))
		}
		sameAsParsed(t, &d, first)
		for range rapid.IntRange(1, 4).Draw(t, "others") {
			sameAsParsed(t, &d, with(first, other, rapid.StringMatching(`[0-9a-zA-Z]{1,40}`).Draw(t, "pick")))
		}
	})
}

// TestDecodersKnowWhatGitrampWrites: of what gitramp writes, a text like an earlier one is not parsed again; a test of nothing but answers would not notice.
func TestDecodersKnowWhatGitrampWrites(t *testing.T) {
	for _, text := range texts(t)[len(odd):] {
		if !bytes.HasPrefix(text, []byte("# Generated by gitramp")) && !bytes.HasPrefix(text, []byte("# Written by gitramp: the step")) {
			continue
		}
		var d Decoders
		sameAsParsed(t, &d, text)
		if again := bytes.ReplaceAll(text, []byte("demo"), []byte("another-name")); sameAsParsed(t, &d, again) {
			t.Errorf("parsed again:\n%s", again)
		}
	}
}

// FuzzDecoders: whatever was read before it, a text is read as if it were alone.
func FuzzDecoders(f *testing.F) {
	for i, text := range texts(f) {
		f.Add(text, "app 0 yes a:b/c@d 7", fmt.Sprint(1023456789+i*7919))
	}
	f.Add([]byte("{a: b, c: d, e: f, g: h}: i\n"), strings.Repeat("w", maxSlot), "1") // no key may be that long
	f.Fuzz(func(t *testing.T, text []byte, other, pick string) {
		var d Decoders
		sameAsParsed(t, &d, text)
		sameAsParsed(t, &d, with(text, strings.Split(other, " "), pick))
		sameAsParsed(t, &d, text)
	})
}
