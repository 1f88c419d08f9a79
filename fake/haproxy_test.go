package fake_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/fake"
	"github.com/quorate-dev/quorate/lbconfig"
)

// haproxyOn runs HAProxy on a host in front of backends.
func haproxyOn(t *testing.T, h *hand, host, ca string, backends ...string) lbconfig.HAProxyConfig {
	t.Helper()
	o := lbconfig.HAProxyOptions{CAFile: ca}
	for _, b := range backends {
		o.Backends = append(o.Backends, netip.MustParseAddrPort(b))
	}
	c := lbconfig.HAProxy(o)
	file, err := c.Render()
	require.NoError(t, err)
	h.run(host, "mkdir", "-p", "/run/quorate-lb", "/etc/quorate")
	h.write(host, lbconfig.DefaultHAProxyConfigPath, 0o644, string(file))
	h.run(host, "haproxy", "-c", "-q", "-f", lbconfig.DefaultHAProxyConfigPath)
	if h.c.Host(host).Unit(lbconfig.UnitName).Active == "active" {
		h.run(host, "systemctl", "reload", lbconfig.UnitName)
		return c
	}
	h.write(host, "/etc/systemd/system/"+lbconfig.UnitName, 0o644, string(lbconfig.HAProxyUnit(lbconfig.HAProxyUnitOptions{})))
	h.run(host, "systemctl", "daemon-reload")
	h.run(host, "systemctl", "enable", "--now", lbconfig.UnitName)
	return c
}

// reaches says which backend answered a new connection through the balancer of w1: the greeting that it sends.
func reaches(t *testing.T, h *hand) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	conn, err := h.dial("w1").Dial(ctx, "tcp", "127.0.0.1:16443")
	require.NoError(t, err)
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	if err := secure.HandshakeContext(ctx); err != nil {
		return "nothing"
	}
	return conn.RemoteAddr().String()
}

// stateOf is what HAProxy says of a server.
func stateOf(t *testing.T, h *hand, server string) string {
	t.Helper()
	conn, err := h.dial("w1").Dial(t.Context(), "unix", lbconfig.DefaultHAProxySocket)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("show servers state\n"))
	require.NoError(t, err)
	text := readAll(t, conn)
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 5 && f[3] == server {
			return map[string]string{"0": "down", "2": "up"}[f[5]]
		}
	}
	return "unknown"
}

func readAll(t *testing.T, conn net.Conn) string {
	t.Helper()
	var b strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			return b.String()
		}
	}
}

// Checks find a hung apiserver, one that is unplugged, and one that is of another cluster, and bring them back.
func TestHAProxyChecks(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		h.prepare("cp1")
		h.ready = []string{c.Host("cp1").Address()}
		h.balance("cp1")
		h.init("cp1")
		h.run("w1", "systemctl", "disable", "--now", lbconfig.UnitName) // it is nginx
		cp1, w2 := c.Host("cp1").Address()+":6443", c.Host("w2").Address()+":6443"
		ca, err := c.Host("cp1").ReadFile("/etc/kubernetes/pki/ca.crt")
		require.NoError(t, err)
		require.NoError(t, c.Host("w1").WriteFile("/etc/quorate/ca.crt", ca, 0o644))
		hung, err := c.Host("w2").Listen("tcp", "0.0.0.0:6443") // it accepts, and never answers
		require.NoError(t, err)
		defer hung.Close()
		haproxyOn(t, h, "w1", "/etc/quorate/ca.crt", cp1, w2)
		c.Advance(200 * time.Millisecond)
		require.Equal(t, "up", stateOf(t, h, w2), "until a check says otherwise")
		c.Advance(1500 * time.Millisecond)
		require.Equal(t, "up", stateOf(t, h, cp1))
		require.Equal(t, "down", stateOf(t, h, w2))
		for range 5 {
			require.NotEqual(t, "nothing", reaches(t, h))
		}

		c.Net().Partition([]string{"w1"}, []string{"cp1"})
		c.Advance(2 * time.Second)
		require.Equal(t, "down", stateOf(t, h, cp1))
		require.Equal(t, "nothing", reaches(t, h), "nobody is ready: those that accept are tried, and nobody answers")
		c.Net().Heal()
		c.Advance(2 * time.Second)
		require.Equal(t, "up", stateOf(t, h, cp1))
		require.NotEqual(t, "nothing", reaches(t, h))

		// An apiserver whose certificate another CA signed is not ready.
		require.NoError(t, c.Host("w1").WriteFile("/etc/quorate/ca.crt", anotherCA(t), 0o644))
		h.run("w1", "systemctl", "reload", lbconfig.UnitName)
		c.Advance(2 * time.Second)
		require.Equal(t, "down", stateOf(t, h, cp1))
		require.NotEqual(t, "nothing", reaches(t, h), "a wrong CA file does not cut the cluster off")
	}, fake.ControlPlanes(1), fake.Workers(2))
}

