package launch

import (
	"fmt"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// Exit codes of the scripts below, so that no message in the host's language has to be understood.
const (
	exitNotExist   = 90
	exitPermission = 91
	exitDirectory  = 92
	exitNotDir     = 93
	exitTruncated  = 94
	exitUnwritable = 95
)

// why ends the script with the code that says why the file at $1 cannot be reached: the deepest
// ancestor that is there decides. A directory that may not be searched hides what is below it.
var why = fmt.Sprintf(`why() {
a=$1
while [ -n "$a" ] && [ ! -e "$a" ]; do a=${a%%/*}; done
a=${a:-/}
[ -d "$a" ] || exit %d
[ -x "$a" ] || exit %d
}
`, exitNotDir, exitPermission)

// readScript prints the file at path and then done: the end of the output proves that all of it came.
func readScript(path, done string) string {
	return fmt.Sprintf("{\np=%s\n%s", Quote(path), why) + fmt.Sprintf(`[ ! -d "$p" ] || exit %d
if [ ! -e "$p" ]; then why "$p"; exit %d; fi
[ -r "$p" ] || exit %d
cat <"$p" && echo %s
}`, exitDirectory, exitNotExist, exitPermission, done)
}

// writeScript puts what it reads from standard input at f.Path, by way of the hidden file temp in
// the same directory, when and only when it was all of it. kubelet and most other readers of
// directories pass over names that begin with a dot.
func writeScript(f transport.File, nonce string) string {
	dir, _ := split(f.Path)
	temp := tempName(f.Path, nonce)
	mode := f.Mode.Perm()
	if mode == 0 {
		mode = 0o644
	}
	var b strings.Builder
	fmt.Fprintf(&b, "{\np=%s\nd=%s\nt=%s\n%s", Quote(f.Path), Quote(dir), Quote(temp), why)
	fmt.Fprintf(&b, "[ ! -d \"$p\" ] || exit %d\n", exitDirectory)
	b.WriteString("umask 022\n")
	fmt.Fprintf(&b, "[ -d \"$d\" ] || mkdir -p \"$d\" || { why \"$d\"; [ -w \"$a\" ] || exit %d; exit %d; }\n", exitPermission, exitUnwritable)
	fmt.Fprintf(&b, "[ \"$(id -u)\" = 0 ] || { [ -w \"$d\" ] && [ -x \"$d\" ]; } || exit %d\n", exitPermission)
	b.WriteString("umask 077\n")
	b.WriteString("trap 'rm -f \"$t\"' EXIT\ntrap 'exit 96' HUP INT TERM PIPE\n")
	fmt.Fprintf(&b, "cat >\"$t\" || exit %d\n", exitUnwritable)
	fmt.Fprintf(&b, "[ \"$(wc -c <\"$t\")\" -eq %d ] || exit %d\n", len(f.Data), exitTruncated)
	if f.Owner != "" {
		fmt.Fprintf(&b, "chown %s \"$t\" || exit %d\n", Quote(f.Owner), exitUnwritable)
	}
	fmt.Fprintf(&b, "chmod %o \"$t\" || exit %d\n", mode, exitUnwritable)
	// sync with a file is coreutils 8.24 or newer, and busybox; without one it syncs everything.
	b.WriteString("sync \"$t\" 2>/dev/null || sync\n")
	fmt.Fprintf(&b, "mv -f \"$t\" \"$p\" || exit %d\n", exitUnwritable)
	b.WriteString("trap - EXIT\nsync \"$d\" 2>/dev/null || sync\nexit 0\n}")
	return b.String()
}

// tempName is the name under which a file is written before it takes the place of the one at path.
func tempName(path, nonce string) string {
	dir, base := split(path)
	return strings.TrimSuffix(dir, "/") + "/." + clip(base, 200) + "." + nonce
}

// split returns the directory and the name of an absolute path, as they are.
func split(path string) (dir, base string) {
	slash := strings.LastIndexByte(path, '/')
	if slash == 0 {
		return "/", path[1:]
	}
	return path[:slash], path[slash+1:]
}

// clip shortens a name so that what is added to it stays within the 255 bytes of a file name.
func clip(s string, n int) string { return s[:min(len(s), n)] }
