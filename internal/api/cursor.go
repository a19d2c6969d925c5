package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"foyer/internal/input"
	"foyer/internal/words"
)

// A cursor is a place in a list, signed together with which list it is of: what
// did not come from an answer about that list is refused, and no program can take
// what is in it for anything to rely on.

// markBytes is how much of the signature a cursor carries.
const markBytes = 16

func (a *API) mark(list, place string) []byte {
	mac := hmac.New(sha256.New, a.Key)
	mac.Write([]byte("cursor\x00" + list + "\x00" + place))
	return mac.Sum(nil)[:markBytes]
}

// listOf names a list that there is one of for each room, or webhook.
func listOf[ID ~string](list string, of ID) string { return list + " of " + string(of) }

// next is the cursor of a place; empty for none.
func (a *API) next(list, place string) string {
	if place == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(a.mark(list, place), place...))
}

// place is the inverse of next. It returns input.Invalid with field query.after for
// what next did not make for that list.
func (a *API) place(list, cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimSpace(cursor))
	if err != nil || len(raw) <= markBytes || !hmac.Equal(raw[:markBytes], a.mark(list, string(raw[markBytes:]))) {
		return "", input.Invalid{"query.after": words.Text("api.not_a_cursor")}
	}
	return string(raw[markBytes:]), nil
}
