package mail

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
)

// seal keeps texts unreadable to whoever sees the table of mails without the
// deployment's key.
type seal struct{ aead cipher.AEAD }

// newSeal takes a key of 32 bytes.
func newSeal(key []byte) (seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, fmt.Errorf("key of mails: %w", err)
	}
	// The nonce is random and stands before what is sealed.
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return seal{}, fmt.Errorf("key of mails: %w", err)
	}
	return seal{aead}, nil
}

// close seals the text of one mail. It opens for that mail only, so texts
// cannot change places in the table.
func (s seal) close(id ID, text string) []byte {
	return s.aead.Seal(nil, nil, []byte(text), []byte(id))
}

func (s seal) open(id ID, sealed []byte) (string, error) {
	text, err := s.aead.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return "", fmt.Errorf("open the text of mail %s: %w", id, err)
	}
	return string(text), nil
}
