// Command mutants breaks one rule at a time, in a copy of the repository, and runs the test that should notice: a rule whose loss nobody notices is not tested.
//
//	go -C tests/mutants run .              all of mutants.txt
//	go -C tests/mutants run . withdrawn    those whose names match
//
// mutants.txt says what is edited, and which test has to fail. An edit that does not fit any more, or does not compile, is an error, not a success.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	jobs := flag.Int("j", 2, "`mutants` that are tried at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, strings.Join(flag.Args(), " "), *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run tries the mutants whose names match, each worker in a copy of its own.
func run(ctx context.Context, word string, jobs int) error {
	text, err := os.ReadFile("mutants.txt")
	if err != nil {
		return err
	}
	all, err := parse(string(text))
	if err != nil {
		return err
	}
	if err := fit("../..", all); err != nil {
		return err
	}
	wanted, err := regexp.Compile(word)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(all, func(m mutant) bool { return !wanted.MatchString(m.name) })
	root, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	work, tried := make(chan mutant), make(chan error)
	for i := range jobs {
		dir := filepath.Join(root, fmt.Sprint(i))
		if err := copyRepository(ctx, "../..", dir); err != nil {
			return err
		}
		if i == 0 {
			if err := sound(ctx, dir, list); err != nil {
				return err
			}
		}
		go func() {
			for m := range work {
				tried <- m.report(ctx, dir)
			}
		}()
	}
	go func() {
		for _, m := range list {
			work <- m
		}
	}()
	var bad []error
	for range list {
		if err := <-tried; err != nil {
			bad = append(bad, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	fmt.Printf("%d mutants, %d noticed\n", len(list), len(list)-len(bad))
	return errors.Join(bad...)
}

// report tries a mutant and prints what became of it.
func (m mutant) report(ctx context.Context, root string) error {
	start, verdict := time.Now(), "noticed"
	err := m.try(ctx, root)
	if err != nil {
		verdict = err.Error()
		err = fmt.Errorf("%s: %w", m.name, err)
	}
	fmt.Printf("%-70s %-40s %5.1fs  %s\n", m.name, m.test(), time.Since(start).Seconds(), verdict)
	return err
}

// copyRepository copies what git knows and what it would add, as it lies.
func copyRepository(ctx context.Context, from, to string) error {
	cmd := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = from
	names, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w", err)
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(to, filepath.Dir(name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fit says whether every edit can be made, also of those that are not tried: what it breaks is there.
func fit(root string, list []mutant) error {
	var errs []error
	for _, m := range list {
		text, err := os.ReadFile(filepath.Join(root, m.file))
		if err == nil {
			_, err = m.edit(string(text))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.name, err))
		}
	}
	return errors.Join(errs...)
}

// sound says whether every test passes as long as nothing is broken.
func sound(ctx context.Context, root string, list []mutant) error {
	seen := map[string]bool{}
	for _, m := range list {
		if seen[m.test()] {
			continue
		}
		seen[m.test()] = true
		if out, err := m.run(ctx, root); err != nil || bytes.Contains(out, []byte("no tests to run")) {
			return fmt.Errorf("%s does not pass as it is: %v\n%s", m.test(), err, out)
		}
	}
	return nil
}
