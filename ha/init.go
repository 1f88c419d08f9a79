package ha

import (
	"context"
	"fmt"

	"github.com/quorate-dev/quorate/kubeadmcfg"
	"github.com/quorate-dev/quorate/transport"
)

// joinAttempts is how often kubeadm init or join is tried in one step.
const joinAttempts = 3

// planInit makes the first control plane. Its configuration file is there from before kubeadm starts until the
// result is proven: where it is found, an earlier attempt was cut short and is cleaned away first.
func (b *planner) planInit(h Host) {
	f := b.obs.hosts[h.Name]
	spec, version := b.spec, b.version
	changes := []Change{
		fileChange(initConfigPath, "", preview(spec.initBundle(h, previewSecret, previewSecret), version)),
		runChange("kubeadm", "init", "--config", initConfigPath, "--upload-certs"),
		runChange("rm", "-f", initConfigPath),
	}
	if f.has(initConfigPath) {
		changes = append([]Change{{Command: resetCommand()}}, changes...)
	}
	b.add(step{
		Step: Step{ID: stepID(h.Name, "init"), Host: h.Name, Title: "the first control plane runs", After: b.prepared(h.Name), Limit: limitInit, Changes: changes},
		done: func(ctx context.Context, r *stepRun) (bool, error) {
			if unfinished, err := r.exists(ctx, initConfigPath); unfinished || err != nil {
				return false, err
			}
			return r.initialised(ctx, h)
		},
		do: func(ctx context.Context, r *stepRun) error { return r.initialise(ctx, h) },
	})
}

// exists says whether a file is there.
func (r *stepRun) exists(ctx context.Context, path string) (bool, error) {
	res, err := r.conn.exit(ctx, "test", "-e", path)
	return res.ExitCode == 0, err
}

// initialised says whether kubeadm init went through on h and its apiserver is ready.
func (r *stepRun) initialised(ctx context.Context, h Host) (bool, error) {
	if there, err := r.exists(ctx, adminKubeconfigPath); !there || err != nil {
		return false, err
	}
	if err := r.apiReady(ctx, h); err != nil {
		return false, ctx.Err() // not ready is an answer
	}
	kube, err := r.kubeAt(ctx, h)
	if err != nil {
		return false, err
	}
	return r.initComplete(ctx, kube, h)
}

func (r *stepRun) initialise(ctx context.Context, h Host) error {
	return r.attempt(ctx, initConfigPath, func(ctx context.Context) (bool, error) { return r.initialised(ctx, h) },
		func(ctx context.Context) error {
			c, err := r.join.fresh(ctx)
			if err != nil {
				return err
			}
			r.hide(c.token, c.key)
			text, err := kubeadmcfg.Render(r.cluster.spec.initBundle(h, c.token, c.key), r.cluster.version)
			if err != nil {
				return err
			}
			if err := r.conn.write(ctx, transport.File{Path: initConfigPath, Data: text, Mode: 0o600}); err != nil {
				return err
			}
			if err := r.stream(ctx, "kubeadm", "init", "--config", initConfigPath, "--upload-certs"); err != nil {
				return err
			}
			return r.join.initialised(ctx)
		},
		func(ctx context.Context) error { return r.cleanHost(ctx) })
}

// attempt runs kubeadm under a mark on the host: config is there while the result is not proven. An attempt that fails, or that an
// earlier run left behind, is cleaned away before the next. complete says whether the work was done
// after all, which it may be when only the answer was lost.
func (r *stepRun) attempt(ctx context.Context, config string, complete func(context.Context) (bool, error), work, clean func(context.Context) error) error {
	marked, err := r.exists(ctx, config)
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		if marked {
			ok, err := complete(ctx)
			if err != nil {
				return err
			}
			if ok {
				break
			}
			r.report("an unfinished attempt is cleaned away")
			if err := clean(ctx); err != nil {
				return fmt.Errorf("clean up an unfinished attempt: %w", err)
			}
		}
		err := work(ctx)
		if err == nil {
			break
		}
		marked = true
		err = r.redactError(err)
		if n == joinAttempts || ctx.Err() != nil {
			r.cleanAfter(ctx, config, clean)
			return err
		}
		r.cluster.emit(Event{Kind: StepRetried, Host: r.step.Host, Step: r.step.ID, Title: r.step.Title, Err: err, Message: err.Error()})
	}
	_, err = r.conn.run(ctx, "rm", "-f", config)
	return err
}

// cleanAfter cleans a host whose last attempt failed, even when the step's own time is over. What cannot be cleaned
// now keeps its mark, and the next run cleans it.
func (r *stepRun) cleanAfter(ctx context.Context, config string, clean func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitShort)
	defer cancel()
	if err := clean(ctx); err != nil {
		r.report("the failed attempt could not be cleaned away; the next apply does it: " + err.Error())
		return
	}
	if _, err := r.conn.run(ctx, "rm", "-f", config); err != nil {
		r.report("the mark of the failed attempt could not be removed: " + err.Error())
	}
}

// resetCommand is kubeadm reset without its etcd phase, which only warns when the member stays behind and wipes
// the data all the same (cmd/kubeadm/app/cmd/phases/reset/removeetcdmember.go): members are taken out by
// ourselves, through another control plane, before.
func resetCommand() []string {
	return []string{"kubeadm", "reset", "--force", "--cri-socket=" + criSocket, "--skip-phases=remove-etcd-member"}
}

// cleanHost undoes kubeadm's work on the step's host: containers, files, kube-proxy's tables and etcd's data.
func (r *stepRun) cleanHost(ctx context.Context) error {
	r.forgetKube(Host{Name: r.step.Host})
	r.forgetEtcd(r.step.Host)
	if err := r.stream(ctx, resetCommand()...); err != nil {
		return err
	}
	if err := r.dropProxyTables(ctx); err != nil {
		return err
	}
	_, err := r.conn.run(ctx, "rm", "-rf", r.cluster.spec.etcdDataDir()+"/member")
	return err
}
