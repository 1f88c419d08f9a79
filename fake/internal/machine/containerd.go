package machine

import (
	"fmt"

	"github.com/pelletier/go-toml/v2"

	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// Containerd is what containerd's configuration says that matters.
type Containerd struct {
	// SystemdCgroup says that containers' cgroups are made by systemd.
	SystemdCgroup bool
	// SandboxImage is the pause image.
	SandboxImage string
	// Disabled says that the CRI plugin is off, as in the file of some packages.
	Disabled bool
	// Raw is the whole file merged over the defaults.
	Raw map[string]any
}

// RootOwner is root:root.
func (h *Host) RootOwner() vfs.Owner { return vfs.Owner{} }

// ContainerdDefaults is the version 3 configuration that containerd starts with.
func ContainerdDefaults() map[string]any {
	return map[string]any{
		"version": int64(3), "root": "/var/lib/containerd", "state": "/run/containerd", "disabled_plugins": []any{}, "required_plugins": []any{}, "oom_score": int64(0), "imports": []any{},
		"grpc": map[string]any{"address": "/run/containerd/containerd.sock", "uid": int64(0), "gid": int64(0)},
		"plugins": map[string]any{
			"io.containerd.cri.v1.images": map[string]any{"snapshotter": "overlayfs", "pinned_images": map[string]any{"sandbox": "registry.k8s.io/pause:3.10.1"}, "registry": map[string]any{"config_path": "/etc/containerd/certs.d:/etc/docker/certs.d"}},
			"io.containerd.cri.v1.runtime": map[string]any{
				"enable_selinux": false, "restrict_oom_score_adj": false,
				"cni":        map[string]any{"bin_dirs": []any{"/opt/cni/bin"}, "conf_dir": "/etc/cni/net.d"},
				"containerd": map[string]any{"default_runtime_name": "runc", "runtimes": map[string]any{"runc": map[string]any{"runtime_type": "io.containerd.runc.v2", "options": map[string]any{"SystemdCgroup": false, "BinaryName": ""}}}},
			},
		},
	}
}

func mergeTOML(into, from map[string]any) {
	for k, v := range from {
		if m, ok := v.(map[string]any); ok {
			if old, ok := into[k].(map[string]any); ok {
				mergeTOML(old, m)
				continue
			}
		}
		into[k] = v
	}
}

// ReadContainerd reads /etc/containerd/config.toml over the defaults. Version 2's plugin names are translated.
func ReadContainerd(h *Host) (Containerd, error) {
	out := Containerd{Raw: ContainerdDefaults()}
	if data, err := h.FS.Read("/etc/containerd/config.toml"); err == nil {
		var m map[string]any
		if err := toml.Unmarshal(data, &m); err != nil {
			return out, fmt.Errorf("containerd: failed to load TOML: /etc/containerd/config.toml: %w", err)
		}
		if v, ok := m["version"].(int64); ok && v > 3 {
			return out, fmt.Errorf("containerd: expected containerd config version equal to or less than `3`, got `%d`", v)
		}
		migrate(m)
		mergeTOML(out.Raw, m)
		out.Raw["version"] = int64(3)
	}
	for _, p := range list(out.Raw["disabled_plugins"]) {
		if p == "cri" || p == "io.containerd.grpc.v1.cri" || p == "io.containerd.cri.v1.runtime" {
			out.Disabled = true
		}
	}
	out.SystemdCgroup, _ = dig(out.Raw, "plugins", "io.containerd.cri.v1.runtime", "containerd", "runtimes", "runc", "options", "SystemdCgroup").(bool)
	out.SandboxImage, _ = dig(out.Raw, "plugins", "io.containerd.cri.v1.images", "pinned_images", "sandbox").(string)
	return out, nil
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func dig(m map[string]any, keys ...string) any {
	var v any = m
	for _, k := range keys {
		mm, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = mm[k]
	}
	return v
}

// migrate moves a version 2 file's CRI plugin to where version 3 has its parts.
func migrate(m map[string]any) {
	plugins, _ := m["plugins"].(map[string]any)
	cri, ok := plugins["io.containerd.grpc.v1.cri"].(map[string]any)
	if !ok {
		return
	}
	delete(plugins, "io.containerd.grpc.v1.cri")
	images := map[string]any{}
	if s, ok := cri["sandbox_image"]; ok {
		images["pinned_images"] = map[string]any{"sandbox": s}
		delete(cri, "sandbox_image")
	}
	if s, ok := cri["registry"]; ok {
		images["registry"] = s
		delete(cri, "registry")
	}
	plugins["io.containerd.cri.v1.images"] = images
	plugins["io.containerd.cri.v1.runtime"] = cri
}
