// Command bench compares the CPU that gitramp needs with the CPU of what it replaces and of the floor under it: see README.md.
//
// Every number is user+sys of a whole process tree, from wait4. The contenders run in turns, A B A B, each in a repository of its own. Outside of the timing
// their results are compared: a contender that did not do the work makes the program fail, a slow machine does not.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// options is how the program was asked.
type options struct {
	runs    int
	apps    []int
	only    string
	gitramp string
	json    bool
}

func main() {
	o := parse(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parse ends the program where it cannot be run as asked.
func parse(args []string) options {
	o := options{apps: []int{100, 1000}}
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.IntVar(&o.runs, "n", 5, "`runs` of each contender")
	f.Func("apps", "`sizes` of the fleet, such as 100,1000,10000 (default 100,1000)", func(text string) (err error) {
		o.apps, err = sizes(text)
		return err
	})
	f.StringVar(&o.only, "only", "", "run one `part`: seed, base, fleet or many")
	f.StringVar(&o.gitramp, "gitramp", "", "the gitramp to measure (default: built from ../cmd/gitramp)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.Parse(args)
	if f.NArg() > 0 || o.runs < 1 || !slices.Contains([]string{"", "seed", "base", "fleet", "many"}, o.only) {
		f.Usage()
		os.Exit(2)
	}
	return o
}

func sizes(text string) ([]int, error) {
	var list []int
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no size", word)
		}
		list = append(list, n)
	}
	return list, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	l, err := newLab(ctx, o)
	if err != nil {
		return err
	}
	defer l.close()
	r := report{Runs: o.runs}
	if r.Machine, err = l.machine(); err != nil {
		return err
	}
	if o.only == "" || o.only == "seed" {
		if r.Seed, err = l.seed(); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	if o.only == "" || o.only == "base" {
		if r.Base, err = l.base(); err != nil {
			return fmt.Errorf("base: %w", err)
		}
	}
	if o.only == "" || o.only == "fleet" {
		for _, apps := range o.apps {
			f, err := l.fleet(apps)
			if err != nil {
				return fmt.Errorf("fleet of %d: %w", apps, err)
			}
			r.Fleet = append(r.Fleet, f)
		}
	}
	if o.only == "" || o.only == "many" {
		for _, apps := range o.apps {
			m, err := l.many(apps)
			if err != nil {
				return fmt.Errorf("many, %d: %w", apps, err)
			}
			r.Many = append(r.Many, m)
		}
	}
	r.judge()
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return r.print(out)
}
