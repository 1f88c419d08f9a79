package launch

// header is what the remote shell says about itself before it becomes the program.
type header struct {
	// target is what kill(1) takes to end the program: its process group, with a minus sign, or
	// the program alone. start is the time in clock ticks after boot at which it started; empty
	// where the host has no /proc.
	target, start string
}

type eventKind int

const (
	eventHeader     eventKind = iota // the shell waits for the script
	eventReady                       // the script has begun: what comes next is the program's input
	eventPrompt                      // sudo waits for the password
	eventEOF                         // one of the outputs ended
	eventNotStarted                  // the script could not execute the program; text says why
	eventSinkError                   // the caller's writer failed
	eventInputError                  // the caller's reader failed
)

type event struct {
	kind   eventKind
	header header
	text   string
	err    error
}
