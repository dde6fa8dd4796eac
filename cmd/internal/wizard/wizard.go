// Package wizard asks what a first spec cannot be written without: on a terminal, or by naming the flags that are missing.
//
// It judges no answer itself: each is put into a spec that is right otherwise, for render.ParseSpec to judge.
package wizard

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/render"
	"github.com/gitramp/gitramp/render/route"
	"github.com/gitramp/gitramp/render/starter"
)

// Question is one answer: its flag, what is asked on a terminal, and what stands where nothing is said.
type Question struct {
	Flag      string
	ask       string
	otherwise string // "" with need: there is no default
	need      bool
	field     string // of the spec, for errors
	Answer    func(*starter.Answers) *string
	skip      func(starter.Answers) bool
}

// Usage is what the flag's help says.
func (q Question) Usage() string {
	switch {
	case q.Flag == "name":
		return q.ask + " (default: the folder's, where an app can be called so)"
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

// Questions are all of them, in the order in which they are asked.
var Questions = slices.Concat([]Question{
	{"name", "the app's name", "", true, "metadata.name", func(a *starter.Answers) *string { return &a.Name }, nil},
	{"namespace", "its namespace", "", false, "metadata.namespace", func(a *starter.Answers) *string { return &a.Namespace }, nil},
	{"image", "the image that should run", "", true, "spec.image", func(a *starter.Answers) *string { return &a.Image }, nil},
	{"stable", "the image that runs now", "", false, "spec.stable", func(a *starter.Answers) *string { return &a.Stable }, nil},
	{"port", "the port that the container listens on", "8080", false, "spec.port", func(a *starter.Answers) *string { return &a.Port }, nil},
	{"replicas", "prod's number of pods", "2", false, "spec.replicas", func(a *starter.Answers) *string { return &a.Replicas }, nil},
	{"router", "the router: " + strings.Join(route.Names(), " or "), route.Names()[0], false, "spec.route.router", func(a *starter.Answers) *string { return &a.Router }, nil},
}, askedByRouters(), []Question{
	{"host", "the host that the app answers for", "", true, "spec.route.host", func(a *starter.Answers) *string { return &a.Host }, nil},
	{"weights", "the weights of the ramp, in percent", "20,50", false, "spec.steps", func(a *starter.Answers) *string { return &a.Weights }, nil},
	{"pause", "how long each weight but the first stands", "10m", false, "spec.steps", func(a *starter.Answers) *string { return &a.Pause }, nil},
})

// askedByRouters are the questions that only one router has.
func askedByRouters() []Question {
	var list []Question
	for _, name := range route.Names() {
		for _, ask := range asks(name) {
			list = append(list, Question{ask.Flag, ask.Text + " (" + name + ")", ask.Default, ask.Default == "", "spec.route." + ask.Field,
				func(a *starter.Answers) *string { return a.Asked(ask.Flag) }, otherRouter(name)})
		}
	}
	return list
}

// asks are the questions of a router; one that there is not has none.
func asks(name string) []route.Ask {
	router, err := route.ByName(name)
	if err != nil {
		return nil
	}
	return router.Asks()
}

// Fill answers what no flag says: by asking where there is somebody to ask, else with the defaults. folder is where the spec goes; an app is called after it.
func Fill(ctx context.Context, a *starter.Answers, folder string, given func(flag string) bool, ask *Asker) error {
	var missing []string
	for _, q := range Questions {
		value := q.Answer(a)
		switch given := given(q.Flag); {
		case q.skip != nil && q.skip(*a):
			if given {
				return app.Usage{Text: "--" + q.Flag + " is nothing for --router " + a.Router}
			}
			continue
		case given:
			continue
		}
		if q.Flag == "name" {
			q.otherwise = nameOf(folder)
		}
		switch {
		case ask != nil:
			if err := ask.until(ctx, q, *a, value); err != nil {
				return err
			}
		case q.otherwise == "" && q.need:
			missing = append(missing, "--"+q.Flag)
		default:
			*value = q.otherwise
		}
	}
	if missing != nil {
		return app.Usage{Text: strings.Join(missing, ", ") + " missing, and there is no terminal to ask on: see gitramp init --help"}
	}
	return nil
}

// nameOf is the name of a folder where an app can be called so.
func nameOf(folder string) string {
	full, err := filepath.Abs(folder)
	if err != nil {
		return ""
	}
	name := filepath.Base(full)
	if wrongAnswer(Question{field: "metadata.name", Answer: func(a *starter.Answers) *string { return &a.Name }}, starter.Answers{}, name) != "" {
		return ""
	}
	return name
}

// wrongAnswer is what the spec's own rules say of an answer, beside answers that are right; "" where it is right.
func wrongAnswer(q Question, a starter.Answers, value string) string {
	sample := starter.Answers{Name: "app", Image: "app:2", Port: "8080", Replicas: "2", Host: "app.example.com", Router: a.Router, Weights: "20,50", Pause: "10m"}
	if sample.Router == "" {
		sample.Router = route.Names()[0]
	}
	*q.Answer(&sample) = value
	for _, ask := range asks(sample.Router) {
		if answer := sample.Asked(ask.Flag); *answer == "" {
			*answer = ask.Example
		}
	}
	_, err := render.ParseSpec("answer", []byte(starter.Spec(sample)))
	var list render.SpecError
	if !errors.As(err, &list) {
		return ""
	}
	e := list[0]
	return e.Problem + ": allowed " + e.Allowed
}

// Blame says of the errors of a spec which flags are wrong.
func Blame(err error) error {
	var list render.SpecError
	if !errors.As(err, &list) {
		return err
	}
	var lines []string
	for _, e := range list {
		flag := e.Field
		for _, q := range Questions {
			if strings.HasPrefix(e.Field, q.field) {
				flag = "--" + q.Flag
			}
		}
		if strings.Contains(e.Field, ".setWeight") {
			flag = "--weights"
		}
		lines = append(lines, flag+": "+e.Problem+": allowed "+e.Allowed)
	}
	return app.Usage{Text: strings.Join(lines, "\n")}
}

// errEnded: nobody answers any more.
var errEnded = app.Usage{Text: "the input has ended: nothing is written"}

// errInterrupted is as git and shells have it: the user broke off, and did nothing wrong.
var errInterrupted error = interrupted{}

type interrupted struct{}

func (interrupted) Error() string { return "interrupted, and nothing is written" }
func (interrupted) Unwrap() error { return context.Canceled }

// until asks until the answer is right.
func (a *Asker) until(ctx context.Context, q Question, sofar starter.Answers, value *string) error {
	for {
		what := q.ask
		if !q.need && q.otherwise == "" {
			what += " (empty for none)"
		}
		answer, err := a.ask(ctx, what, q.otherwise)
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
