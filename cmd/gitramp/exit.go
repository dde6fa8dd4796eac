package main

import (
	"context"
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
	exitWaiting  = 4
	exitConflict = 5
	exitRefused  = 6
	exitNetwork  = 7

	exitInterrupted = 128 + 2 // SIGINT, as a shell has it
)

// found ends a check that has printed what it found.
type found struct{ text string }

func (e found) Error() string { return e.text }

// waits ends a verb that has printed what it waits for.
type waits struct{ text string }

func (e waits) Error() string { return e.text }

func usage(format string, args ...any) error {
	return app.Usage{Text: fmt.Sprintf(format, args...)}
}

// exitCode is the documented code for an error; of several the first of 1 7 6 5 3 2 4.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		codes := map[int]bool{}
		for _, e := range list.Unwrap() {
			codes[exitCode(e)] = true
		}
		for _, code := range []int{exitInternal, exitNetwork, exitRefused, exitConflict, exitFinding, exitUsage, exitWaiting} {
			if codes[code] {
				return code
			}
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case is[app.Usage](err), is[*git.Usage](err):
		return exitUsage
	case is[render.SpecError](err), is[*dir.Outside](err), is[*git.Outside](err), is[found](err), is[app.Unsafe](err):
		return exitFinding
	case is[waits](err):
		return exitWaiting
	case is[app.Conflict](err), is[*git.Conflict](err), is[*git.Raced](err), is[*dir.Drift](err):
		return exitConflict
	case is[*git.Refusal](err):
		return exitRefused
	case is[*git.Unreachable](err):
		return exitNetwork
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
	if err == nil || strings.Trim(err.Error(), "\n") == "" {
		return code
	}
	if c.output == "json" {
		c.errorJSON(err, code)
		return code
	}
	for _, line := range strings.Split(err.Error(), "\n") {
		if line != "" {
			fmt.Fprintln(c.err, "gitramp: "+line)
		}
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
		if e.Error() == "" {
			continue
		}
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
