package fake

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quorate-dev/quorate/fake/internal/vfs"
)

// lookup finds a name's or a number's id in a file like /etc/passwd.
func (h *Host) lookup(file, name string) (int, bool) {
	b, err := h.m.FS.Read(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) > 2 && f[0] == name {
			n, err := strconv.Atoi(f[2])
			return n, err == nil
		}
	}
	n, err := strconv.Atoi(name)
	return n, err == nil && n >= 0
}

func (h *Host) nameOf(file string, id int) string {
	b, _ := h.m.FS.Read(file) // without it nobody has a name
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSpace(line), ":"); len(f) > 2 && f[2] == strconv.Itoa(id) {
			return f[0]
		}
	}
	return strconv.Itoa(id)
}

func (h *Host) ownerName(o vfs.Owner) string {
	return h.nameOf("/etc/passwd", o.UID) + ":" + h.nameOf("/etc/group", o.GID)
}

// owner reads "user" or "user:group".
func (h *Host) owner(text string) (vfs.Owner, error) {
	var o vfs.Owner
	if text == "" {
		return o, nil
	}
	user, group, hasGroup := strings.Cut(text, ":")
	var ok bool
	if o.UID, ok = h.lookup("/etc/passwd", user); !ok {
		return o, fmt.Errorf("invalid user: %q", user)
	}
	if hasGroup {
		if o.GID, ok = h.lookup("/etc/group", group); !ok {
			return o, fmt.Errorf("invalid group: %q", group)
		}
	}
	return o, nil
}
