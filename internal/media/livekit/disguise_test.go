package livekit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/livekit/protocol/auth"

	"foyer/internal/media"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/media/mediatest"
	"foyer/internal/media/sfu/sfutest"
)

// TestDisguiseIsSeen: what was declared where the gate did not see it shows in who
// is there.
func TestDisguiseIsSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	clients := livekittest.Start(t)
	address, key, secret := r.access()
	enter := func(id string) mediatest.Client {
		token, err := auth.NewAccessToken(key, secret).SetIdentity(id).SetValidFor(time.Minute).
			SetVideoGrant(&auth.VideoGrant{RoomJoin: true, Room: string(room)}).ToJWT()
		if err != nil {
			t.Fatal(err)
		}
		c, err := clients.Enter(t, livekittest.EnterArgs{URL: address, Token: token}) // straight to the media server
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	r.connect(t, "first") // which makes the live room
	liar, honest := enter("liar"), enter("honest")
	go liar.(livekittest.Disguiser).Disguise(mediatest.Camera)
	for _, source := range []mediatest.Source{mediatest.Microphone, mediatest.Camera} {
		if err := honest.Publish(source); err != nil {
			t.Fatal(err)
		}
	}
	var live map[media.RoomID][]media.Connected
	disguised := func(id media.ParticipantID) bool {
		return slices.ContainsFunc(live[room], func(c media.Connected) bool { return c.Disguised && c.ID == id })
	}
	sfutest.Wait(t, "what is honest comes", func() bool {
		return liar.Received("honest", mediatest.Microphone) > 0 && liar.Received("honest", mediatest.Camera) > 0
	})
	sfutest.Wait(t, "the disguise is seen", func() (seen bool) {
		var err error
		live, err = r.backend.Live(t.Context(), room) // a busy machine may take longer than it has
		return err == nil && disguised("liar")
	})
	if disguised("honest") {
		t.Error("what is honest is taken for a disguise")
	}
}

// TestNothingIsSentInDisguise: whoever may only show a picture is not heard by
// declaring one and sending sound under its name, nor seen the other way round.
// What is honest still comes.
func TestNothingIsSentInDisguise(t *testing.T) {
	t.Parallel()
	for name, single := range map[string]bool{"two peer connections": false, "one peer connection": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, test := range []struct {
				source mediatest.Source
				may    media.Permissions
			}{
				{mediatest.Camera, media.Permissions{Camera: true}},
				{mediatest.Share, media.Permissions{Share: true}},
				{mediatest.Microphone, media.Permissions{Microphone: true}},
			} {
				t.Run(test.source.String(), func(t *testing.T) {
					t.Parallel()
					r := newRig(t)
					r.may = test.may
					clients := livekittest.Start(t)
					enter := func(id media.ParticipantID) mediatest.Client {
						c, err := clients.Enter(t, livekittest.EnterArgs{URL: r.url, Token: r.token(t, id), Single: single})
						if err != nil {
							t.Fatal(err)
						}
						return c
					}
					listener, liar, honest := enter("listener"), enter("liar"), enter("honest")
					go liar.(livekittest.Disguiser).Disguise(test.source)
					if err := honest.Publish(test.source); err != nil {
						t.Fatal(err)
					}
					sfutest.Wait(t, "what is honest comes", func() bool {
						return listener.Received("honest", test.source) > 100
					})
					if n := listener.Received("liar", test.source); n > 0 {
						t.Errorf("%d packets came in disguise", n)
					}
				})
			}
		})
	}
}
