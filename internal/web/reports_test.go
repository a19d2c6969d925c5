package web

import (
	"strconv"
	"testing"
	"time"
)

func TestReportsAreRememberedForAWhile(t *testing.T) {
	t.Parallel()
	var r reports
	begin := time.Now()
	for _, step := range []struct {
		id    string
		after time.Duration
		want  bool
	}{
		{"a", 0, true}, {"a", 0, false}, {"b", time.Second, true}, {"a", reportsKept, false},
		{"b", reportsKept + time.Minute, false}, {"c", 2 * reportsKept, true}, {"c", 3 * reportsKept, false},
		{"a", 5 * reportsKept, true}, // forgotten
	} {
		if got := r.isNew(step.id, begin.Add(step.after)); got != step.want {
			t.Errorf("%q after %v: new: %v", step.id, step.after, got)
		}
	}
	for i := range 10_000 {
		r.isNew(strconv.Itoa(i), begin.Add(time.Duration(i)*time.Minute))
	}
	if got := len(r.recent) + len(r.older); got > 25 {
		t.Errorf("%d of a week are still remembered", got)
	}
}
