package api

import (
	"context"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// A body that takes long says so, again and again, and is summed up whole.
func TestSummedSaysThatItComes(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("x", 5)
	said := 0
	body := &summed{ReadCloser: io.NopCloser(iotest.OneByteReader(strings.NewReader(text))), sum: sha256.New(), said: time.Now(), say: func() { said++ }}
	for _, late := range []bool{false, true, false, true, false} {
		if late {
			body.said = time.Now().Add(-abandonedAfter / 3)
		}
		if _, err := body.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
	}
	if said != 2 || body.read != 5 {
		t.Errorf("said %d times, read %d", said, body.read)
	}
	if want := sha256.Sum256([]byte(text)); string(body.sum.Sum(nil)) != string(want[:]) {
		t.Error("the sum is another")
	}
}

// What outlives its client does so for a while.
func TestOutliving(t *testing.T) {
	t.Parallel()
	client, gone := context.WithCancel(t.Context())
	brief, cancel := outliving(client, time.Millisecond)
	defer cancel()
	long, done := outliving(client, time.Hour)
	gone()
	<-brief.Done()
	if long.Err() != nil {
		t.Error("it ends with its client")
	}
	done()
	if long.Err() == nil {
		t.Error("it goes on when it is done")
	}
}
