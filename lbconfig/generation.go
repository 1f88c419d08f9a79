package lbconfig

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// withGeneration returns c with a server on a unix socket that answers with the hash of c.
// Where c cannot be rendered the answer stays empty: Render fails for the result as it does for c.
func (c Config) withGeneration(socket string) Config {
	hash := ""
	if file, err := c.Render(); err == nil {
		sum := sha256.Sum256(file)
		hash = hex.EncodeToString(sum[:])
	}
	c.Stream.Servers = append(c.Stream.Servers[:len(c.Stream.Servers):len(c.Stream.Servers)],
		Server{Listen: []Listen{{Address: "unix:" + socket}}, Return: hash})
	return c
}

// Generation returns the hash that an nginx with this configuration answers with, and the path of
// the unix socket that it answers on: the SHA-256 of the file without that server. ok is false when
// c has no such server.
func (c Config) Generation() (hash, socket string, ok bool) {
	for _, s := range c.Stream.Servers {
		if len(s.Return) == hex.EncodedLen(sha256.Size) && len(s.Listen) == 1 {
			if socket, ok := strings.CutPrefix(s.Listen[0].Address, "unix:"); ok {
				return s.Return, socket, true
			}
		}
	}
	return "", "", false
}
