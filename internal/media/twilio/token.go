package twilio

import (
	"time"

	"github.com/twilio/twilio-go/client/jwt"

	"foyer/internal/media"
)

// The bounds of a token's life, in place of what the caller asks.
const (
	minTTL = time.Second
	maxTTL = 10 * time.Minute
)

// early is how long before now a token begins to be good: clocks differ.
const early = 30 * time.Second

// sign returns an access token for one participant of one room, and when it
// expires.
func (b *Backend) sign(room media.RoomID, id media.ParticipantID, ttl time.Duration, now time.Time) (string, time.Time, error) {
	expires := now.Add(min(max(ttl, minTTL), maxTTL)).Truncate(time.Second)
	token := jwt.CreateAccessToken(jwt.AccessTokenParams{
		AccountSid:    b.AccountSID,
		SigningKeySid: b.APIKeySID,
		Secret:        b.APIKeySecret,
		Identity:      string(id),
		Nbf:           float64(now.Add(-early).Unix()),
		// Not Ttl: twilio-go raises that to an hour.
		ValidUntil: float64(expires.Unix()),
		Grants:     []jwt.BaseGrant{&jwt.VideoGrant{Room: string(room)}},
	})
	claims := token.Payload()
	claims["iat"] = float64(now.Unix()) // twilio-go leaves it out; Twilio's helper for Node does not
	text, err := jwt.SignTokenWithHMAC(token.Headers(), claims, b.APIKeySecret)
	return text, expires, err
}
