package room

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Cursor is a place in a list that is shown in pages: after the row that sorts
// by these values. The zero value is before the first row.
type Cursor struct {
	Rank int    `json:"r,omitempty"` // of members: place of their role in the list
	Name string `json:"n"`           // as the database lowers it
	ID   string `json:"i"`
}

// beforeAll sorts before every id that is in use.
var beforeAll = uuid.Nil.String()

// String is the cursor as an address carries it; empty for the zero value.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	raw, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and a number
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// ParseCursor is the inverse of String. What String does not make is the zero
// value: the list from its beginning.
func ParseCursor(s string) Cursor {
	var c Cursor
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return Cursor{}
	}
	id, err := uuid.Parse(c.ID)
	if err != nil || c.Rank < 0 || c.Rank > len(Roles) || !utf8.ValidString(c.Name) || strings.ContainsRune(c.Name, 0) {
		return Cursor{}
	}
	c.ID = id.String()
	return c
}

func (c Cursor) id() string {
	if c.ID == "" {
		return beforeAll
	}
	return c.ID
}
