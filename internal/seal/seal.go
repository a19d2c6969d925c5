// Package seal keeps what is stored unreadable to whoever sees the database's
// tables without the deployment's key.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// Seal seals texts with one key.
type Seal struct{ aead cipher.AEAD }

// New takes a key of 32 bytes.
func New(key []byte) (Seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return Seal{}, fmt.Errorf("key of a seal: %w", err)
	}
	// The nonce is random and stands before what is sealed.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return Seal{}, fmt.Errorf("key of a seal: %w", err)
	}
	return Seal{aead}, nil
}

// Close seals the text of the row with an id. It opens for that row only, so
// that sealed texts cannot change places in a table.
func (s Seal) Close(id, text string) []byte {
	return s.aead.Seal(nil, nil, []byte(text), []byte(id))
}

// Open is the inverse of Close.
func (s Seal) Open(id string, sealed []byte) (string, error) {
	text, err := s.aead.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return "", fmt.Errorf("open what is sealed for %s: %w", id, err)
	}
	return string(text), nil
}
