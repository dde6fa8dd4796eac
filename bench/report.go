package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// The goals. Those of a fleet are set for one size.
const (
	seedGoal, seedStretch   = 25, 40   // times less than kustomize and git
	fleetGoal, fleetStretch = 2.0, 1.3 // times git fast-import
	fleetPeak, fleetSize    = 40, 1000 // MiB
	manyCPU, manyPeak       = 1.0, 100 // seconds, and MiB
)

type report struct {
	Machine machine        `json:"machine"`
	Runs    int            `json:"runs"`
	Seed    *seedReport    `json:"seed,omitempty"`
	Base    *baseReport    `json:"base,omitempty"`
	Fleet   []*fleetReport `json:"fleet,omitempty"`
	Many    []*manyReport  `json:"many,omitempty"`
}

type machine struct {
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
	Go        string `json:"go"`
	Git       string `json:"git"`
	Kustomize string `json:"kustomize"`
}

type seedReport struct {
	Commits   int      `json:"commits"`
	Gitramp   series   `json:"gitramp"`
	Kustomize series   `json:"kustomizeAndGit"`
	Ratio     ratio    `json:"ratio"` // kustomize and git to gitramp
	Goal      verdict  `json:"goal"`
	Stretch   verdict  `json:"stretch"`
	Alone     observed `json:"gitrampAlone"`
	Floor     floor    `json:"floor"`
}

// floor is the CPU of processes that do nothing.
type floor struct {
	Go  float64 `json:"goProcessCPUSeconds"`
	Git float64 `json:"gitProcessCPUSeconds"`
}

type fleetReport struct {
	Apps       int      `json:"apps"`
	Commits    int      `json:"commits"`
	Gitramp    series   `json:"gitramp"`
	FastImport series   `json:"fastImport"`
	Ratio      ratio    `json:"ratio"` // gitramp to fast-import
	Goal       *verdict `json:"goal,omitempty"`
	Stretch    *verdict `json:"stretch,omitempty"`
	PeakGoal   *verdict `json:"peakMiBGoal,omitempty"`
	Alone      observed `json:"gitrampAlone"`
}

type manyReport struct {
	Apps int       `json:"apps"`
	Runs []manyRun `json:"runs"`
}

type manyRun struct {
	What     string   `json:"what"`
	Gitramp  series   `json:"gitramp"`
	Git      series   `json:"gitReads"`
	Ratio    ratio    `json:"ratio"` // gitramp to git reading the same
	Goal     *verdict `json:"goal,omitempty"`
	PeakGoal *verdict `json:"peakMiBGoal,omitempty"`
}

// verdict is a goal and whether it was met.
type verdict struct {
	Goal float64 `json:"goal"`
	Met  bool    `json:"met"`
}

func (v *verdict) String() string {
	switch {
	case v == nil:
		return "-"
	case v.Met:
		return fmt.Sprintf("%v: met yes", v.Goal)
	}
	return fmt.Sprintf("%v: met no", v.Goal)
}

// judge sets the verdicts.
func (r *report) judge() {
	if s := r.Seed; s != nil {
		s.Goal = verdict{seedGoal, s.Ratio.Median >= seedGoal}
		s.Stretch = verdict{seedStretch, s.Ratio.Median >= seedStretch}
	}
	for _, f := range r.Fleet {
		if f.Apps == fleetSize {
			f.Goal = &verdict{fleetGoal, f.Ratio.Median <= fleetGoal}
			f.Stretch = &verdict{fleetStretch, f.Ratio.Median <= fleetStretch}
			f.PeakGoal = &verdict{fleetPeak, f.Alone.Peak <= fleetPeak}
		}
	}
	for _, m := range r.Many {
		for i := range m.Runs {
			if run := &m.Runs[i]; m.Apps == fleetSize {
				run.Goal, run.PeakGoal = &verdict{manyCPU, run.Gitramp.CPU <= manyCPU}, &verdict{manyPeak, run.Gitramp.Peak <= manyPeak}
			}
		}
	}
}

func (r *report) print(out io.Writer) error {
	m := r.Machine
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "%s, %d cores, %s, git %s, kustomize %s\n", m.CPU, m.Cores, m.Go, m.Git, m.Kustomize)
	fmt.Fprintf(w, "CPU: seconds, user and system, of all processes: median of %d runs in turns (least .. most)\n", r.Runs)
	if r.Seed != nil {
		r.Seed.print(w)
	}
	if r.Base != nil {
		fmt.Fprint(w, r.Base)
		w.Flush()
		fmt.Fprintf(w, "ratio %s times less\n", r.Base.Ratio)
	}
	if r.Fleet != nil {
		printFleet(w, r.Fleet)
	}
	if r.Many != nil {
		printMany(w, r.Many)
	}
	return w.Flush()
}

func (s *seedReport) print(w *tabwriter.Writer) {
	fmt.Fprintf(w, "\nseed: a whole release of one app, %d commits, on a branch that is checked out\n", s.Commits)
	fmt.Fprintf(w, "contender\tCPU\tpeak MiB\n")
	fmt.Fprintf(w, "gitramp commit\t%s\t%.1f\n", s.Gitramp, s.Alone.Peak)
	fmt.Fprintf(w, "kustomize build, git add, git commit, %d times\t%s\t%.1f\n", s.Commits, s.Kustomize, s.Kustomize.Peak)
	w.Flush()
	fmt.Fprintf(w, "ratio %s times less, goal %s, stretch %s\n", s.Ratio, &s.Goal, &s.Stretch)
	fmt.Fprintf(w, "floor: a Go process that does nothing %.4f, one of git %.4f; gitramp starts %d of git (%s)\n",
		s.Floor.Go, s.Floor.Git, len(s.Alone.Processes), strings.Join(s.Alone.Processes, ", "))
}

func printFleet(w *tabwriter.Writer, fleet []*fleetReport) {
	fmt.Fprintf(w, "\nfleet: a whole release of many apps, %d commits of all apps, into a bare repository, against a tuned git fast-import of the same stream\n", fleet[0].Commits)
	fmt.Fprintf(w, "apps\tgitramp CPU\tms per app\tfast-import CPU\tms per app\tratio\tgoal\tstretch\tpeak MiB\tgoal\n")
	for _, f := range fleet {
		perApp := func(s series) string { return strconv.FormatFloat(1000*s.CPU/float64(f.Apps), 'f', 2, 64) }
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.1f\t%s\n", f.Apps, f.Gitramp, perApp(f.Gitramp), f.FastImport, perApp(f.FastImport),
			f.Ratio, f.Goal, f.Stretch, f.Alone.Peak, f.PeakGoal)
	}
	w.Flush()
	fmt.Fprintf(w, "peak MiB: resident memory of the gitramp process alone\n")
}

func printMany(w *tabwriter.Writer, many []*manyReport) {
	fmt.Fprintf(w, "\nmany: apps of one repository, each at its second weight, against git reading the same files and the history of their locks\n")
	fmt.Fprintf(w, "apps\tverb\tgitramp CPU\tgoal\tgit CPU\tratio\tpeak MiB\tgoal\n")
	for _, m := range many {
		for _, run := range m.Runs {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%.1f\t%s\n", m.Apps, run.What, run.Gitramp, run.Goal, run.Git, run.Ratio, run.Gitramp.Peak, run.PeakGoal)
		}
	}
	w.Flush()
}

func (s series) String() string { return fmt.Sprintf("%.3f (%.3f .. %.3f)", s.CPU, s.Least, s.Most) }

func (r ratio) String() string { return fmt.Sprintf("%.2f (%.2f .. %.2f)", r.Median, r.Least, r.Most) }