// A reload keeps what was known of servers where it was written down, and presumes them up where it was not.
func TestHAProxyStateOutlivesAReload(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		w2 := c.Host("w2").Address() + ":6443"
		cfg := haproxyOn(t, h, "w1", "", w2)
		c.Advance(2 * time.Second)
		require.Equal(t, "down", stateOf(t, h, w2), "nothing listens there")
		conn, err := h.dial("w1").Dial(t.Context(), "unix", cfg.Global.StatsSocket.Path)
		require.NoError(t, err)
		_, err = conn.Write([]byte("show servers state\n"))
		require.NoError(t, err)
		h.write("w1", cfg.Global.ServerStateFile, 0o600, readAll(t, conn))
		require.NoError(t, conn.Close())
		h.run("w1", "systemctl", "reload", lbconfig.UnitName)
		require.Equal(t, "down", stateOf(t, h, w2))
		require.NoError(t, c.Host("w1").RemoveAll(cfg.Global.ServerStateFile))
		h.run("w1", "systemctl", "reload", lbconfig.UnitName)
		require.Equal(t, "down", stateOf(t, h, w2), "the worker before answers for a moment")
		assert.Equal(t, "up", stateOf(t, h, w2))
	}, fake.Workers(2))
}

// A reload onto a port that is taken succeeds, and the old configuration goes on; a file that is refused never replaces one.
func TestHAProxyKeepsTheOldConfiguration(t *testing.T) {
	fake.Test(t, func(t *testing.T, c *fake.Cluster) {
		h := newHand(t, c, "v1.37.2")
		cfg := haproxyOn(t, h, "w1", "", "10.0.0.11:6443")
		generation := func() string {
			conn, err := h.dial("w1").Dial(t.Context(), "unix", lbconfig.DefaultHAProxySocket)
			require.NoError(t, err)
			defer conn.Close()
			_, err = conn.Write([]byte("show info\n"))
			require.NoError(t, err)
			return lbconfig.HAProxyGeneration(readAll(t, conn))
		}
		require.Equal(t, cfg.Global.Description, generation())
		taken, err := c.Host("w1").Listen("tcp", "127.0.0.1:26443")
		require.NoError(t, err)
		defer taken.Close()
		next := lbconfig.HAProxy(lbconfig.HAProxyOptions{Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:26443")}, Backends: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.11:6443")}})
		file, err := next.Render()
		require.NoError(t, err)
		h.write("w1", lbconfig.DefaultHAProxyConfigPath, 0o644, string(file))
		h.run("w1", "systemctl", "reload", lbconfig.UnitName)
		require.Equal(t, cfg.Global.Description, generation())

		h.write("w1", lbconfig.DefaultHAProxyConfigPath, 0o644, "global\n\tnbproc 2\n")
		res, err := c.Host("w1").Exec(t.Context(), "systemctl", "reload", lbconfig.UnitName)
		require.NoError(t, err)
		assert.NotZero(t, res.ExitCode)
		require.Equal(t, cfg.Global.Description, generation())
	}, fake.Workers(1))
}

// anotherCA is the certificate of a CA that signed nothing.
func anotherCA(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
