package livekittest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/livekit/protocol/livekit"
	"github.com/livekit/protocol/logger"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
)

// quiet discards what LiveKit's client has to say.
var quiet = logger.LogRLogger(logr.FromSlogHandler(slog.NewTextHandler(io.Discard, nil)))

// client is a real LiveKit client that sends and counts real packets.
type client struct {
	room *lksdk.Room
	done chan struct{}
	once sync.Once
	wg   sync.WaitGroup // of the goroutines that send and count

	mu          sync.Mutex
	received    map[stream]int
	microphones []*lksdk.LocalTrackPublication
}

type stream struct {
	from   media.ParticipantID
	source livekit.TrackSource
}

var _ mediatest.Client = (*client)(nil)

// attempts is how often enter tries. On a machine with far more to do than it
// can, LiveKit's Go client now and then does not get its media connection up:
// in one of a hundred and fifty joins, straight to the media server too.
const attempts = 3

// enter connects to the gate at url.
func enter(ctx context.Context, url, token string, options ...lksdk.ConnectOption) (c *client, err error) {
	options = append(options, lksdk.WithLogger(quiet), lksdk.WithConnectTimeout(20*time.Second))
	for range attempts {
		c, err = enterOnce(ctx, url, token, options)
		if !errors.Is(err, lksdk.ErrConnectionTimeout) {
			break
		}
	}
	return c, err
}

func enterOnce(ctx context.Context, url, token string, options []lksdk.ConnectOption) (*client, error) {
	c := &client{done: make(chan struct{}), received: make(map[stream]int)}
	callback := lksdk.NewRoomCallback()
	callback.OnDisconnected = func() { c.once.Do(func() { close(c.done) }) }
	callback.OnTrackSubscribed = func(track *webrtc.TrackRemote, pub *lksdk.RemoteTrackPublication, from *lksdk.RemoteParticipant) {
		c.wg.Go(func() { c.count(track, stream{media.ParticipantID(from.Identity()), pub.Source()}) })
	}
	c.room = lksdk.NewRoom(callback)
	if err := c.room.JoinWithContextAndToken(ctx, url, token, options...); err != nil {
		return nil, err
	}
	return c, nil
}

// count counts the packets of track until it ends.
func (c *client) count(track *webrtc.TrackRemote, s stream) {
	for {
		if _, _, err := track.ReadRTP(); err != nil {
			return
		}
		c.mu.Lock()
		c.received[s]++
		c.mu.Unlock()
	}
}

// sources are LiveKit's names of what participants publish.
var sources = map[mediatest.Source]livekit.TrackSource{
	mediatest.Microphone: livekit.TrackSource_MICROPHONE,
	mediatest.Camera:     livekit.TrackSource_CAMERA,
	mediatest.Share:      livekit.TrackSource_SCREEN_SHARE,
}

// keyFrame begins a VP8 key frame of 16 by 16 pixels: enough for the SFU, which
// looks at no more.
var keyFrame = append([]byte{0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00}, make([]byte, 200)...)

// Publish sends a packet every 20 milliseconds until the connection ends.
func (c *client) Publish(source mediatest.Source) error {
	track, data, err := newTrack(source == mediatest.Microphone)
	if err != nil {
		return err
	}
	if err := c.publish(source, track); err != nil {
		return err
	}
	c.wg.Go(func() { c.send(track, data) })
	return nil
}

// Disguise sends under the name of source, as what source is declared to be,
// what it is not: sound as a picture, or a picture as sound. The error is that
// of being refused at once.
func (c *client) Disguise(source mediatest.Source) error {
	track, data, err := newTrack(source != mediatest.Microphone)
	if err != nil {
		return err
	}
	c.wg.Go(func() { c.send(track, data) })
	return c.publish(source, &disguised{LocalTrack: track})
}

// disguised is a track that LiveKit's client declares as the other kind: that is
// asked for first, and what the offer is made of afterwards.
type disguised struct {
	*lksdk.LocalTrack
	declared bool
}

// Kind implements webrtc.TrackLocal.
func (d *disguised) Kind() webrtc.RTPCodecType {
	kind := d.LocalTrack.Kind()
	if d.declared {
		return kind
	}
	d.declared = true
	if kind == webrtc.RTPCodecTypeAudio {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}

// newTrack returns a track of sound or of pictures, and what a packet of it has.
func newTrack(sound bool) (*lksdk.LocalTrack, []byte, error) {
	capability, data := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, keyFrame
	if sound {
		capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		data = make([]byte, 80)
	}
	track, err := lksdk.NewLocalTrack(capability)
	return track, data, err
}

// publish has track published as source.
func (c *client) publish(source mediatest.Source, track webrtc.TrackLocal) error {
	published := make(chan error, 1)
	go func() { // waits longer for a refusal than the test may
		publication, err := c.room.LocalParticipant.PublishTrack(track, &lksdk.TrackPublicationOptions{
			Name: source.String(), Source: sources[source], VideoWidth: 16, VideoHeight: 16,
		})
		if err == nil && source == mediatest.Microphone {
			c.mu.Lock()
			c.microphones = append(c.microphones, publication)
			c.mu.Unlock()
		}
		published <- err
	}()
	select {
	case err := <-published:
		return err
	case <-c.done:
		return errors.New("disconnected")
	}
}

func (c *client) send(track *lksdk.LocalTrack, data []byte) {
	const interval = 20 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-ticker.C:
			// After the track was taken away this has no effect.
			track.WriteSample(pionmedia.Sample{Data: data, Duration: interval}, nil)
		}
	}
}

func (c *client) Received(from media.ParticipantID, source mediatest.Source) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.received[stream{from, sources[source]}]
}

// Unmute implements mediatest.Unmuter.
func (c *client) Unmute() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, publication := range c.microphones {
		publication.SetMuted(false)
	}
}

func (c *client) Others() []media.ParticipantID {
	var others []media.ParticipantID
	for _, p := range c.room.GetRemoteParticipants() {
		others = append(others, media.ParticipantID(p.Identity()))
	}
	slices.Sort(others)
	return others
}

func (c *client) Done() <-chan struct{} { return c.done }

func (c *client) Leave() {
	c.room.Disconnect()
	c.once.Do(func() { close(c.done) })
	c.wg.Wait()
}
