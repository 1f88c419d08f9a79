package kubeadmcfg_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/kubeadmcfg"
)

func TestNewToken(t *testing.T) {
	t.Parallel()
	seen := map[kubeadmcfg.Secret]bool{}
	letters := map[rune]int{}
	for range 500 {
		token, err := kubeadmcfg.NewToken(rand.Reader)
		require.NoError(t, err)
		assert.Regexp(t, `^[a-z0-9]{6}\.[a-z0-9]{16}$`, token.Reveal())
		assert.False(t, seen[token])
		seen[token] = true
		id, ok := kubeadmcfg.TokenID(token)
		assert.True(t, ok)
		assert.Equal(t, token.Reveal()[:6], id)
		for _, r := range token.Reveal() {
			letters[r]++
		}
	}
	assert.Len(t, letters, 37, "all letters, digits and the dot occur")

	// The bytes past the last multiple of 36 are passed over, not folded onto the first letters.
	token, err := kubeadmcfg.NewToken(io.MultiReader(bytes.NewReader([]byte{255, 252, 0, 35}), bytes.NewReader(make([]byte, 40))))
	require.NoError(t, err)
	assert.Equal(t, "a9aaaa.aaaaaaaaaaaaaaaa", token.Reveal())

	_, err = kubeadmcfg.NewToken(iotest.ErrReader(io.ErrUnexpectedEOF))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = kubeadmcfg.NewToken(bytes.NewReader(make([]byte, 10)))
	assert.ErrorIs(t, err, io.EOF)
}

func TestTokenIDOfWhatIsNoToken(t *testing.T) {
	t.Parallel()
	for _, s := range []kubeadmcfg.Secret{"", "abcdef", "abcdef-0123456789abcdef", "Abcdef.0123456789abcdef", "abcdef.0123456789abcde.", "abcdef.0123456789abcdef0"} {
		_, ok := kubeadmcfg.TokenID(s)
		assert.False(t, ok, s.Reveal())
	}
}

func TestNewCertificateKey(t *testing.T) {
	t.Parallel()
	key, err := kubeadmcfg.NewCertificateKey(bytes.NewReader(bytes.Repeat([]byte{0xab}, 32)))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("ab", 32), key.Reveal())
	_, err = kubeadmcfg.NewCertificateKey(bytes.NewReader(make([]byte, 31)))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestCACertHash(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1)}, &x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	require.NoError(t, err)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	sum := sha256.Sum256(spki)
	want := "sha256:" + hex.EncodeToString(sum[:])

	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	other := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{1}})
	got, err := kubeadmcfg.CACertHash(append(other, cert...))
	require.NoError(t, err)
	assert.Equal(t, want, got)

	_, err = kubeadmcfg.CACertHash(other)
	assert.ErrorContains(t, err, "no certificate")
	_, err = kubeadmcfg.CACertHash(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der[:20]}))
	assert.ErrorContains(t, err, "kubeadmcfg: CA hash:")
}
