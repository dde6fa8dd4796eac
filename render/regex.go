package render

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
)

var (
	allDigits = pattern(`^[0-9]+$`)
	printable = pattern(`^[ -~]*$`)
	oddGroup  = lazy(`\(\?(?:<?[=!]|[^:]?)`)
	oddEscape = lazy(`\\[^dDwWsSbB.^$*+?()\[\]{}|/\\-]`)
)

// safeRegex accepts what RE2 and PCRE read alike and neither can be stuck in: ingress-nginx runs PCRE, which tries one way after the other, on each request.
func safeRegex(s string) bool {
	why, _ := regexFault(s)
	return why == ""
}

// regexFault is the first thing that is wrong with a pattern, and what is allowed instead.
func regexFault(s string) (why, allowed string) {
	const alike = "a regular expression that RE2 and PCRE read alike"
	switch i := strings.IndexAny(s, "\"'`;"); {
	case len(s) > 200:
		return fmt.Sprintf("it has %d characters", len(s)), "at most 200 characters"
	case i >= 0:
		return s[i:i+1] + " is not allowed", "printable ASCII without quotes, backquotes and semicolons"
	case !printable(s):
		return "not printable ASCII", "printable ASCII without quotes, backquotes and semicolons"
	}
	if odd := oddEscape().FindString(s); odd != "" {
		return odd + " is not allowed", `the escapes \d \w \s \b with their capitals, and \ before punctuation`
	}
	if at := oddGroup().FindString(s); at != "" && at != "(?" {
		return oddGroupName(at), "( ) and (?: ) for groups"
	}
	for _, odd := range []string{"{,", "[.", "[="} { // text to RE2, and a repetition or a class to PCRE
		if strings.Contains(s, odd) {
			return odd + " means one thing to RE2 and another to PCRE", alike
		}
	}
	if n := strings.Count(s, "("); n > 3 {
		return fmt.Sprintf("it has %d groups", n), "at most 3 groups"
	}
	if n := strings.Count(s, "|"); n > 9 {
		return fmt.Sprintf("it has %d alternatives", n+1), "at most 10 alternatives"
	}
	// Groups that do not capture are folded away by the parser; captured, the nesting stays visible.
	re, err := syntax.Parse(strings.ReplaceAll(s, "(?:", "("), syntax.Perl)
	if bad, ok := errors.AsType[*syntax.Error](err); ok {
		return strings.Replace(string(bad.Code), "missing closing", "missing", 1), alike
	}
	c := regexCost{}
	c.add(re, false)
	return c.fault()
}

// oddGroupName says what a group is that RE2 and PCRE do not both have, or do not write alike.
func oddGroupName(at string) string {
	switch at {
	case "(?=", "(?!":
		return "lookahead is not in RE2"
	case "(?<=", "(?<!":
		return "lookbehind is not in RE2"
	case "(?>":
		return "an atomic group is not in RE2"
	case "(?P", "(?<":
		return "a named group is not allowed"
	}
	return at + " is not allowed"
}

// regexCost counts what multiplies the ways in which a text can match.
type regexCost struct {
	open    int  // repetitions without an upper end
	choices int  // repetitions of no fixed number
	nested  bool // something repeats what repeats or chooses
	long    bool // something repeats very often
}

func (c *regexCost) add(re *syntax.Regexp, inside bool) {
	repeats := re.Op == syntax.OpStar || re.Op == syntax.OpPlus || re.Op == syntax.OpQuest || re.Op == syntax.OpRepeat
	c.nested = c.nested || inside && (repeats || re.Op == syntax.OpAlternate)
	c.long = c.long || re.Op == syntax.OpRepeat && (re.Min > 64 || re.Max > 64)
	switch {
	case re.Op == syntax.OpStar, re.Op == syntax.OpPlus, re.Op == syntax.OpRepeat && re.Max < 0:
		c.open++
		c.choices++
	case re.Op == syntax.OpQuest, re.Op == syntax.OpRepeat && re.Min != re.Max:
		c.choices++
	}
	for _, sub := range re.Sub {
		c.add(sub, inside || repeats)
	}
}

func (c *regexCost) fault() (why, allowed string) {
	switch {
	case c.nested:
		return "it repeats what repeats or chooses", "no repetition of something that repeats or chooses: it can take for ever"
	case c.long:
		return "it repeats more than 64 times", "at most 64"
	case c.open > 2:
		return fmt.Sprintf("it has %d repetitions without an end", c.open), "at most 2"
	case c.choices > 4:
		return fmt.Sprintf("it has %d repetitions of no fixed number", c.choices), "at most 4"
	}
	return "", ""
}
