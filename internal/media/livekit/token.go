package livekit

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/livekit/protocol/auth"
	"github.com/livekit/protocol/livekit"

	"foyer/internal/media"
)

// member is one participant of one room.
type member struct {
	room media.RoomID
	id   media.ParticipantID
}

// errExpired is returned for a token of Foyer's whose time has passed.
var errExpired = errors.New("token expired")

// tokens signs and verifies the tokens that open the gate: JSON Web Tokens
// (RFC 7519) with HMAC-SHA-256. To the LiveKit client they are opaque. Their
// claims are not those of a LiveKit token, and their key is derived for this
// use alone, so that neither can ever pass for the other.
type tokens struct {
	key    []byte
	parser *jwt.Parser
}

// issuer is the "iss" claim of a gate token.
const issuer = "foyer-gate"

// maxToken bounds a token, in bytes: those that Foyer signs have less than half.
const maxToken = 1 << 10

type gateClaims struct {
	jwt.RegisteredClaims
	Room string `json:"room"`
}

func newTokens(key []byte) tokens {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("foyer media gate token 1"))
	return tokens{
		key: mac.Sum(nil),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithIssuer(issuer), jwt.WithExpirationRequired(), jwt.WithStrictDecoding(),
		),
	}
}

// sign returns a token for m. Its expiry is a whole second, not later than ttl
// from now.
func (t tokens) sign(m member, ttl time.Duration) (token string, expires time.Time, err error) {
	if !valid(m) {
		return "", time.Time{}, fmt.Errorf("room %q or identity %q is malformed", m.room, m.id)
	}
	expires = time.Now().Add(ttl).Truncate(time.Second)
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, gateClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: string(m.id), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Room: string(m.room),
	}).SignedString(t.key)
	return token, expires, err
}

// verify returns whom token is for. The error is errExpired or
// media.ErrForged.
func (t tokens) verify(token string) (member, error) {
	if len(token) > maxToken {
		return member{}, media.ErrForged
	}
	var claims gateClaims
	_, err := t.parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return t.key, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return member{}, errExpired
	case err != nil:
		return member{}, media.ErrForged
	}
	m := member{media.RoomID(claims.Room), media.ParticipantID(claims.Subject)}
	if !valid(m) {
		return member{}, media.ErrForged
	}
	return m, nil
}

// maxName bounds the names of rooms and participants, in bytes.
const maxName = 128

// valid reports whether both names are made of what media promises.
func valid(m member) bool {
	named := func(name string) bool {
		return name != "" && len(name) <= maxName && !strings.ContainsFunc(name, func(r rune) bool {
			return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
		})
	}
	return named(string(m.room)) && named(string(m.id))
}

// hopTTL is the life of the token with which the gate opens its way to LiveKit.
const hopTTL = 10 * time.Second

// hopToken returns a token with which LiveKit admits p to room, with exactly
// what p may.
func hopToken(key, secret string, room media.RoomID, p media.Participant) (string, error) {
	may := permission(p.May)
	no := false
	grant := &auth.VideoGrant{
		RoomJoin: true, Room: string(room),
		CanPublish: &may.CanPublish, CanSubscribe: &may.CanSubscribe,
		CanPublishData: &no, CanUpdateOwnMetadata: &no,
	}
	grant.SetCanPublishSources(may.CanPublishSources)
	return auth.NewAccessToken(key, secret).
		SetIdentity(string(p.ID)).SetName(p.Name).SetVideoGrant(grant).SetValidFor(hopTTL).ToJWT()
}

// permission returns LiveKit's words for may. Everyone receives.
func permission(may media.Permissions) *livekit.ParticipantPermission {
	var sources []livekit.TrackSource
	if may.Microphone {
		sources = append(sources, livekit.TrackSource_MICROPHONE)
	}
	if may.Camera {
		sources = append(sources, livekit.TrackSource_CAMERA)
	}
	if may.Share {
		sources = append(sources, livekit.TrackSource_SCREEN_SHARE, livekit.TrackSource_SCREEN_SHARE_AUDIO)
	}
	return &livekit.ParticipantPermission{
		CanSubscribe: true,
		// With CanPublish, no sources would mean all of them.
		CanPublish:        len(sources) > 0,
		CanPublishSources: sources,
	}
}

// allowed is the inverse of permission.
func allowed(p *livekit.ParticipantPermission) media.Permissions {
	var may media.Permissions
	if !p.GetCanPublish() {
		return may
	}
	if len(p.CanPublishSources) == 0 {
		return media.Permissions{Microphone: true, Camera: true, Share: true}
	}
	for _, source := range p.CanPublishSources {
		switch source {
		case livekit.TrackSource_MICROPHONE:
			may.Microphone = true
		case livekit.TrackSource_CAMERA:
			may.Camera = true
		case livekit.TrackSource_SCREEN_SHARE:
			may.Share = true
		}
	}
	return may
}
