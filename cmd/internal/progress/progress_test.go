package progress

import (
	"bytes"
	"sync"
	"testing"
	"time"
)

// screen is a writer that can be read meanwhile.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func run(redraw bool, ticks int) string {
	s := &screen{}
	clock := make(chan time.Time)
	c := Start(Options{To: s, Redraw: redraw, Ticks: func() (<-chan time.Time, func()) { return clock, func() {} }}, "specs", 3)
	for range ticks {
		c.Add()
		clock <- time.Date(2026, 11, 23, 10, 31, 7, 0, time.UTC)
	}
	c.Stop()
	c.Stop()
	return s.text.String()
}

// TestCounter: a terminal is left as it was, a log gets lines with the time, and short work is not mentioned.
func TestCounter(t *testing.T) {
	for _, c := range []struct {
		redraw bool
		ticks  int
		want   string
	}{
		{true, 0, ""},
		{false, 0, ""},
		{true, 2, "\r\x1b[Kgitramp: 1 of 3 specs\r\x1b[Kgitramp: 2 of 3 specs\r\x1b[K"},
		{false, 2, "gitramp: 10:31:07 1 of 3 specs\ngitramp: 10:31:07 2 of 3 specs\n"},
	} {
		if got := run(c.redraw, c.ticks); got != c.want {
			t.Errorf("redraw %v, %d ticks: %q, want %q", c.redraw, c.ticks, got, c.want)
		}
	}
}

// TestNil: who has no counter counts nothing.
func TestNil(t *testing.T) {
	var c *Counter
	c.Add()
	c.Stop()
}

// TestRealClock: work that ends before the patience does is not mentioned, and nothing is left behind.
func TestRealClock(t *testing.T) {
	s := &screen{}
	c := Start(Options{To: s, Redraw: true}, "specs", 1)
	c.Add()
	c.Stop()
	if s.text.Len() > 0 {
		t.Errorf("it said %q", s.text.String())
	}
}
