package show

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/gitramp/gitramp/render"
)

// What goes into a pull request may be anybody's: an image, a header's name, a file that somebody edited. As Markdown it can forge nothing: a value stands in a code
// span or block whose fence is longer than any in it, where forges look for no mention, no reference, no HTML and no command (GitHub, GitLab, Gitea alike), and
// whatever does not print, newlines and bidirectional controls among it, is written as an escape.

// longestValue is how many bytes of one value are shown.
const longestValue = 200

// code is a value as a code span. In a cell of a table a bar would end it.
func code(s string) string {
	s = render.Visible(s)
	if len(s) > longestValue {
		s = strings.ToValidUTF8(s[:longestValue], "") + "…"
	}
	s = strings.ReplaceAll(s, "|", "¦")
	fence := fenceAround(s, 1)
	if s == "" || strings.Trim(s, " ") == "" || strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || s[0] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenceAround is a run of backticks that is longer than any in a text.
func fenceAround(s string, least int) string {
	run, longest := 0, least-1
	for _, c := range s {
		if run++; c != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

// block is text as a code block.
func block(language, text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.ReplaceAll(render.Visible(strings.ReplaceAll(line, "\t", "    ")), "\r", `\r`)
	}
	text = strings.Join(lines, "\n")
	fence := fenceAround(text, 3)
	return fence + language + "\n" + text + "\n" + fence + "\n"
}

// plainWord is one that no forge makes anything of.
var plainWord = regexp.MustCompile(`^\(?[A-Za-z0-9](?:[A-Za-z0-9',;%-]*[A-Za-z0-9%)])?[)]?[.,:;]?$`)

// prose is a sentence of gitramp's own in which any other word is code.
func prose(s string) string {
	words := strings.Fields(render.Visible(s))
	for i, w := range words {
		if plainWord.MatchString(w) {
			continue
		}
		end := ""
		if strings.ContainsAny(w[len(w)-1:], ".,:;") {
			w, end = w[:len(w)-1], w[len(w)-1:]
		}
		words[i] = code(w) + end
	}
	return strings.Join(words, " ")
}

// title is a line that a forge prints as it is: whatever means something to one of them is left out.
func title(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return ' '
		}
		if c > unicode.MaxASCII || !unicode.IsPrint(c) || strings.ContainsRune("`<>&#!\\\"'[]{}~*|^$", c) {
			return -1
		}
		return c
	}, s)), " ")
	s = strings.ReplaceAll(s, " @", " ")
	return strings.TrimLeft(s[:min(len(s), longestValue)], "@/-")
}
