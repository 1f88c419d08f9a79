package kubeadmcfg

import (
	"slices"
	"strings"
)

// LintCommands returns what is wrong with commands as how-tos have them, for Kubernetes v: flags that
// are gone, secrets on a command line, and steps that are missing. Each command is its words, without a shell; a
// leading sudo is passed over. The commands are taken for one procedure, in order.
func LintCommands(commands [][]string, v Version) []Finding {
	c := commandLinter{linter: linter{version: v}}
	for _, words := range commands {
		if len(words) > 0 && words[0] == "sudo" {
			words = words[1:]
		}
		c.commands = append(c.commands, words)
	}
	for _, r := range commandRules() {
		c.rule = r.Rule
		for i, words := range c.commands {
			if len(words) > 0 {
				r.check(&c, words, indexed("commands", i))
			}
		}
	}
	return c.findings
}

// commandLinter is one run over a procedure.
type commandLinter struct {
	linter
	commands [][]string
}

// commandRule is a rule over one command of a procedure.
type commandRule struct {
	Rule
	check func(c *commandLinter, words []string, path string)
}

// begins says whether a command begins with these words, flags between them passed over.
func begins(words []string, want ...string) bool {
	for _, w := range words {
		switch {
		case len(want) == 0:
			return true
		case w == want[0]:
			want = want[1:]
		case !strings.HasPrefix(w, "-"):
			return false
		}
	}
	return len(want) == 0
}

// has says whether a command has a flag, with a value or without.
func has(words []string, flag string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return w == flag || strings.HasPrefix(w, flag+"=") })
}

// any says whether the procedure has such a command.
func (c *commandLinter) any(want ...string) bool {
	return slices.ContainsFunc(c.commands, func(words []string) bool { return begins(words, want...) })
}

// mixable are the flags that kubeadm init and join take beside --config
// (cmd/kubeadm/app/apis/kubeadm/validation/validation.go, isAllowedFlag).
var mixable = []string{
	"--config", "--ignore-preflight-errors", "--dry-run", "--kubeconfig", "--rootfs", "--node-name", "--upload-certs", "--print-manifest",
	"--skip-phases", "--skip-token-print", "--skip-certificate-key-print", "--patches", "--certificate-key", "--v", "-v", "--yes", "-y", "--force", "-f", "--help", "-h",
}

