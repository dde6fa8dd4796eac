// Package progress tells people on stderr how far work has come that takes longer than a second, or in a log than five.
//
// It says nothing of shorter work and nothing on stdout, and it leaves nothing on a terminal. It refuses to guess how long work will take.
package progress

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Patience is how long work goes on unmentioned on a terminal.
const Patience = time.Second

// Counter counts what is done. Nil counts nothing.
type Counter struct {
	done  atomic.Int64
	stop  func()
	total int
	what  string
}

// Options say where to.
type Options struct {
	To     io.Writer
	Redraw bool                              // To is a terminal: one line, drawn again and again, erased at the end; else a line with the time now and then
	Ticks  func() (<-chan time.Time, func()) // when to say something; nil for the real clock
}

// Start begins to count to total. Stop must follow.
func Start(o Options, what string, total int) *Counter {
	c := &Counter{total: total, what: what}
	if o.Ticks == nil {
		o.Ticks = o.realTicks
	}
	ticks, release := o.Ticks()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		c.watch(o, ticks, end)
	}()
	c.stop = sync.OnceFunc(func() {
		release()
		close(end)
		<-ended
	})
	return c
}

// Add says that one more is done.
func (c *Counter) Add() {
	if c != nil {
		c.done.Add(1)
	}
}

// Stop ends the counting and takes the line off a terminal.
func (c *Counter) Stop() {
	if c != nil {
		c.stop()
	}
}

func (c *Counter) watch(o Options, ticks <-chan time.Time, end <-chan struct{}) {
	drawn := false
	for {
		select {
		case <-end:
			if drawn && o.Redraw {
				fmt.Fprint(o.To, "\r\x1b[K")
			}
			return
		case now := <-ticks:
			text := fmt.Sprintf("%d of %d %s", c.done.Load(), c.total, c.what)
			if o.Redraw {
				fmt.Fprint(o.To, "\r\x1b[Kgitramp: "+text)
			} else {
				fmt.Fprintf(o.To, "gitramp: %s %s\n", now.Format(time.TimeOnly), text)
			}
			drawn = true
		}
	}
}

// realTicks wait for the patience and then come five times a second on a terminal, and every five seconds elsewhere, where each is a line that stays.
func (o Options) realTicks() (<-chan time.Time, func()) {
	first, every := 5*time.Second, 5*time.Second
	if o.Redraw {
		first, every = Patience, 200*time.Millisecond
	}
	ticks, stop := make(chan time.Time), make(chan struct{})
	go func() {
		wait := time.NewTimer(first)
		defer wait.Stop()
		for {
			select {
			case <-stop:
				return
			case now := <-wait.C:
				select {
				case ticks <- now:
				case <-stop:
					return
				}
				wait.Reset(every)
			}
		}
	}()
	return ticks, func() { close(stop) }
}
