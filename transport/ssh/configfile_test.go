package ssh_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/quorate-dev/quorate/transport/ssh"
	"github.com/stretchr/testify/require"
)

func TestReadConfigFile(t *testing.T) {
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	t.Setenv("QUORATE_KEYS", "/keys")
	included := filepath.Join(t.TempDir(), "included")
	require.NoError(t, os.WriteFile(included, []byte("Host *.included\n  User fromInclude\n"), 0o600))
	for name, c := range map[string]struct {
		text, host string
		want       ssh.Config
	}{
		"nothing": {"", "cp1", ssh.Config{}},
		"another": {"Host other\n  Port 2200\n", "cp1", ssh.Config{}},
		"plain": {
			"host cp1\n  hostname 10.0.0.11\n  PORT=2200\n  User admin\n  HostKeyAlias one\n  IdentitiesOnly yes\n", "cp1",
			ssh.Config{Address: "10.0.0.11", Port: 2200, User: "admin", HostKeyAlias: "one", IdentitiesOnly: true},
		},
		"firstWins":  {"Host cp*\n  User first\nHost cp1\n  User second\n  Port 23\n", "cp1", ssh.Config{User: "first", Port: 23}},
		"negation":   {"Host * !cp1\n  User others\nHost *\n  Port 23\n", "cp1", ssh.Config{Port: 23}},
		"tokens":     {"Host *.prod\n  HostName %h.example.com\n  User u\n  IdentityFile ~/.ssh/%h-%r\n  IdentityFile ${QUORATE_KEYS}/%n%%\n", "cp1.prod", ssh.Config{Address: "cp1.prod.example.com", User: "u", IdentityFiles: []string{"~/.ssh/cp1.prod.example.com-u", "/keys/cp1.prod%"}}},
		"homeToken":  {"IdentityFile %d/key\n", "cp1", ssh.Config{IdentityFiles: []string{home + "/key"}}},
		"knownHosts": {"UserKnownHostsFile /a \"/b c\"\nGlobalKnownHostsFile /d\n", "cp1", ssh.Config{KnownHostsFiles: []string{"/a", "/b c", "/d"}}},
		"times": {
			"ConnectTimeout 7\nServerAliveInterval 11\nServerAliveCountMax 2\n", "cp1",
			ssh.Config{ConnectTimeout: 7 * time.Second, KeepaliveInterval: 11 * time.Second, KeepaliveCount: 2},
		},
		"keepaliveOff": {"ServerAliveInterval 0\n", "cp1", ssh.Config{KeepaliveInterval: -1}},
		"agent":        {"IdentityAgent ~/agent.sock\n", "cp1", ssh.Config{AgentSocket: "~/agent.sock"}},
		"noAgent":      {"IdentityAgent none\n", "cp1", ssh.Config{AgentSocket: "none"}},
		"jumps": {
			"ProxyJump me@a:2200,b,ssh://c:23/,[::1]:24,root@fe80::1\n", "cp1",
			ssh.Config{Jumps: []ssh.Config{{User: "me", Host: "a", Port: 2200}, {Host: "b"}, {Host: "c", Port: 23}, {Host: "::1", Port: 24}, {User: "root", Host: "fe80::1"}}},
		},
		"noJump":    {"ProxyJump none\nProxyCommand none\n", "cp1", ssh.Config{}},
		"matchAll":  {"Match all\n  User everybody\n", "cp1", ssh.Config{User: "everybody"}},
		"matchHost": {"Match host cp*\n  User matched\n", "cp1", ssh.Config{User: "matched"}},
		"include":   {"Include " + included + "\n", "cp1.included", ssh.Config{User: "fromInclude"}},
		"ignored":   {"Host *\n  StrictHostKeyChecking no\n  ForwardAgent yes\n  Ciphers x\n", "cp1", ssh.Config{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ssh.ReadConfigFile(configFile(t, c.text), c.host)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestReadConfigFileRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"proxyCommand": {"Host cp1\n  ProxyCommand nc %h %p\n", "ProxyCommand"},
		"matchExec":    {"Match exec true\n  User x\n", "Match"},
		"matchUser":    {"Match user root\n  Port 23\n", "Match"},
		"port":         {"Port many\n", "Port"},
		"token":        {"IdentityFile /%Z\n", "%Z"},
		"brace":        {"IdentityFile ${HOME\n", "${"},
		"emptyJump":    {"ProxyJump a,,b\n", "empty host"},
		"jumpPort":     {"ProxyJump a:x\n", "ProxyJump"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := configFile(t, c.text)
			_, err := ssh.ReadConfigFile(file, "cp1")
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, file)
		})
	}
	_, err := ssh.ReadConfigFile(filepath.Join(t.TempDir(), "missing"), "cp1")
	require.ErrorIs(t, err, os.ErrNotExist)

	// All that is wrong is said at once.
	_, err = ssh.ReadConfigFile(configFile(t, "Port x\nConnectTimeout y\n"), "cp1")
	require.ErrorContains(t, err, "Port")
	require.ErrorContains(t, err, "ConnectTimeout")
}

func configFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]ssh.Config{
		"nothing":     {},
		"port":        {Host: "cp1", Port: 70000},
		"lateJumps":   {Host: "cp1", Jumps: []ssh.Config{{Host: "a"}, {Host: "b", Jumps: []ssh.Config{{Host: "c"}}}}},
		"jumpNowhere": {Host: "cp1", Jumps: []ssh.Config{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ssh.Dial(t.Context(), cfg)
			require.ErrorContains(t, err, "configuration")
		})
	}
}
