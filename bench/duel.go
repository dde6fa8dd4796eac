package main

import (
	"fmt"
	"slices"
)

// contender does the work once and says what came out. What it needs is made, and what it did is checked, outside of the timing.
type contender func() (c cost, work string, err error)

// series is the runs of one contender.
type series struct {
	CPU   float64 `json:"cpuSeconds"` // median
	Least float64 `json:"cpuSecondsLeast"`
	Most  float64 `json:"cpuSecondsMost"`
	Peak  float64 `json:"peakMiB"` // of the largest process, in any run
	costs []cost
	work  string
}

// ratio is how much more CPU the second of two contenders needs: of the medians, and the least and the most of the pairs.
type ratio struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// duel runs two contenders in turns.
func duel(runs int, first, second contender) (a, b series, r ratio, err error) {
	for range runs {
		if err = a.run(first); err != nil {
			return
		}
		if err = b.run(second); err != nil {
			return
		}
	}
	a.sum()
	b.sum()
	r.Median = b.CPU / a.CPU
	var pairs []float64
	for i := range runs {
		pairs = append(pairs, b.costs[i].cpu/a.costs[i].cpu)
	}
	r.Least, r.Most = slices.Min(pairs), slices.Max(pairs)
	return
}

// run adds a run. A contender whose result is not always the same did not always do the same work.
func (s *series) run(c contender) error {
	cost, work, err := c()
	if err != nil {
		return err
	}
	if len(s.costs) > 0 && work != s.work {
		return fmt.Errorf("two runs of the same work gave %s and %s", s.work, work)
	}
	s.costs, s.work = append(s.costs, cost), work
	return nil
}

func (s *series) sum() {
	var cpu []float64
	for _, c := range s.costs {
		cpu = append(cpu, c.cpu)
		s.Peak = max(s.Peak, c.peak)
	}
	slices.Sort(cpu)
	n := len(cpu)
	s.CPU, s.Least, s.Most = (cpu[n/2]+cpu[(n-1)/2])/2, cpu[0], cpu[n-1]
}
