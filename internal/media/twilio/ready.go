package twilio

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	video "github.com/twilio/twilio-go/rest/video/v1"
	"golang.org/x/sync/semaphore"

	"foyer/internal/media"
)

const (
	accountShape = "TWILIO_ACCOUNT_SID is no account SID: those are AC and 32 more letters and digits."
	keySIDShape  = "TWILIO_API_KEY_SID is no API key SID: those are SK and 32 more letters and digits."
	secretShape  = "TWILIO_API_KEY_SECRET is no API key secret: those are letters and digits only."
	otherAccount = "The API key belongs to another account than TWILIO_ACCOUNT_SID names: calls would be refused."
)

var (
	sidPattern    = regexp.MustCompile(`^(AC|SK)[0-9a-fA-F]{32}$`)
	secretPattern = regexp.MustCompile(`^[0-9a-zA-Z]+$`)
)

// suspect says what can be seen to be wrong with the credentials without asking
// Twilio: twilio-go panics for want of some of them.
func (b *Backend) suspect() error {
	switch {
	case !sidPattern.MatchString(b.AccountSID) || !strings.HasPrefix(b.AccountSID, "AC"):
		return &media.Misconfigured{Advice: accountShape}
	case !sidPattern.MatchString(b.APIKeySID) || !strings.HasPrefix(b.APIKeySID, "SK"):
		return &media.Misconfigured{Advice: keySIDShape}
	case !secretPattern.MatchString(b.APIKeySecret):
		return &media.Misconfigured{Advice: secretShape}
	}
	return nil
}

// checkAccount refuses a room that was made in another account than tokens are
// for: the key opens that account, and Twilio would refuse every token.
func (b *Backend) checkAccount(sid *string) error {
	if sid != nil && !strings.EqualFold(*sid, b.AccountSID) {
		return &media.Misconfigured{Advice: otherAccount}
	}
	return nil
}

// readiness remembers for a moment what Twilio answered, so that whoever asks
// often does not ask Twilio as often.
type readiness struct {
	turn  *semaphore.Weighted // whose turn it is to look
	asked time.Time
	err   error

	goodFor time.Duration // an answer holds
}

func newReadiness() *readiness {
	return &readiness{turn: semaphore.NewWeighted(1), goodFor: 5 * time.Second}
}

// Ready implements media.Backend.
func (b *Backend) Ready(ctx context.Context) error {
	if err := b.suspect(); err != nil {
		return err
	}
	if err := b.ready.turn.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%w: %w", media.ErrUnavailable, err)
	}
	defer b.ready.turn.Release(1)
	if time.Since(b.ready.asked) < b.ready.goodFor {
		return b.ready.err
	}
	err := b.probe(ctx)
	if ctx.Err() == nil { // else it says more about who asked
		b.ready.asked, b.ready.err = time.Now(), err
	}
	return err
}

// probe asks for one room: the least that needs the API key.
func (b *Backend) probe(ctx context.Context) error {
	params := (&video.ListRoomParams{}).SetPageSize(1)
	listed, err := call(ctx, b, "ready", func(api *video.ApiService) (*video.ListRoomResponse, error) {
		return api.PageRoom(params, "", "")
	})
	if err != nil {
		return err
	}
	for _, room := range listed.Rooms {
		return b.checkAccount(room.AccountSid)
	}
	return nil
}
