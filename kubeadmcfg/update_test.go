package kubeadmcfg

import "flag"

// updating says whether -update was given; the flag is defined beside the golden files' test, in the external test package.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}
