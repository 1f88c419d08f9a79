package ha

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestParseOSRelease(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       osRelease
		debian     bool
	}{
		{"Debian", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
			osRelease{id: "debian", version: "12", pretty: "Debian GNU/Linux 12 (bookworm)"}, true},
		{"Ubuntu", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID='24.04'\nPRETTY_NAME='Ubuntu 24.04 LTS'\n",
			osRelease{id: "ubuntu", like: "debian", version: "24.04", pretty: "Ubuntu 24.04 LTS"}, true},
		{"a derivative of Ubuntu", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", osRelease{id: "linuxmint", like: "ubuntu debian"}, true},
		{"Rocky", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Rocky Linux 9.4\"\n",
			osRelease{id: "rocky", like: "rhel centos fedora", version: "9.4", pretty: "Rocky Linux 9.4"}, false},
		{"a name that only looks like it", "ID=debianish\n", osRelease{id: "debianish"}, false},
		{"comments and no newline at the end", "# a comment\n\nID=debian", osRelease{id: "debian"}, true},
		{"nothing", "", osRelease{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := parseOSRelease(tt.text)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.debian, got.debian())
		})
	}
}

func TestParseUnits(t *testing.T) {
	t.Parallel()
	got := parseUnits(`Id=containerd.service
LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
NeedDaemonReload=no

Id=kubelet.service
LoadState=loaded
ActiveState=activating
SubState=auto-restart
UnitFileState=disabled
NeedDaemonReload=no

Id=quorate-lb.service
LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
NeedDaemonReload=no
`)
	assert.Equal(t, map[string]unitFacts{
		"containerd.service": {load: "loaded", active: "active", file: "enabled"},
		"kubelet.service":    {load: "loaded", active: "activating", file: "disabled"},
		"quorate-lb.service": {load: "not-found", active: "inactive"},
	}, got)
	assert.True(t, got["containerd.service"].exists() && got["containerd.service"].running() && got["containerd.service"].enabled())
	assert.True(t, got["kubelet.service"].exists())
	assert.False(t, got["kubelet.service"].running(), "a unit that keeps restarting does not run")
	assert.False(t, got["kubelet.service"].enabled())
	assert.False(t, got["quorate-lb.service"].exists())
	assert.Empty(t, parseUnits(""))
}

func TestUnitStates(t *testing.T) {
	t.Parallel()
	for _, active := range []string{"active", "reloading"} {
		assert.True(t, unitFacts{active: active}.running(), active)
	}
	for _, active := range []string{"", "inactive", "failed", "activating", "deactivating", "maintenance"} {
		assert.False(t, unitFacts{active: active}.running(), active)
	}
	for _, file := range []string{"enabled", "static", "enabled-runtime"} {
		assert.True(t, unitFacts{file: file}.enabled(), file)
	}
	for _, file := range []string{"", "disabled", "masked", "linked", "indirect", "bad"} {
		assert.False(t, unitFacts{file: file}.enabled(), file)
	}
	for _, load := range []string{"", "not-found", "masked", "error", "bad-setting"} {
		assert.False(t, unitFacts{load: load}.exists(), load)
	}
}

func TestParseSwaps(t *testing.T) {
	t.Parallel()
	const heading = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	assert.Empty(t, parseSwaps(""))
	assert.Empty(t, parseSwaps(heading))
	assert.Equal(t, []string{"/dev/sda2", "/swap.img"},
		parseSwaps(heading+"/dev/sda2                               partition\t998396\t\t0\t\t-2\n/swap.img                               file\t\t2097148\t\t0\t\t-3\n"))
}

func TestParseModules(t *testing.T) {
	t.Parallel()
	got := map[string]bool{}
	parseModules(got, "overlay 151552 12 - Live 0x0000000000000000\nbr_netfilter 32768 0 - Live 0x0000000000000000\n\n",
		"kernel/net/netfilter/ipvs/ip_vs.ko\nkernel/net/netfilter/xt-tables.ko\nkernel/drivers/readme.txt\nplain.ko\n")
	assert.Equal(t, []string{"br_netfilter", "ip_vs", "overlay", "plain", "xt_tables"}, slices.Sorted(maps.Keys(got)),
		"the kernel writes modules' names with underscores, their files may have dashes")
}

