package kubeadmcfg

import "strconv"

// controlPlaneRules are about the flags of the control plane's components.
func controlPlaneRules() []lintRule {
	return []lintRule{
		{Rule{
			Code: "KC060", Title: "goaway-chance that does not fit",
			Why:    "It closes connections so that clients spread over the apiservers again: with one apiserver they come back to the same, and above 0.02 the apiserver does not start.",
			Fix:    "Leave it out for one control plane; 0.001 for several.",
			Source: "staging/src/k8s.io/apiserver/pkg/server/options/server_run_options.go; kubernetes#88567",
		}, func(l *linter) {
			value := l.apiServerArg("goaway-chance")
			chance, err := strconv.ParseFloat(value, 64)
			const at = kindCluster + ".apiServer.extraArgs"
			switch planes := l.controlPlanes(); {
			case value == "":
			case err != nil || chance < 0 || chance > 0.02:
				l.find(SeverityError, at, "goaway-chance %q is not within 0 and 0.02", value)
			case chance > 0 && len(planes) == 1:
				l.find(SeverityWarning, at, "goaway-chance with one control plane")
			}
		}},
		{Rule{
			Code: "KC061", Title: "nobody may ask the apiserver whether it is ready",
			Why:    "With anonymous-auth=false /readyz answers 401 to the kubelet's probes and to a balancer with active checks: the pod is restarted, the backend is down.",
			Fix:    "Leave anonymous-auth alone; from 1.32 an AuthenticationConfiguration can keep it to the health endpoints.",
			Source: "kubernetes/kubeadm#798; KEP-4633",
		}, func(l *linter) {
			if l.apiServerArg("anonymous-auth") != "false" {
				return
			}
			l.find(SeverityError, kindCluster+".apiServer.extraArgs", "anonymous-auth is false")
			if l.Balancer != nil && l.Balancer.ActiveChecks {
				l.find(SeverityError, "balancer.activeChecks", "/readyz answers 401 to the balancer")
			}
		}},
	}
}

// apiServerArg returns a flag's value, the last that is given.
func (l *linter) apiServerArg(name string) string {
	if l.Cluster == nil {
		return ""
	}
	return lastArg(l.Cluster.APIServer.ExtraArgs, name)
}
