package launch

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// newNonce returns a word that no other output contains.
func newNonce() string {
	var b [12]byte
	rand.Read(b[:])
	return "q" + hex.EncodeToString(b[:])
}

// leader makes the program that follows lead a process group of its own, so that the program and
// all its children can be ended by one kill. sshd starts each session as one already; under sudo,
// and under servers that do not, setsid makes one. A group leader must not call setsid(1): it
// would fork and lose the exit code. No quotes, backslashes, newlines or exclamation marks: the
// text passes through the user's login shell between single quotes, and csh and fish treat those
// four specially even there.
const leader = `read -r s </proc/$$/stat; s=${s##*) }; g=${s#* * }; g=${g%% *}; ` +
	`if [ "${g:-$$}" != $$ ] && command -v setsid >/dev/null; then exec setsid "$@"; fi; exec "$@"`

// receive reports what to end, and then becomes what the script says. The first field after the
// command's name in /proc/PID/stat is the state, the third the process group, the twentieth the
// time the process was started (proc(5)). A process that leads no group, because there was no
// setsid, can only be ended alone: the group is the server's, or sudo's.
const receive = `read -r s </proc/$$/stat; s=${s##*) }; set -- $s; p=-$$; [ "${3:-$$}" = $$ ] || p=$$; ` +
	`echo %[1]s:$p:${20}:; echo %[1]s: >&2; eval "$(head -c %[2]d)"`

// line is the command line for the user's login shell. It holds a nonce and a length, nothing of
// the command that will run.
func line(nonce string, scriptLen int, sudo *Sudo) string {
	inner := "sh -c '" + fmt.Sprintf(receive, nonce, scriptLen) + "'"
	outer := "exec sh -c '" + leader + "' sh "
	if sudo == nil {
		return outer + inner
	}
	flags := "-n"
	if sudo.Password != "" {
		// -S reads the password from stdin; -p is how we know that it is asked for.
		flags = "-S -p " + promptWord(nonce)
	}
	return outer + "sudo -H " + flags + " -- sh -c '" + leader + "' sh " + inner
}

// promptWord is the prompt that sudo prints when it wants the password.
func promptWord(nonce string) string { return nonce + "-password:" }

// readyWord is the first thing that a script prints.
func readyWord(nonce string) string { return nonce + "=" }