func commandRules() []commandRule {
	return []commandRule{
		{Rule{
			Code: "KC080", Title: "a flag that is gone",
			Why:    "kubectl drain --delete-local-data is called --delete-emptydir-data since 1.20, and the old name was removed; kubeadm's --experimental-upload-certs was removed in 1.16.",
			Fix:    "Use --delete-emptydir-data, and --upload-certs.",
			Source: "kubernetes#95076; changelogs of 1.16 and 1.20",
		}, func(c *commandLinter, words []string, path string) {
			for _, f := range []string{"--delete-local-data", "--experimental-upload-certs", "--experimental-control-plane"} {
				if has(words, f) && (words[0] == "kubectl" || words[0] == "kubeadm") {
					c.find(SeverityError, path, "%s is gone", f)
				}
			}
		}},
		{Rule{
			Code: "KC081", Title: "a node is deleted and its host goes on",
			Why:    "`kubectl delete node` leaves the kubelet running, which may register again, the etcd member counted in the quorum, and the balancer leading to it.",
			Fix:    "Drain, take it out of the balancer, remove its etcd member from another host, kubeadm reset on the host, delete the Node: PlanRemove of package ha.",
			Source: "kubernetes/kubeadm#1211, #1300; kubernetes#81071",
		}, func(c *commandLinter, words []string, path string) {
			if begins(words, "kubectl", "delete", "node") || begins(words, "kubectl", "delete", "nodes") {
				if !c.any("kubeadm", "reset") {
					c.find(SeverityError, path, "no `kubeadm reset` on its host")
				}
				if !c.any("etcdctl", "member", "remove") {
					c.find(SeverityWarning, path, "if it was a control plane, nothing sees to its etcd member and the balancer")
				}
			}
		}},
		{Rule{
			Code: "KC082", Title: "flags beside --config that kubeadm refuses",
			Why:    "With --config most settings must be in the file: kubeadm ends with \"can not mix '--config' with arguments\".",
			Fix:    "Move them into the file.",
			Source: "cmd/kubeadm/app/apis/kubeadm/validation/validation.go, ValidateMixedArguments; kubernetes/kubeadm#1485",
		}, func(c *commandLinter, words []string, path string) {
			if !has(words, "--config") || !begins(words, "kubeadm", "init") && !begins(words, "kubeadm", "join") {
				return
			}
			for _, w := range words {
				name, _, _ := strings.Cut(w, "=")
				if strings.HasPrefix(name, "-") && !slices.Contains(mixable, name) {
					c.find(SeverityError, path, "%s beside --config", name)
				}
			}
		}},
		{Rule{
			Code: "KC083", Title: "a control plane is joined without its certificates",
			Why:    "Without --certificate-key nothing is downloaded, though init uploaded it, and preflight ends with the missing files.",
			Fix:    "Add --certificate-key, or use a JoinConfiguration that has it.",
			Source: "cmd/kubeadm/app/cmd/phases/join/preflight.go",
		}, func(c *commandLinter, words []string, path string) {
			if begins(words, "kubeadm", "join") && has(words, "--control-plane") && !has(words, "--certificate-key") && !has(words, "--config") {
				c.find(SeverityError, path, "--control-plane without --certificate-key")
			}
		}},
		{Rule{
			Code: "KC084", Title: "kubeadm reset leaves things behind",
			Why:    "CNI configuration, iptables, nftables and IPVS rules, and the user's kubeconfig stay; and on an error of etcd's it warns, wipes the member's data and exits with 0.",
			Fix:    "Remove the etcd member from another host first, and clear away what is left by exact ownership: PlanReset of package ha. Never iptables -F or ipvsadm -C, which take what is not Kubernetes'.",
			Source: "kubernetes/kubeadm#2587, #689; cmd/kubeadm/app/cmd/phases/reset/removeetcdmember.go",
		}, func(c *commandLinter, words []string, path string) {
			if begins(words, "kubeadm", "reset") {
				c.find(SeverityInfo, path, "leaves network rules and the kubeconfig behind")
			}
			if begins(words, "ipvsadm") && (has(words, "-C") || has(words, "--clear")) || begins(words, "iptables") && (has(words, "-F") || has(words, "--flush")) {
				c.find(SeverityWarning, path, "takes away rules of others too")
			}
		}},
		{Rule{
			Code: "KC085", Title: "ipvsadm names ports and hosts",
			Why:    "Without -n ipvsadm looks names up: slow, and 10.96.0.1:https is not what was set.",
			Fix:    "Use ipvsadm -Ln.",
			Source: "ipvsadm(8)",
		}, func(c *commandLinter, words []string, path string) {
			list := slices.ContainsFunc(words, func(w string) bool {
				return w == "--list" || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.ContainsAny(w, "Ll")
			})
			numeric := slices.ContainsFunc(words, func(w string) bool {
				return w == "--numeric" || strings.HasPrefix(w, "-") && !strings.HasPrefix(w, "--") && strings.Contains(w, "n")
			})
			if words[0] == "ipvsadm" && (list || len(words) == 1) && !numeric {
				c.find(SeverityInfo, path, "lists names instead of numbers")
			}
		}},
		{Rule{
			Code: "KC086", Title: "a protection of the host is turned off",
			Why:    "See KC014: it helps nothing that two labels or four open ports would not.",
			Fix:    "Open the ports and label the balancer's port; check signatures.",
			Source: "kubernetes.io/docs, ports and protocols",
		}, func(c *commandLinter, words []string, path string) {
			off := begins(words, "setenforce", "0") ||
				begins(words, "systemctl", "stop", "firewalld") || begins(words, "systemctl", "disable", "firewalld") || begins(words, "ufw", "disable") ||
				slices.Contains([]string{"yum", "dnf"}, words[0]) && has(words, "--nogpgcheck") || has(words, "gpgcheck=0") ||
				words[0] == "apt-get" && has(words, "--allow-unauthenticated")
			if off {
				c.find(SeverityWarning, path, "%s", strings.Join(words, " "))
			}
		}},
		{Rule{
			Code: "KC087", Title: "a module that current kernels do not have",
			Why:    "nf_conntrack_ipv4 became part of nf_conntrack in Linux 4.19.",
			Fix:    "modprobe nf_conntrack.",
			Source: "Linux commit a0ae2562c6c4",
		}, func(c *commandLinter, words []string, path string) {
			if words[0] == "modprobe" && slices.Contains(words, "nf_conntrack_ipv4") {
				c.find(SeverityError, path, "nf_conntrack_ipv4 is not in a kernel from 4.19 on")
			}
		}},
		{Rule{
			Code: "KC088", Title: "a manifest from an address that is no more",
			Why:    "See KC042.",
			Fix:    "Use a file of your own, checked in.",
			Source: "projectcalico/calico releases",
		}, func(c *commandLinter, words []string, path string) {
			for _, w := range words {
				if words[0] == "kubectl" && deadManifest(w) {
					c.find(SeverityError, path, "%s is no more", w)
				}
			}
		}},
		{Rule{
			Code: "KC089", Title: "a secret on a command line",
			Why:    "Arguments are in the process list, the shell's history and audit logs.",
			Fix:    "Use a configuration file with mode 0600.",
			Source: "proc(5), /proc/PID/cmdline",
		}, func(c *commandLinter, words []string, path string) {
			for _, f := range []string{"--token", "--certificate-key", "--tls-bootstrap-token", "--discovery-token"} {
				if words[0] == "kubeadm" && has(words, f) {
					c.find(SeverityWarning, path, "%s", f)
				}
			}
			if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, exampleToken) }) {
				c.find(SeverityError, path, "the token is the public example")
			}
		}},
	}
}
