package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/newfile"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/render/schema"
	"github.com/gitramp/gitramp/render/starter"
)

// initFlags is how init was asked.
type initFlags struct {
	starter.Answers
	yes, force, dryRun bool
}

func (c *cli) init() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:     "init [FILE]",
		GroupID: "start",
		Short:   "Write a first spec: from flags, or from questions on a terminal",
		Long: `Writes a commented spec that validates, and its schema beside it for editors.
FILE is canary.yaml by default; with - the spec goes to stdout. On a terminal it
asks for what no flag says; with --yes, in CI, or without a terminal it never
asks, and takes the defaults.`,
		Example: "  gitramp init\n  gitramp init --image registry.example.com/shop:2.4.0 --host shop.example.com\n" +
			"  gitramp init --router gateway-api --gateway infra/public --image shop:2 --host shop.example.com",
		Args: atMostOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.formats("table"); err != nil {
				return err
			}
			return c.runInit(cmd, f, append(args, "canary.yaml")[0])
		},
	}
	flags := cmd.Flags()
	for _, q := range questions {
		flags.StringVar(q.answer(&f.Answers), q.flag, "", q.usage())
	}
	flags.BoolVar(&f.yes, "yes", false, "never ask: take the defaults for what no flag says")
	flags.BoolVar(&f.force, "force", false, "overwrite a spec that is there")
	flags.BoolVar(&f.dryRun, "dry-run", false, "print the spec and write nothing")
	return cmd
}

// question is one answer: its flag, what is asked on a terminal, and what stands where nothing is said.
type question struct {
	flag, ask string
	otherwise string // "" with need: there is no default
	need      bool
	field     string // of the spec, for errors
	answer    func(*starter.Answers) *string
	skip      func(starter.Answers) bool
}

func (q question) usage() string {
	switch {
	case q.otherwise != "":
		return q.ask + " (default: " + q.otherwise + ")"
	case q.need:
		return q.ask
	}
	return q.ask + " (default: none)"
}

func otherRouter(name string) func(starter.Answers) bool {
	return func(a starter.Answers) bool { return a.Router != name }
}

var questions = []question{
	{"name", "the app's name", "", true, "metadata.name", func(a *starter.Answers) *string { return &a.Name }, nil},
	{"namespace", "its namespace", "", false, "metadata.namespace", func(a *starter.Answers) *string { return &a.Namespace }, nil},
	{"image", "the image that should run", "", true, "spec.image", func(a *starter.Answers) *string { return &a.Image }, nil},
	{"stable", "the image that runs now", "", false, "spec.stable", func(a *starter.Answers) *string { return &a.Stable }, nil},
	{"port", "the port that the container listens on", "8080", false, "spec.port", func(a *starter.Answers) *string { return &a.Port }, nil},
	{"replicas", "prod's number of pods", "2", false, "spec.replicas", func(a *starter.Answers) *string { return &a.Replicas }, nil},
	{"router", "the router: " + strings.Join(route.Names(), " or "), route.Names()[0], false, "spec.route.router", func(a *starter.Answers) *string { return &a.Router }, nil},
	{"class", "the ingress class (ingress-nginx)", "nginx", false, "spec.route.class", func(a *starter.Answers) *string { return &a.Class }, otherRouter(route.IngressNginx)},
	{"gateway", "the Gateway, [NAMESPACE/]NAME (gateway-api)", "", true, "spec.route.parentRefs", func(a *starter.Answers) *string { return &a.Gateway }, otherRouter(route.GatewayAPI)},
	{"host", "the host that the app answers for", "", true, "spec.route.host", func(a *starter.Answers) *string { return &a.Host }, nil},
	{"weights", "the weights of the ramp, in percent", "20,50", false, "spec.steps", func(a *starter.Answers) *string { return &a.Weights }, nil},
	{"pause", "how long each weight but the first stands", "10m", false, "spec.steps", func(a *starter.Answers) *string { return &a.Pause }, nil},
}

