package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"
)

// crowd is what bench/stage.mjs asks for: people in a room who send a film that its
// browser has encoded, since as many encoders do not fit on one machine.
type crowd struct {
	Room   string  `json:"room"`
	Count  int     `json:"count"`
	Layers []layer `json:"layers"` // the smallest first
}

// layer is one size of the film.
type layer struct {
	Width     uint32   `json:"width"`
	Height    uint32   `json:"height"`
	Bitrate   uint32   `json:"bitrate"`   // bits a second
	FrameRate int      `json:"frameRate"` // frames a second
	Frames    [][]byte `json:"frames"`    // of VP8, begins with a key frame and is repeated
}

var qualities = []livekit.VideoQuality{livekit.VideoQuality_LOW, livekit.VideoQuality_MEDIUM, livekit.VideoQuality_HIGH}

// stage reports what bench/stage.mjs measures. A line of its that begins with
// "crowd " is what it asks for.
func stage(ctx context.Context, p *program) error {
	lksdk.SetLogger(logger.LogRLogger(logr.Discard())) // it tells of every connection
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "bench/stage.mjs", p.url)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	const longestLine = 64 << 20
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, longestLine)
	var sending sync.WaitGroup
	for lines.Scan() {
		wanted, ok := strings.CutPrefix(lines.Text(), "crowd ")
		if !ok {
			fmt.Println(lines.Text())
			continue
		}
		var c crowd
		if err := json.Unmarshal([]byte(wanted), &c); err != nil {
			return err
		}
		for n := range c.Count {
			if err := c.send(ctx, p.url, fmt.Sprintf("crowd%d", n), &sending); err != nil {
				return fmt.Errorf("a crowd: %w", err)
			}
		}
	}
	err = cmd.Wait()
	cancel()
	sending.Wait()
	return err
}

// send has somebody join and send the film until ctx is done.
func (c crowd) send(ctx context.Context, origin, username string, sending *sync.WaitGroup) error {
	cookie, err := signUp(ctx, origin, username)
	if err != nil {
		return err
	}
	answer, err := join(ctx, http.DefaultTransport, origin, c.Room, cookie)
	if err != nil {
		return err
	}
	var ticket struct{ Token string }
	if err := json.Unmarshal(answer, &ticket); err != nil {
		return err
	}
	room, err := lksdk.ConnectToRoomWithToken("ws"+strings.TrimPrefix(origin, "http"), ticket.Token, &lksdk.RoomCallback{}, lksdk.WithAutoSubscribe(false))
	if err != nil {
		return err
	}
	tracks := make([]*lksdk.LocalTrack, len(c.Layers))
	for i, l := range c.Layers {
		tracks[i], err = lksdk.NewLocalTrack(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
			lksdk.WithSimulcast("film", &livekit.VideoLayer{Quality: qualities[i], Width: l.Width, Height: l.Height, Bitrate: l.Bitrate}))
		if err != nil {
			return err
		}
	}
	largest := c.Layers[len(c.Layers)-1]
	if _, err := room.LocalParticipant.PublishSimulcastTrack(tracks, &lksdk.TrackPublicationOptions{
		Name: "camera", Source: livekit.TrackSource_CAMERA, VideoWidth: int(largest.Width), VideoHeight: int(largest.Height),
	}); err != nil {
		return err
	}
	for i, track := range tracks {
		sending.Go(func() { c.Layers[i].play(ctx, track) })
	}
	context.AfterFunc(ctx, room.Disconnect)
	return nil
}

// play sends the layer's film again and again.
func (l layer) play(ctx context.Context, track *lksdk.LocalTrack) {
	interval := time.Second / time.Duration(l.FrameRate)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = track.WriteSample(media.Sample{Data: l.Frames[n%len(l.Frames)], Duration: interval}, nil) // ends with the connection
		}
	}
}
