package fake

import (
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate-dev/quorate/fake/internal/kubeadm"
)

// Fault is something that goes wrong: where, when, and what. It is built from On, and each method returns a
// changed copy:
//
//	c.Inject(fake.On("cp2").Exec("kubeadm join*").Phase("join/etcd-join").Crash())
//
// Without Exec and Phase it happens at the next command. With Phase it happens when a command begins
// that phase, otherwise when the command begins. It happens once, unless Times says otherwise.
type Fault struct {
	host, exec, phaseName string
	nth, times            int
	action                outcome
}

// outcome is what a fault does.
type outcome struct {
	crash, hang, drop, lose bool
	exit                    *kubeadm.FaultError
	slow                    time.Duration
}

// On starts a Fault on a host, "*" for any.
func On(host string) Fault { return Fault{host: host, times: 1} }

// Exec limits it to commands whose words, joined with spaces, match the pattern: * stands for any text.
// A file that is written is the command "write PATH".
func (f Fault) Exec(pattern string) Fault { f.exec = pattern; return f }

// Phase limits it to the beginning of a phase of kubeadm: "init/certs", "join/etcd-join", "join/control-plane-prepare",
// "reset/cleanup-node". In "join/etcd-join" the moments "join/etcd-join/added", "join/etcd-join/started"
// and, of a learner, "join/etcd-join/promoted" have names of their own.
func (f Fault) Phase(name string) Fault { f.phaseName = name; return f }

// Nth lets the first n-1 occasions pass.
func (f Fault) Nth(n int) Fault { f.nth = n; return f }

// Times makes it happen n times; 0 is always.
func (f Fault) Times(n int) Fault { f.times = n; return f }

// Crash cuts the host's power.
func (f Fault) Crash() Fault { f.action.crash = true; return f }

// Hang makes the command never go on.
func (f Fault) Hang() Fault { f.action.hang = true; return f }

// Exit ends the command with an exit code and an error text.
func (f Fault) Exit(code int, stderr string) Fault {
	f.action.exit = &kubeadm.FaultError{Code: code, Stderr: stderr}
	return f
}

// DropConn loses the connection at once; the command goes on.
func (f Fault) DropConn() Fault { f.action.drop = true; return f }

// LoseReply loses the connection when the command has ended.
func (f Fault) LoseReply() Fault { f.action.lose = true; return f }

// Slow makes it take longer.
func (f Fault) Slow(d time.Duration) Fault { f.action.slow = d; return f }

// faults are those that are injected.
type faults struct {
	c    *Cluster
	mu   sync.Mutex
	list []*injected
}

type injected struct {
	Fault
	seen, done int
}

// Inject makes faults happen. The function that it returns takes them back.
func (c *Cluster) Inject(list ...Fault) (remove func()) {
	var mine []*injected
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	for _, f := range list {
		mine = append(mine, &injected{Fault: f})
	}
	c.faults.list = append(c.faults.list, mine...)
	return func() {
		c.faults.mu.Lock()
		defer c.faults.mu.Unlock()
		c.faults.list = slices.DeleteFunc(c.faults.list, func(i *injected) bool { return slices.Contains(mine, i) })
	}
}

// Injected says how often injected faults have happened so far: a test of a fault that never happened proves nothing.
func (c *Cluster) Injected() int {
	c.faults.mu.Lock()
	defer c.faults.mu.Unlock()
	n := 0
	for _, f := range c.faults.list {
		n += f.done
	}
	return n
}

// command returns what happens at the start of a command.
func (f *faults) command(h *Host, argv []string) outcome {
	return f.match(h, argv, func(i *injected) bool { return i.phaseName == "" })
}

// phase returns what happens at the start of a phase.
func (f *faults) phase(h *Host, argv []string, phase string) outcome {
	return f.match(h, argv, func(i *injected) bool {
		return i.phaseName != "" && (i.phaseName == phase || strings.HasPrefix(phase, i.phaseName+"/") && path.Dir(phase) != path.Dir(i.phaseName) && i.phaseName != "join/etcd-join" || glob(i.phaseName, phase))
	})
}

func (f *faults) match(h *Host, argv []string, when func(*injected) bool) outcome {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := strings.Join(argv, " ")
	for _, i := range f.list {
		if i.host != "*" && i.host != h.Name() || i.exec != "" && !glob(i.exec, line) || !when(i) || i.times > 0 && i.done >= i.times {
			continue
		}
		if i.seen++; i.seen < i.nth {
			continue
		}
		i.done++
		return i.action
	}
	return outcome{}
}

// glob matches text against a pattern in which * stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(text, p)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
