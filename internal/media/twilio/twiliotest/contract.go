package twiliotest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/coder/websocket"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
)

// What the contract of media backends asks of a Client once it is in.

// keyFrame begins a VP8 key frame of 16 by 16 pixels.
var keyFrame = append([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00}, make([]byte, 200)...)

// Publish implements mediatest.Client: it sends a packet every 20 milliseconds
// until the connection ends.
func (c *Client) Publish(source mediatest.Source) error {
	c.mu.Lock()
	if slices.Contains(c.published, source) {
		c.mu.Unlock()
		return errors.New("published already")
	}
	c.published = append(c.published, source)
	c.revision++
	c.mu.Unlock()
	if err := c.update(context.Background()); err != nil {
		return err
	}
	data := keyFrame
	if source == mediatest.Microphone {
		data = make([]byte, 80)
	}
	c.running.Go(func() {
		const interval = 20 * time.Millisecond
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-c.done:
				return
			case <-tick.C:
				_ = c.tracks[source].WriteSample(pionmedia.Sample{Data: data, Duration: interval}) // before the way stands
			}
		}
	})
	return nil
}

// Received implements mediatest.Client.
func (c *Client) Received(from media.ParticipantID, source mediatest.Source) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for sid, published := range c.sources {
		if published == (publishedSource{string(from), source.String()}) {
			sum += c.received[c.subscribe[sid]]
		}
	}
	return sum
}

// Others implements mediatest.Client.
func (c *Client) Others() []media.ParticipantID {
	c.mu.Lock()
	defer c.mu.Unlock()
	var others []media.ParticipantID
	for sid, p := range c.others {
		if sid != c.sid && p.State != disconnected {
			others = append(others, media.ParticipantID(p.Identity))
		}
	}
	slices.Sort(others)
	return others
}

// Leave implements mediatest.Client.
func (c *Client) Leave() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// What fails here has failed before: the connection is over.
	_ = c.send(ctx, message{Type: "disconnect", Session: c.session})
	_ = c.put(ctx, frame{Type: "bye"})
	_ = c.conn.Close(websocket.StatusNormalClosure, "")
	c.cancel()
	c.running.Wait()
	_ = c.pc.GracefulClose()
}
