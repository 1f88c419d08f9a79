package ha

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quorate-dev/quorate/transport/ssh"
)

func TestSSHConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	key, known := write("key", "a key"), write("known_hosts", "")
	passphrase, password := write("passphrase", "open sesame\n"), write("password", "hunter2\r\nmore\n")
	config := write("config", "Host w1\n  User root\nHost *\n  User ops\n")

	for name, test := range map[string]struct {
		defaults, own SSH
		want          ssh.Config
		sudo          *ssh.Sudo
	}{
		"root at the host's address": {
			defaults: SSH{User: "root", ConfigFile: "none", IdentityFile: key, KnownHostsFile: known},
			want:     ssh.Config{User: "root", Address: "10.0.0.21", IdentityFiles: []string{key}, KnownHostsFiles: []string{known}},
		},
		"the host's own fields win": {
			defaults: SSH{User: "root", Port: 22, ConfigFile: "none"},
			own:      SSH{User: "debian", Port: 2222, Address: "198.51.100.7"},
			want:     ssh.Config{User: "debian", Address: "198.51.100.7", Port: 2222},
			sudo:     &ssh.Sudo{},
		},
		"sudo asks for a password": {
			defaults: SSH{User: "debian", SudoPasswordFile: password, ConfigFile: "none"},
			want:     ssh.Config{User: "debian", Address: "10.0.0.21"},
			sudo:     &ssh.Sudo{Password: "hunter2"},
		},
		"root needs no sudo, whatever its password": {
			defaults: SSH{User: "root", SudoPasswordFile: password, ConfigFile: "none"},
			want:     ssh.Config{User: "root", Address: "10.0.0.21"},
		},
		"the configuration file says who logs in": {
			defaults: SSH{ConfigFile: config},
			want:     ssh.Config{Address: "10.0.0.21", ConfigFile: config},
		},
		"jump hosts": {
			defaults: SSH{User: "root", ConfigFile: "none", ProxyJump: "user@bastion:2200, inner,ssh://[2001:db8::1]:22,2001:db8::2"},
			want: ssh.Config{User: "root", Address: "10.0.0.21", Jumps: []ssh.Config{
				{Host: "bastion", User: "user", Port: 2200}, {Host: "inner"}, {Host: "2001:db8::1", Port: 22}, {Host: "2001:db8::2"},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := Spec{SSHDefaults: test.defaults, Hosts: []Host{{Name: "cp1", Address: "10.0.0.11"}, {Name: "w1", Address: "10.0.0.21", SSH: test.own}}}.withDefaults()
			got, err := spec.sshConfig(spec.Hosts[1])
			require.NoError(t, err)
			test.want.Host = "w1"
			assert.Equal(t, test.sudo, got.Sudo)
			got.Sudo = nil
			assert.Equal(t, test.want, got)
		})
	}

	t.Run("passphrase", func(t *testing.T) {
		t.Parallel()
		spec := Spec{SSHDefaults: SSH{User: "root", ConfigFile: "none", PassphraseFile: passphrase}, Hosts: []Host{{Name: "cp1", Address: "10.0.0.11"}}}.withDefaults()
		got, err := spec.sshConfig(spec.Hosts[0])
		require.NoError(t, err)
		secret, err := got.Passphrase(key)
		require.NoError(t, err)
		assert.Equal(t, "open sesame", string(secret))
	})
}

func TestSSHErrorsNameHostAndField(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := func(name string) string { return filepath.Join(dir, name) }
	for name, test := range map[string]struct {
		defaults, own SSH
		want          []string
	}{
		"everything at once": {
			defaults: SSH{User: "debian", IdentityFile: missing("key"), KnownHostsFile: missing("known"), ConfigFile: "none"},
			own:      SSH{PassphraseFile: missing("phrase"), SudoPasswordFile: missing("sudo")},
			want: []string{
				"sshDefaults.identityFile: stat " + missing("key"), "sshDefaults.knownHostsFile: ",
				"hosts[1].ssh.passphraseFile: ", "hosts[1].ssh.sudoPasswordFile: ",
			},
		},
		"no such configuration": {own: SSH{User: "root", ConfigFile: missing("config")}, want: []string{"hosts[1].ssh.configFile: "}},
		"jump without a host":   {own: SSH{User: "root", ConfigFile: "none", ProxyJump: "a,,b"}, want: []string{`hosts[1].ssh.proxyJump: "" names no host`}},
		"jump with a bad port":  {own: SSH{User: "root", ConfigFile: "none", ProxyJump: "a:0"}, want: []string{`hosts[1].ssh.proxyJump: "a:0": "0" is not a port`}},
		"no jump":               {own: SSH{User: "root", ConfigFile: "none", ProxyJump: "none"}, want: []string{`hosts[1].ssh.proxyJump: "none" is not supported`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dial := SSHDialer(Spec{SSHDefaults: test.defaults, Hosts: []Host{{Name: "cp1", Address: "10.0.0.11"}, {Name: "w1", Address: "10.0.0.21", SSH: test.own}}})
			_, err := dial(t.Context(), "w1")
			require.ErrorContains(t, err, "ssh: configuration of w1: ")
			for _, want := range test.want {
				require.ErrorContains(t, err, want)
			}
		})
	}

	_, err := SSHDialer(Spec{})(t.Context(), "cp9")
	require.ErrorContains(t, err, "configuration of cp9: the cluster file has no such host")
}
