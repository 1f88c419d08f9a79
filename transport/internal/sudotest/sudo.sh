# Stands in for sudo in tests: the options, prompts, messages and exit codes that matter, no change
# of user. SUDO_TEST_DIR, set above, says how to behave. Like sudo it stays while the command runs.
{ echo "args: $*"; env; } >>"$SUDO_TEST_DIR/log"
prompt='[sudo] password for tester: '
never= stdin=
while [ $# -gt 0 ]; do
	case $1 in
	-n) never=1 ;;
	-S) stdin=1 ;;
	-H) ;;
	-p)
		prompt=$2
		shift
		;;
	--)
		shift
		break
		;;
	-*)
		echo "sudo: invalid option -- '$1'" >&2
		exit 1
		;;
	*) break ;;
	esac
	shift
done
if [ -e "$SUDO_TEST_DIR/password" ]; then
	if [ -n "$never" ]; then
		echo 'sudo: a password is required' >&2
		exit 1
	fi
	if [ -z "$stdin" ]; then
		echo 'sudo: a terminal is required to read the password' >&2
		exit 1
	fi
	echo 'We trust you have received the usual lecture from the local System' >&2
	echo 'Administrator. It usually boils down to these three things:' >&2
	tries=3
	while :; do
		printf '%s' "$prompt" >&2
		if ! IFS= read -r answer; then
			echo 'sudo: no password was provided' >&2
			exit 1
		fi
		[ "$answer" = "$(cat "$SUDO_TEST_DIR/password")" ] && break
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			echo 'sudo: 3 incorrect password attempts' >&2
			exit 1
		fi
		echo 'Sorry, try again.' >&2
	done
fi
if [ -e "$SUDO_TEST_DIR/denied" ]; then
	echo 'tester is not in the sudoers file.' >&2
	exit 1
fi
"$@"
exit $?
