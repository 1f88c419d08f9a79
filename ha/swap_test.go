package ha

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

const swapComment = "# swap is off for Kubernetes (quorate): "

func TestWithoutSwap(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, fstab, want string }{
		{"nothing", "", ""},
		{"no swap", "UUID=1 / ext4 defaults 0 1\n", "UUID=1 / ext4 defaults 0 1\n"},
		{"a partition", "UUID=1 / ext4 defaults 0 1\nUUID=2 none swap sw 0 0\nUUID=3 /home ext4 defaults 0 2\n",
			"UUID=1 / ext4 defaults 0 1\n" + swapComment + "UUID=2 none swap sw 0 0\nUUID=3 /home ext4 defaults 0 2\n"},
		{"a file, tabs, no newline at the end", "/swap.img\tnone\tswap\tsw\t0\t0", swapComment + "/swap.img\tnone\tswap\tsw\t0\t0"},
		{"already commented out", "#/swap.img none swap sw 0 0\n# /dev/sda2 none swap sw\n", "#/swap.img none swap sw 0 0\n# /dev/sda2 none swap sw\n"},
		{"a comment about swap, and a file system that only sounds like it", "# swap was on /dev/sda5 during installation\n/dev/sdb1 /swap ext4 defaults 0 2\n",
			"# swap was on /dev/sda5 during installation\n/dev/sdb1 /swap ext4 defaults 0 2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, withoutSwap(tt.fstab))
		})
	}
}

// Doing it twice is doing it once; every line stays, swap lines as comments and all others byte for byte.
func TestWithoutSwapTouchesSwapLinesOnly(t *testing.T) {
	t.Parallel()
	line := rapid.SampledFrom([]string{
		"", "# comment", "UUID=1 / ext4 defaults 0 1", "/dev/sda2 none swap sw 0 0", "\t/swap.img  swap  swap  defaults 0 0",
		"#/dev/sda2 none swap sw 0 0", "tmpfs /tmp tmpfs size=1g 0 0", "swap swap", "LABEL=swap /mnt/swap ext4 ro 0 0",
	})
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(line).Draw(t, "lines")
		fstab := strings.Join(lines, "\n")
		got := withoutSwap(fstab)
		assert.Equal(t, got, withoutSwap(got), "idempotent")
		for i, now := range strings.Split(got, "\n") {
			was := strings.Split(fstab, "\n")[i]
			fields := strings.Fields(was)
			if len(fields) > 2 && fields[2] == "swap" && !strings.HasPrefix(fields[0], "#") {
				was = swapComment + was
			}
			assert.Equal(t, was, now)
		}
	})
}

func TestSwapUnits(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"dev-sda2.swap", "swap.img.swap", `dev-disk-by\x2duuid-1.swap`, "dev-zram0.swap"},
		swapUnits([]string{"/dev/sda2", "/swap.img", "/dev/disk/by-uuid/1", "/dev/zram0"}), "as systemd-escape --path names them")
	assert.Empty(t, swapUnits(nil))
}
