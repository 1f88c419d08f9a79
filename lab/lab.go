package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// closeTimeout bounds what Close and the sweeper may take.
const closeTimeout = 2 * time.Minute

// Config says how a lab is made. The zero value works.
type Config struct {
	// Artifacts are what hosts are made of, from Build; required.
	Artifacts *Artifacts
	// Subnet is the hosts' network; 10.77.0.0/24 by default. Labs at the same time may use the same one: each has its own namespaces.
	Subnet netip.Prefix
	// Progress gets a line for each thing that takes a while; nil drops them.
	Progress func(string)
}

// Lab is a network with hosts on it. Its methods may be called from several goroutines.
type Lab struct {
	artifacts *Artifacts
	network   network
	prefix    string   // unique for the run: names its namespaces, cgroups and directory
	dir       string   // everything the run writes
	lock      *os.File // held as long as this process lives
	keys      keys
	progress  func(string)

	mu    sync.Mutex
	hosts []*Host
}

// New makes a network without hosts, after it cleared away what earlier processes left behind.
// The caller must Close the lab, also after a failure of anything else.
func New(ctx context.Context, config Config) (*Lab, error) {
	if err := Usable(); err != nil {
		return nil, err
	}
	if config.Artifacts == nil {
		return nil, errors.New("lab: new: no artifacts: call Build first")
	}
	if !config.Subnet.IsValid() {
		config.Subnet = netip.MustParsePrefix("10.77.0.0/24")
	}
	if err := Sweep(ctx); err != nil {
		return nil, err
	}
	if err := raiseInotifyLimit(); err != nil {
		return nil, err
	}
	subnet := config.Subnet.Masked()
	l := &Lab{artifacts: config.Artifacts, progress: orSilent(config.Progress)}
	var err error
	if l.prefix, l.dir, l.lock, err = newRun(ctx); err != nil {
		return nil, err
	}
	l.network = network{prefix: l.prefix, subnet: subnet, driver: subnet.Addr().Next()}
	if l.keys, err = newKeys(l.dir); err == nil {
		err = l.network.create(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lab: new: %w", err), l.Close())
	}
	return l, nil
}

// Usable says why no lab can be made on this machine, or returns nil.
func Usable() error {
	if os.Geteuid() != 0 {
		return errors.New("lab: not root: hosts need namespaces, mounts and cgroups")
	}
	var missing []string
	for _, program := range []string{"mmdebstrap", "systemd-nspawn", "ip", "nft", "nsenter", "mount", "umount", "go"} {
		if !onPath(program) {
			missing = append(missing, program)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("lab: not installed: %s (Debian: apt-get install mmdebstrap systemd-container iproute2 nftables util-linux golang)", strings.Join(missing, ", "))
	}
	return nil
}

// onPath says whether a program is installed.
func onPath(program string) bool {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(dir, program)); err == nil && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

// raiseInotifyLimit lets all hosts have the inotify instances that a single one has: the limit is the
// machine's, per user, and the default of 128 leaves the third host's containerd without its CRI
// plugin. It is only ever raised.
func raiseInotifyLimit() error {
	const file, want = "/proc/sys/fs/inotify/max_user_instances", 8192
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	var have int
	if _, err := fmt.Sscan(string(text), &have); err == nil && have >= want {
		return nil
	}
	if err := os.WriteFile(file, fmt.Append(nil, want), 0o644); err != nil {
		return fmt.Errorf("lab: raise the limit of inotify instances: %w", err)
	}
	return nil
}

// newRun takes a new name and directory, and the lock that says that the run is alive.
func newRun(ctx context.Context) (prefix, dir string, lock *os.File, err error) {
	random := make([]byte, 3)
	rand.Read(random)
	prefix = "ql" + hex.EncodeToString(random)
	c, err := openCache()
	if err != nil {
		return "", "", nil, err
	}
	// The lock is there before the directory is: a sweeper never finds a run without its owner.
	lock, err = lockFile(ctx, filepath.Join(c.dir, "run-"+prefix+".lock"))
	if err != nil {
		return "", "", nil, err
	}
	dir = filepath.Join(c.dir, "run-"+prefix)
	if err := os.Mkdir(dir, 0o755); err != nil {
		lock.Close()
		return "", "", nil, fmt.Errorf("lab: make the run's directory: %w", err)
	}
	return prefix, dir, lock, nil
}

// Dir is the run's own directory. Files put there go away with the lab.
func (l *Lab) Dir() string { return l.dir }

// Artifacts are what the hosts are made of.
func (l *Lab) Artifacts() *Artifacts { return l.artifacts }

// Host returns the host of that name, or nil.
func (l *Lab) Host(name string) *Host {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// Hosts returns all hosts in the order in which they were added.
func (l *Lab) Hosts() []*Host {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]*Host(nil), l.hosts...)
}

// Close ends every process on every host and removes all that the lab made: mounts, cgroups, namespaces,
// files. It does so even when contexts have ended, and may be called twice.
func (l *Lab) Close() error {
	if l.lock == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := clearRun(ctx, l.prefix, l.dir)
	for _, h := range l.Hosts() {
		h.forget()
	}
	if err == nil {
		err = os.Remove(l.lock.Name())
	}
	l.lock.Close()
	l.lock = nil
	return err
}

// Sweep removes what labs left behind whose process is gone. Labs of live processes are not touched.
func Sweep(ctx context.Context) error {
	c, err := openCache()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	locks, err := filepath.Glob(filepath.Join(c.dir, "run-*.lock"))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range locks {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // removed meanwhile by its owner
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			dir := strings.TrimSuffix(name, ".lock")
			prefix := strings.TrimPrefix(filepath.Base(dir), "run-")
			if err := clearRun(ctx, prefix, dir); err != nil {
				errs = append(errs, err)
			} else {
				errs = append(errs, os.Remove(name))
			}
		}
		f.Close()
	}
	return errors.Join(errs...)
}

// clearRun removes everything of a run. The processes are those in the run's cgroups, so none is
// touched that the run did not start.
func clearRun(ctx context.Context, prefix, dir string) error {
	if err := killCgroups(ctx, prefix); err != nil {
		return err
	}
	return errors.Join(
		unmountBelow(dir),
		removeCgroups(ctx, prefix),
		deleteNamespaces(ctx, prefix),
		removeRun(dir),
	)
}

// removeRun deletes a run's directory, unless something is still mounted there.
func removeRun(dir string) error {
	if mounts, err := mountsBelow(dir); err != nil || len(mounts) > 0 {
		return fmt.Errorf("lab: %s is not removed: mounts are left there: %q: %v", dir, mounts, err)
	}
	return os.RemoveAll(dir)
}
