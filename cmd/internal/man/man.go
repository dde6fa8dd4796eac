// Package man writes the manual pages of a command tree: what --help says, for man(1).
//
// It refuses to know a date: the same program makes the same pages.
package man

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Page is one manual page.
type Page struct {
	File string // gitramp-plan.1
	Text string
}

// Pages are those of a command and of all that are below it; topics, which only have a text, are sections of the first.
func Pages(root *cobra.Command) []Page {
	list := []Page{{root.Name() + ".1", text(root)}}
	for _, cmd := range verbs(root) {
		list = append(list, Page{root.Name() + "-" + cmd.Name() + ".1", text(cmd)})
	}
	return list
}

func verbs(root *cobra.Command) []*cobra.Command {
	var list []*cobra.Command
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() && cmd.Name() != "help" {
			list = append(list, cmd)
		}
	}
	return list
}

func text(cmd *cobra.Command) string {
	var b strings.Builder
	title := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	fmt.Fprintf(&b, ".TH %s 1 \"\" gitramp gitramp\n.SH NAME\n%s \\- %s\n", strings.ToUpper(title), title, escape(lowerFirst(cmd.Short)))
	use := cmd.UseLine()
	if !cmd.HasParent() {
		use = cmd.Name() + " COMMAND [flags]"
	}
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n.SH DESCRIPTION\n", escape(use))
	prose(&b, cmd.Long)
	if !cmd.HasParent() {
		b.WriteString(".SH COMMANDS\n")
		for _, v := range verbs(cmd) {
			fmt.Fprintf(&b, ".TP\n.BR %s\\-%s (1)\n%s\n", escape(cmd.Name()), escape(v.Name()), escape(v.Short))
		}
	}
	options(&b, "OPTIONS", cmd.NonInheritedFlags())
	options(&b, "OPTIONS OF ALL COMMANDS", cmd.InheritedFlags())
	if cmd.Example != "" {
		fmt.Fprintf(&b, ".SH EXAMPLES\n.nf\n%s\n.fi\n", escape(cmd.Example))
	}
	if !cmd.HasParent() {
		for _, topic := range cmd.Commands() {
			if topic.IsAdditionalHelpTopicCommand() {
				fmt.Fprintf(&b, ".SH %s\n", escape(strings.ToUpper(strings.ReplaceAll(topic.Name(), "-", " "))))
				prose(&b, topic.Long)
			}
		}
		return b.String()
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", escape(cmd.Root().Name()))
	return b.String()
}

// prose keeps paragraphs; lines that are indented are shown as they stand.
func prose(b *strings.Builder, long string) {
	for _, paragraph := range strings.Split(strings.TrimSpace(strings.ReplaceAll(long, "\n\n\n", "\n\n")), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".PP\n.nf\n%s\n.fi\n", escape(paragraph))
			continue
		}
		fmt.Fprintf(b, ".PP\n%s\n", escape(paragraph))
	}
}

func options(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "\\-\\-" + escape(f.Name)
		if f.Shorthand != "" {
			name = "\\-" + f.Shorthand + ", " + name
		}
		value, usage := pflag.UnquoteUsage(f)
		if value != "" {
			name += " " + strings.ToUpper(value)
		}
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " (default: " + f.DefValue + ")"
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", name, escape(usage))
	})
}

// escape keeps text from being read as roff: backslashes, and dots and quotes at the beginning of a line; a - is one that can be typed.
func escape(s string) string {
	lines := strings.Split(strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
