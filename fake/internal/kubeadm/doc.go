// Package kubeadm simulates the kubeadm command, phase by phase: each phase writes the files and
// API objects of the real one, and a command that dies between two phases leaves exactly what the
// phases before it did.
//
//	code := kubeadm.Run(p, control) // p.Argv: kubeadm init --config F --upload-certs
//
// The API is talked to as the real one does: over the host's network, with the kubeconfig files
// that were written, through whatever answers at the endpoint. Facts are those of v1.37.2's source,
// and of the versions where they changed.
//
// Simulated: version, config validate, config images list, init (and its upload-certs phase), join, reset.
// Not simulated, and refused: every other command and flag, external etcd, file discovery, patches, dry runs.
package kubeadm
