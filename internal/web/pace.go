package web

import (
	"cmp"
	"net/http"
	"time"
)

// Pace is how long what a server does may take. What is zero has the usual value;
// another one is for tests, where a busy machine takes long.
type Pace struct {
	// Read and Write are how long a connection may stand still.
	Read, Write time.Duration
	// Ready is how long the database and the media services may take to say that they
	// are ready.
	Ready time.Duration
	// Minute is how long that minute is in which requests are counted that are so
	// many a minute.
	Minute time.Duration
}

func (p Pace) orUsual() Pace {
	return Pace{
		Read:   cmp.Or(p.Read, 15*time.Second),
		Write:  cmp.Or(p.Write, 30*time.Second),
		Ready:  cmp.Or(p.Ready, 2*time.Second),
		Minute: cmp.Or(p.Minute, time.Minute),
	}
}

// putOff puts off the deadlines. A recorder in a test has none to set.
func (p Pace) putOff(control *http.ResponseController) {
	_ = control.SetReadDeadline(time.Now().Add(p.Read))
	_ = control.SetWriteDeadline(time.Now().Add(p.Write))
}
