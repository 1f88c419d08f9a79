package ha

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const containerd2Dump = "version = 3\n[plugins]\n  [plugins.'io.containerd.cri.v1.runtime']\n    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n      SystemdCgroup = false\n"

var containerdConfigs = map[string]string{
	"version 3 as containerd prints it": `version = 3
root = '/var/lib/containerd'

[plugins]
  [plugins.'io.containerd.cri.v1.runtime']
    enable_selinux = false

    [plugins.'io.containerd.cri.v1.runtime'.containerd]
      default_runtime_name = 'runc'

      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes]
        [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
          runtime_type = 'io.containerd.runc.v2'

          [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
            BinaryName = ''
            SystemdCgroup = false

[timeouts]
  'io.containerd.timeout.task.state' = '2s'
`,
	"version 2 with double quotes": `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10" # ours
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
    SystemdCgroup = false
`,
	"version 2 as Debian ships it": `version = 2

[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd"
`,
	"version 3 and no more":   "version = 3\n",
	"no newline at the end":   "version = 3\nroot = '/data'",
	"options without a value": "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]\n# none\n",
	"spaces in the heading":   "version = 3\n[ plugins . 'io.containerd.cri.v1.runtime' . containerd . runtimes . runc . options ]\nSystemdCgroup=false\n",
	"the key in another table": `version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.kata.options]
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
`,
}

// Only the switch, and the type of a runtime that the file did not name yet, differ afterwards; every line that
// was there is there still.
func TestSystemdCgroupKeepsEverythingElse(t *testing.T) {
	t.Parallel()
	for name, config := range containerdConfigs {
		for _, systemd := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				edited, err := withSystemdCgroup(config, containerd2Dump, systemd)
				require.NoError(t, err)
				got, version, err := systemdCgroup(edited)
				require.NoError(t, err)
				assert.Equal(t, systemd, got)
				assert.Equal(t, runcSettings(t, config, version), runcSettings(t, edited, version))
				again, err := withSystemdCgroup(edited, containerd2Dump, systemd)
				require.NoError(t, err)
				assert.Equal(t, edited, again, "idempotent")
				for line := range strings.Lines(config) {
					if strings.TrimSpace(line) != "" && !strings.Contains(line, "SystemdCgroup") {
						assert.Contains(t, edited, strings.TrimRight(line, "\n"))
					}
				}
			})
		}
	}
}

// runcSettings flattens a configuration without what the edit may set.
func runcSettings(t require.TestingT, config string, version int64) map[string]any {
	var doc map[string]any
	require.NoError(t, toml.Unmarshal([]byte(config), &doc))
	flat := map[string]any{}
	flatten(flat, "", doc)
	runc := strings.Join(runcTables[version], "/")
	delete(flat, runc+"/options/SystemdCgroup")
	delete(flat, runc+"/runtime_type")
	return flat
}

func flatten(into map[string]any, path string, value any) {
	if m, ok := value.(map[string]any); ok {
		for k, v := range m {
			flatten(into, strings.TrimPrefix(path+"/"+k, "/"), v)
		}
		return
	}
	into[path] = value
}

func TestSystemdCgroupOfAnEmptyFile(t *testing.T) {
	t.Parallel()
	for _, config := range []string{"", "\n\n"} {
		edited, err := withSystemdCgroup(config, containerd2Dump, true)
		require.NoError(t, err)
		golden(t, "containerd-empty.toml", edited)
		driver, err := containerdDriver(edited)
		require.NoError(t, err)
		assert.Equal(t, driverSystemd, driver)
	}
}

func TestSystemdCgroupKeepsTheCommentBehindIt(t *testing.T) {
	t.Parallel()
	config := "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options] # runc\n  SystemdCgroup = false # why it is so\n"
	edited, err := withSystemdCgroup(config, containerd2Dump, true)
	require.NoError(t, err)
	assert.Contains(t, edited, "SystemdCgroup = true # why it is so\n")
	assert.Contains(t, edited, "# runc\n")
}

// What cannot be edited safely is refused, with the file's name.
func TestSystemdCgroupRefuses(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"no TOML":                    "version = = 3\n",
		"an unknown version":         "version = 4\n",
		"a file without a version":   "disabled_plugins = ['cri']\n",
		"options in an inline table": "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\noptions = {SystemdCgroup = false}\n",
		"a dotted key":               "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]\noptions.SystemdCgroup = false\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := withSystemdCgroup(config, containerd2Dump, true)
			require.ErrorContains(t, err, containerdConfigPath)
			assert.NotContains(t, err.Error(), "<nil>")
		})
	}
}

func TestContainerdDriver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		containerd2Dump: driverCgroupfs,
		strings.ReplaceAll(containerd2Dump, "false", "true"): driverSystemd,
		"version = 3\n": driverCgroupfs,
		"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc.options]\nSystemdCgroup = true\n": driverSystemd,
	} {
		got, err := containerdDriver(text)
		require.NoError(t, err)
		assert.Equal(t, want, got, text)
	}
	_, err := containerdDriver("][")
	require.Error(t, err)
}

// A random configuration parses after the edit and differs in the switch alone.
func TestSystemdCgroupOfAnyConfiguration(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]int64{2, 3}).Draw(t, "version")
		quote := rapid.SampledFrom([]string{`"`, `'`}).Draw(t, "quote")
		table := "plugins." + quote + runcTables[version][1] + quote + ".containerd.runtimes"
		body := rapid.SliceOf(rapid.SampledFrom([]string{"# a comment", "", "  BinaryName = '/usr/bin/runc'", "  Root = ''", "SystemdCgroup = false", "\tSystemdCgroup = true"}))
		tables := map[string]string{
			"runc options": "[" + table + ".runc.options]\n",
			"kata options": "[" + table + ".kata.options]\n",
			"runc":         "[" + table + ".runc]\n",
			"timeouts":     "[timeouts]\n",
			"metrics":      "[ metrics ]\n",
		}
		var b strings.Builder
		b.WriteString("version = " + string('0'+rune(version)) + "\n")
		for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(tables))), rapid.ID[string]).Draw(t, "tables") {
			b.WriteString(tables[name])
			keys := map[string]bool{}
			for _, line := range body.Draw(t, name) {
				key, _, isSetting := strings.Cut(strings.TrimSpace(line), " =")
				if isSetting && keys[key] {
					continue // TOML has no duplicate keys
				}
				keys[key] = true
				b.WriteString(line + "\n")
			}
		}
		config := b.String()
		systemd := rapid.Bool().Draw(t, "systemd")
		edited, err := withSystemdCgroup(config, containerd2Dump, systemd)
		require.NoError(t, err, config)
		got, _, err := systemdCgroup(edited)
		require.NoError(t, err)
		assert.Equal(t, systemd, got)
		assert.Equal(t, runcSettings(t, config, version), runcSettings(t, edited, version))
	})
}

func TestWantedDriver(t *testing.T) {
	t.Parallel()
	assert.Equal(t, driverSystemd, validSpec().wantedDriver(), "kubeadm's default")
}