func TestParseListening(t *testing.T) {
	t.Parallel()
	got := parseListening(`LISTEN 0      4096       127.0.0.1:16443      0.0.0.0:*
LISTEN 0      4096               *:6443             *:*
LISTEN 0      128          0.0.0.0:22         0.0.0.0:*
LISTEN 0      128             [::]:80            [::]:*
LISTEN 0      4096  127.0.0.53%lo:53         0.0.0.0:*
LISTEN 0      4096  [fe80::1]%eth0:546          [::]:*
LISTEN 0      5          *:*                    *:*
short line
`)
	assert.Equal(t, []int{22, 53, 80, 546, 6443, 16443}, slices.Sorted(maps.Keys(got)))
}

func TestParsePasswd(t *testing.T) {
	t.Parallel()
	assert.Equal(t, loginUser{name: "root", uid: "0", gid: "0", home: "/root"}, parsePasswd("root:x:0:0:root:/root:/bin/bash\n"))
	assert.Equal(t, loginUser{name: "deploy", uid: "1000", gid: "1001", home: "/home/deploy"}, parsePasswd("deploy:x:1000:1001:Deploy,,,:/home/deploy:/bin/sh"))
	assert.Equal(t, loginUser{}, parsePasswd(""), "getent prints nothing for a user that is not there")
	assert.Equal(t, loginUser{}, parsePasswd("broken:line"))
	assert.Equal(t, "/home/deploy/.kube/config", parsePasswd("deploy:x:1000:1001::/home/deploy:/bin/sh").kubeconfigPath())
}

func TestHostFacts(t *testing.T) {
	t.Parallel()
	f := &hostFacts{files: map[string]string{"/empty": "", "/full": "x"}}
	assert.True(t, f.has("/empty"), "an empty file is a file")
	assert.False(t, f.has("/missing"))
	assert.Equal(t, "x", f.file("/full"))
	assert.Empty(t, f.file("/missing"))
}

// What ss prints for a port is found whatever the address looks like.
func TestParseListeningFindsEveryPort(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ports := rapid.SliceOfNDistinct(rapid.IntRange(1, 65535), 0, 20, rapid.ID[int]).Draw(t, "ports")
		var text strings.Builder
		for _, p := range ports {
			address := rapid.SampledFrom([]string{"0.0.0.0", "*", "[::]", "127.0.0.1", "[::1]", "10.0.0.1%eth0"}).Draw(t, "address")
			fmt.Fprintf(&text, "LISTEN 0 128 %s:%d *:*\n", address, p)
		}
		got := parseListening(text.String())
		assert.ElementsMatch(t, ports, slices.Collect(maps.Keys(got)))
	})
}

// The parsers read what programs and kernels print on other people's machines: whatever it is, they return.
func FuzzFactParsers(f *testing.F) {
	f.Add("ID=debian\n", "Id=a.service\nLoadState=loaded\n\n")
	f.Add("LISTEN 0 128 *:22 *:*\n", "root:x:0:0::/root:/bin/sh")
	f.Add("Filename\n/dev/sda2 partition\n", "[plugins]\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		parseOSRelease(a).debian()
		for id := range parseUnits(a) {
			if id == "" {
				t.Fatal("a unit without a name")
			}
		}
		for _, s := range parseSwaps(a) {
			if s == "" || strings.ContainsAny(s, " \t\n") {
				t.Fatalf("%q is no file", s)
			}
		}
		for port := range parseListening(a) {
			if port <= 0 {
				t.Fatalf("%d is no port", port)
			}
		}
		parseModules(map[string]bool{}, a, b)
		parsePasswd(a)
		if once := withoutSwap(a); withoutSwap(once) != once {
			t.Fatalf("not idempotent: %q", a)
		}
		if edited, err := withSystemdCgroup(a, b, true); err == nil {
			if on, _, err := systemdCgroup(edited); err != nil || !on {
				t.Fatalf("edited without an error and still off: %v\n%s", err, edited)
			}
		}
		block := hostsBegin + "c\n" + hostsEnd + "c\n"
		if once := withHostsBlock(a, "c", block); withHostsBlock(once, "c", block) != once {
			t.Fatalf("not idempotent: %q", a)
		}
		_, _ = parseManifest([]byte(a))
		validSpec().owns(a)
	})
}
