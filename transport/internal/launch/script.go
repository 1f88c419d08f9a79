package launch

import (
	"fmt"
	"strings"

	"github.com/quorate-dev/quorate/transport"
)

// Codes that follow the mark "NONCE!" on standard output: the program was not started.
const (
	codeMissing       = "missing"
	codeNotExecutable = "not-executable"
)

// notStartedMark begins the only thing that the script itself may print.
func notStartedMark(nonce string) string { return nonce + "!" }

// commandScript returns the text that turns the waiting shell into cmd's program.
//
// exec in a shell ends it with 126 or 127 when the program cannot be executed, which the program
// itself may exit with as well. So the program is looked up first, and what lookup cannot see (an
// interpreter that does not exist) is caught after exec: dash and busybox run the EXIT trap,
// bash goes on to the next command where execfail is set.
func commandScript(nonce string, cmd transport.Command) string {
	var b strings.Builder
	b.WriteString("{\n")
	fmt.Fprintf(&b, "no() { trap - EXIT; echo '%s'$1; exit 127; }\n", notStartedMark(nonce))
	name := cmd.Argv[0]
	fmt.Fprintf(&b, "f=%s\n", Quote(name))
	if !strings.Contains(name, "/") {
		// An empty element of PATH is the working directory.
		b.WriteString(`set -f; c=$f; f=; IFS=:
for d in $PATH; do d=${d:-.}; if [ -f "$d/$c" ] && [ -x "$d/$c" ]; then f=$d/$c; break; fi; done
unset IFS
`)
	}
	fmt.Fprintf(&b, "[ -n \"$f\" ] && [ -e \"$f\" ] || no %s\n", codeMissing)
	fmt.Fprintf(&b, "[ ! -d \"$f\" ] && [ -x \"$f\" ] || no %s\n", codeNotExecutable)
	program := Quote(name)
	if strings.HasPrefix(name, "-") {
		program = `"$f"` // exec would take the name for an option
	}
	args := QuoteAll(cmd.Argv[1:])
	if len(cmd.Env) > 0 {
		// env takes every name, also those that are no identifiers and that a shell could not
		// export; what looks like an assignment it would not take for the program.
		if strings.Contains(name, "=") {
			program = `sh -c 'exec "$@"' sh "$f"`
		} else {
			program = `"$f"`
		}
		program = "env " + QuoteAll(cmd.Env) + " " + program
	}
	fmt.Fprintf(&b, "trap 'no %s' EXIT\n", codeNotExecutable)
	b.WriteString("(shopt -s execfail) 2>/dev/null && shopt -s execfail\n")
	fmt.Fprintf(&b, "exec %s %s\n", program, args)
	fmt.Fprintf(&b, "no %s\n}", codeNotExecutable)
	return b.String()
}

// killScript ends a process group, or a process: TERM, two seconds to leave, KILL. A leader with
// another start time is a later process of the same number, so that the group is gone; without a
// leader the number cannot have been given to another group while members are left.
// The command undo runs when the group has ended, however it did.
func killScript(target, start, undo string) string {
	return fmt.Sprintf(`{
trap %s EXIT
g=%s; t=%s
if read -r s 2>/dev/null </proc/${g#-}/stat; then s=${s##*) }; set -- $s; [ "${20}" = "$t" ] || exit 0; fi
kill -TERM $g 2>/dev/null || exit 0
n=0
while [ $n -lt 40 ]; do kill -0 $g 2>/dev/null || exit 0; sleep 0.05 || { sleep 1; n=$((n+20)); }; n=$((n+1)); done
kill -KILL $g 2>/dev/null
exit 0
}`, Quote(undo), Quote(target), Quote(start))
}
