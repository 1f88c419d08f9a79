//go:build lab

package ssh_test

import (
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

// TestOpenSSH runs against the real server.
func TestOpenSSH(t *testing.T) {
	s := startOpenSSH(t, "")
	c, err := ssh.Dial(t.Context(), s.config())
	require.NoError(t, err)
	defer c.Close()
	res, err := c.Run(t.Context(), transport.Command{Argv: []string{"printf", "%s|", "a b", "c'd", "\xff\n$(id)"}})
	require.NoError(t, err)
	require.Equal(t, "a b|c'd|\xff\n$(id)|", string(res.Stdout))
	require.NoError(t, c.WriteFile(t.Context(), transport.File{Path: t.TempDir() + "/x/y", Data: []byte("hi")}))
}
