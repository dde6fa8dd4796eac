package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gitramp/gitramp/cmd/internal/app"
	"github.com/gitramp/gitramp/cmd/internal/dir"
	"github.com/gitramp/gitramp/cmd/internal/git"
	"github.com/gitramp/gitramp/render"
)

// The exit codes. help exit-codes prints what they mean.
const (
	exitDone     = 0
	exitInternal = 1
	exitUsage    = 2
	exitFinding  = 3
	exitConflict = 5
	exitRefused  = 6
)

// found ends a check that has printed what it found.
type found struct{ text string }

func (e found) Error() string { return e.text }

func usage(format string, args ...any) error {
	return app.Usage{Text: fmt.Sprintf(format, args...)}
}

// exitCode is the documented code for an error; of several the first of 1 6 5 3 2.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		codes := map[int]bool{}
		for _, e := range list.Unwrap() {
			codes[exitCode(e)] = true
		}
		for _, code := range []int{exitInternal, exitRefused, exitConflict, exitFinding, exitUsage} {
			if codes[code] {
				return code
			}
		}
	}
	switch {
	case is[app.Usage](err), is[*git.Usage](err):
		return exitUsage
	case is[render.SpecError](err), is[*dir.Outside](err), is[*git.Outside](err), is[found](err):
		return exitFinding
	case is[app.Conflict](err), is[*git.Conflict](err), is[*dir.Drift](err):
		return exitConflict
	case is[*git.Refusal](err):
		return exitRefused
	}
	return exitInternal
}

func is[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

// finish prints an error, as lines or as JSON, and returns the exit code.
func (c *cli) finish(err error) int {
	code := exitCode(err)
	if err == nil || err.Error() == "" {
		return code
	}
	if c.output == "json" {
		c.errorJSON(err, code)
		return code
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintln(c.err, "gitramp: "+line)
	}
	return code
}

// errorJSON is the same content for programs.
func (c *cli) errorJSON(err error, code int) {
	type one struct {
		render.FieldError
		Message string `json:"message"`
	}
	var list []one
	for _, e := range flatten(err) {
		var spec render.SpecError
		if !errors.As(e, &spec) {
			list = append(list, one{Message: e.Error()})
			continue
		}
		for _, fe := range spec {
			list = append(list, one{fe, fe.Error()})
		}
	}
	data, _ := json.MarshalIndent(map[string]any{"apiVersion": render.APIVersion, "kind": "Error", "exitCode": code, "errors": list}, "", "  ")
	fmt.Fprintf(c.err, "%s\n", data)
}

func flatten(err error) []error {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range list.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
