// Package factortest is a passkey for tests: what a browser and its authenticator
// do when they are asked to sign, after WebAuthn level 3.
package factortest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// Passkey is one, in a browser at an origin. Its fields can be changed to make it
// misbehave.
type Passkey struct {
	Origin  string
	Counter uint32 // of what was signed
	// Unverified leaves out that the person showed a finger, a face or a PIN.
	Unverified bool

	t   testing.TB
	key *ecdsa.PrivateKey
	id  []byte
	of  []byte // whose it is
}

// New returns a passkey that is nobody's yet.
func New(t testing.TB, origin string) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return &Passkey{t: t, Origin: origin, key: key, id: id}
}

// flags of the data that is signed.
const (
	present  = 1
	verified = 4
	attested = 64
)

// data is what says which host it was, and how sure the passkey is of the person.
func (p *Passkey) data(flags byte) []byte {
	origin, err := url.Parse(p.Origin)
	if err != nil {
		p.t.Fatal(err)
	}
	host := sha256.Sum256([]byte(origin.Hostname()))
	flags |= present
	if !p.Unverified {
		flags |= verified
	}
	return binary.BigEndian.AppendUint32(append(host[:], flags), p.Counter)
}

// client is what the browser says it was asked, and where.
func (p *Passkey) client(kind string, challenge []byte) []byte {
	return p.json(map[string]any{"type": kind, "challenge": base64.RawURLEncoding.EncodeToString(challenge), "origin": p.Origin})
}

func (p *Passkey) json(v any) []byte {
	p.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

func (p *Passkey) cbor(v any) []byte {
	p.t.Helper()
	raw, err := webauthncbor.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

// read turns options, as a page gets them, into what the library calls them.
func (p *Passkey) read(options, into any) {
	p.t.Helper()
	if err := json.Unmarshal(p.json(options), into); err != nil {
		p.t.Fatalf("options of a passkey: %v", err)
	}
}

// answer is a credential as JSON.
func (p *Passkey) answer(response map[string]any) string {
	id := base64.RawURLEncoding.EncodeToString(p.id)
	for name, value := range response {
		if raw, ok := value.([]byte); ok {
			response[name] = base64.RawURLEncoding.EncodeToString(raw)
		}
	}
	return string(p.json(map[string]any{
		"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	}))
}

// Create answers the options for adding a passkey.
func (p *Passkey) Create(options any) string {
	p.t.Helper()
	var asked protocol.PublicKeyCredentialCreationOptions
	p.read(options, &asked)
	switch of := asked.User.ID.(type) {
	case string:
		raw, err := base64.RawURLEncoding.DecodeString(of)
		if err != nil {
			p.t.Fatal(err)
		}
		p.of = raw
	default:
		p.t.Fatalf("whose passkey: %v", of)
	}
	public := webauthncose.EC2PublicKeyData{
		PublicKeyData: webauthncose.PublicKeyData{KeyType: int64(webauthncose.EllipticKey), Algorithm: int64(webauthncose.AlgES256)},
		Curve:         int64(webauthncose.P256),
		XCoord:        p.key.X.FillBytes(make([]byte, 32)), //nolint:staticcheck // there is no other way to the coordinates
		YCoord:        p.key.Y.FillBytes(make([]byte, 32)), //nolint:staticcheck // as above
	}
	data := append(p.data(attested), make([]byte, 16)...) // of no make
	data = binary.BigEndian.AppendUint16(data, uint16(len(p.id)))
	data = append(append(data, p.id...), p.cbor(public)...)
	return p.answer(map[string]any{
		"clientDataJSON":    p.client("webauthn.create", asked.Challenge),
		"attestationObject": p.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data}),
	})
}

// Get answers the options for showing that it is they.
func (p *Passkey) Get(options any) string {
	p.t.Helper()
	var asked protocol.PublicKeyCredentialRequestOptions
	p.read(options, &asked)
	p.Counter++
	data, client := p.data(0), p.client("webauthn.get", asked.Challenge)
	told := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte(nil), data...), told[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return p.answer(map[string]any{"clientDataJSON": client, "authenticatorData": data, "signature": signature, "userHandle": p.of})
}
