package cpd

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"traid/internal/ident"
)

// NewRegistrationID gives the id of one visit to the registration pages.
func NewRegistrationID() RegistrationID { return RegistrationID(ident.NewUUID()) }

// newReference gives a reference such as "CPD-7KM4-T3X"; one that is taken
// already is drawn again.
func newReference() Reference { return Reference(ident.NewReference("CPD")) }

// newToken gives 256 random bits for a link, and the hash that is kept of them.
func newToken() (token, hash string) {
	var b [32]byte
	_, _ = rand.Read(b[:])
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, tokenHash(token)
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
