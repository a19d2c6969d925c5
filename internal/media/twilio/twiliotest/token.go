package twiliotest

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// longestLife is how long Twilio lets an access token live.
const longestLife = 24 * time.Hour

// claims are those of an access token.
type claims struct {
	jwt.RegisteredClaims
	Grants struct {
		Identity string `json:"identity"`
		Video    *struct {
			Room string `json:"room"`
		} `json:"video"`
	} `json:"grants"`
}

func badToken(code int, message string) *Error {
	return &Error{http.StatusUnauthorized, code, message}
}

// verify checks an access token as the signalling service does, by the codes of
// its refusals.
func (a Account) verify(token string) (claims, error) {
	var c claims
	parsed, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return []byte(a.KeySecret), nil },
		jwt.WithValidMethods([]string{"HS256"}))
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed) || parsed == nil:
		return c, badToken(20101, "Invalid Access Token")
	case parsed.Header["cty"] != "twilio-fpa;v=1" || parsed.Header["alg"] != "HS256":
		return c, badToken(20102, "Invalid Access Token header")
	case c.Issuer != a.KeySID || c.Subject != a.SID:
		return c, badToken(20103, "Invalid Access Token issuer/subject")
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return c, badToken(20107, "Invalid Access Token signature")
	case errors.Is(err, jwt.ErrTokenExpired) || c.ExpiresAt == nil:
		return c, badToken(20104, "Access Token expired or expiration date invalid")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return c, badToken(20105, "Access Token not yet valid")
	case err != nil:
		return c, badToken(20101, fmt.Sprintf("Invalid Access Token: %v", err))
	case time.Until(c.ExpiresAt.Time) > longestLife:
		return c, badToken(20157, "Expiration time in the Access Token exceeds the maximum time allowed")
	case c.Grants.Identity == "" || c.Grants.Video == nil:
		return c, badToken(20106, "Invalid Access Token grants")
	}
	return c, nil
}
