package sshd_test

import (
	"context"
	"os"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/quorate-dev/quorate/transport/transporttest"

	"github.com/quorate-dev/quorate/lab/sshd"
)

// large is what the Large cases move: 100 MiB.
const large = 100 << 20

// TestTransport is the conformance suite of transports, over package ssh and the real server.
func TestTransport(t *testing.T) {
	s := sshd.Start(t, sshd.Options{Config: []string{"MaxStartups 100"}})
	host := transporttest.Host{
		Connect: func(ctx context.Context) (transport.Transport, error) {
			return ssh.Dial(ctx, ssh.Config{
				Host: "here", Address: "127.0.0.1", Port: s.Port, User: s.User, NoAgent: true,
				IdentityFiles: []string{s.IdentityFile}, KnownHostsFiles: []string{s.KnownHostsFile},
			})
		},
		Listen: transporttest.ListenHere,
		Large:  large,
	}
	// Whoever runs the tests is root, who may read everything and give files away, or is not, and
	// may not: one of two cases does not apply. (The lab's TestHost covers both, on a real host.)
	notHere := "WriteFile/owner"
	if os.Geteuid() == 0 {
		notHere = "ReadFile/forbidden"
		host.Owner = "daemon:daemon"
	} else {
		host.Forbidden = "/etc/shadow"
	}
	for _, c := range transporttest.Cases() {
		if c.Name == notHere {
			continue
		}
		// One after the other: their limits are meant for a machine that has some time for each.
		t.Run(c.Name, func(t *testing.T) {
			h := host
			h.Dir = t.TempDir()
			c.Run(t, h)
		})
	}
}