func (c *cli) runInit(cmd *cobra.Command, f initFlags, file string) error {
	toStdout := file == "-" || f.dryRun
	if _, err := os.Lstat(file); err == nil && !toStdout && !f.force {
		return app.Conflict{Text: file + " is there already: name another file, or overwrite it with --force"}
	}
	if err := c.answer(cmd, &f); err != nil {
		return err
	}
	text := starter.Spec(f.Answers)
	if _, err := render.ParseSpec(file, []byte(text)); err != nil {
		return badAnswers(err)
	}
	if toStdout {
		_, err := fmt.Fprint(c.out, text)
		return err
	}
	schemaFile := filepath.Join(filepath.Dir(file), starter.SchemaFile)
	if have, err := os.ReadFile(schemaFile); err == nil && !bytes.Contains(have, []byte(schema.ID)) && !f.force {
		return app.Conflict{Text: schemaFile + " is there already, and is not gitramp's: move it, or overwrite it with --force"}
	}
	if err := newfile.Write(schemaFile, schema.JSON, true); err != nil {
		return err
	}
	if err := newfile.Write(file, []byte(text), f.force); errors.Is(err, fs.ErrExist) {
		return app.Conflict{Text: file + " is there by now"}
	} else if err != nil {
		return err
	}
	c.note("wrote %s and %s; next:", file, schemaFile)
	for _, next := range []string{"validate " + file, "plan " + file, "render " + file + " --to out"} {
		c.note("  gitramp %s", next)
	}
	return nil
}

// answer fills in what no flag says: by asking, or with the defaults.
func (c *cli) answer(cmd *cobra.Command, f *initFlags) error {
	asks := !f.yes && os.Getenv("CI") == "" && isTerminal(os.Stdin)
	var ask *asker
	if asks {
		ask = newAsker(c.err)
	}
	var missing []string
	for _, q := range questions {
		value := q.answer(&f.Answers)
		switch given := cmd.Flags().Changed(q.flag); {
		case q.skip != nil && q.skip(f.Answers):
			if given {
				return usage("--%s is nothing for --router %s", q.flag, f.Router)
			}
			continue
		case given:
			continue
		}
		if q.flag == "name" {
			q.otherwise = directoryName()
		}
		switch {
		case asks:
			if err := ask.until(cmd.Context(), q, f.Answers, value); err != nil {
				return err
			}
		case q.otherwise == "" && q.need:
			missing = append(missing, "--"+q.flag)
		default:
			*value = q.otherwise
		}
	}
	if missing != nil {
		return usage("%s missing, and there is no terminal to ask on: see gitramp init --help", strings.Join(missing, ", "))
	}
	return nil
}

// directoryName is the current directory's name where an app can be called so.
func directoryName() string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	name := filepath.Base(here)
	if wrongAnswer(question{field: "metadata.name", answer: func(a *starter.Answers) *string { return &a.Name }}, starter.Answers{}, name) != "" {
		return ""
	}
	return name
}

// wrongAnswer is what the spec's own rules say of an answer, beside answers that are right; "" where it is right.
func wrongAnswer(q question, a starter.Answers, value string) string {
	sample := starter.Answers{Name: "app", Image: "app:2", Port: "8080", Replicas: "2", Host: "app.example.com", Router: a.Router, Class: "nginx", Gateway: "public",
		Weights: "20,50", Pause: "10m"}
	if sample.Router == "" {
		sample.Router = route.Names()[0]
	}
	*q.answer(&sample) = value
	_, err := render.ParseSpec("answer", []byte(starter.Spec(sample)))
	var list render.SpecError
	if !errors.As(err, &list) {
		return ""
	}
	e := list[0]
	return e.Problem + ": allowed " + e.Allowed
}

// badAnswers says which flags are wrong.
func badAnswers(err error) error {
	var list render.SpecError
	if !errors.As(err, &list) {
		return err
	}
	var lines []string
	for _, e := range list {
		flag := e.Field
		for _, q := range questions {
			if strings.HasPrefix(e.Field, q.field) {
				flag = "--" + q.flag
			}
		}
		if strings.Contains(e.Field, ".setWeight") {
			flag = "--weights"
		}
		lines = append(lines, flag+": "+e.Problem+": allowed "+e.Allowed)
	}
	return usage("%s", strings.Join(lines, "\n"))
}

var errInterrupted = usage("interrupted: nothing is written")

// until asks until the answer is right.
func (a *asker) until(ctx context.Context, q question, sofar starter.Answers, value *string) error {
	for {
		answer, err := a.ask(ctx, q.ask, q.otherwise)
		switch {
		case err != nil:
			return err
		case answer == "" && q.need:
			a.say("an answer is needed")
		case answer == "":
			return nil
		default:
			if wrong := wrongAnswer(q, sofar, answer); wrong != "" {
				a.say(wrong)
				continue
			}
			*value = answer
			return nil
		}
	}
}
