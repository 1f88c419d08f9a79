// Command labup boots hosts and keeps them until it is interrupted:
//
//	go run ./cmd/labup -dir /tmp/lab -hosts cp1,cp2,cp3,w1
//
// It writes a cluster file with the SSH files it needs into the directory, and prints how to run
// programs where the hosts can be reached.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/quorate-dev/quorate/lab"
)

func main() {
	version := flag.String("version", "v1.37.2", "Kubernetes version")
	dir := flag.String("dir", "labup", "directory for cluster.yaml, id_ed25519, known_hosts and cni.yaml")
	hosts := flag.String("hosts", "cp1,cp2,cp3,w1", "hosts to boot; names that begin with cp are control planes")
	buildOnly := flag.Bool("build", false, "build what hosts are made of, and stop")
	byHand := flag.Bool("by-hand", false, "make a cluster with kubeadm typed by hand; kubeadm.log in the directory has its output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := up(ctx, *version, *dir, strings.Split(*hosts, ","), *buildOnly, *byHand); err != nil {
		fmt.Fprintln(os.Stderr, "labup:", err)
		os.Exit(1)
	}
}

// up boots the hosts, waits for an interrupt, and clears everything away.
func up(ctx context.Context, version, dir string, names []string, buildOnly, byHand bool) (err error) {
	begun := time.Now()
	progress := func(line string) { fmt.Printf("%6.1f s  %s\n", time.Since(begun).Seconds(), line) }
	artifacts, err := lab.Build(ctx, version, progress)
	if err != nil || buildOnly {
		return err
	}
	l, err := lab.New(ctx, lab.Config{Artifacts: artifacts, Progress: progress})
	if err != nil {
		return err
	}
	defer func() {
		progress("clearing away")
		err = errors.Join(err, l.Close())
	}()
	if err := l.AddHosts(ctx, names...); err != nil {
		return err
	}
	if err := l.WriteClusterFiles(dir, nil); err != nil {
		return err
	}
	if byHand {
		verbose, err := os.Create(filepath.Join(dir, "kubeadm.log"))
		if err != nil {
			return err
		}
		defer verbose.Close()
		timings, err := l.ByHand(ctx, lab.ByHandConfig{Output: verbose, Verbosity: 5})
		fmt.Print(timings)
		if err != nil {
			return err
		}
	}
	progress("ready; " + dir + " holds cluster.yaml and the files it names")
	driver := strings.Join(l.DriverCommand(ctx).Args, " ")
	fmt.Printf("\n  %s hactl -f %s/cluster.yaml plan\n  %s ssh -i %s/id_ed25519 -o UserKnownHostsFile=%s/known_hosts root@%s\n\n",
		driver, dir, driver, dir, dir, l.Hosts()[0].Address)
	for _, h := range l.Hosts() {
		fmt.Printf("  %s at its console: %s\n", h.Name, strings.Join(h.Command(ctx, "bash").Args, " "))
	}
	fmt.Println("\nInterrupt me to clear everything away.")
	<-ctx.Done()
	return nil
}
