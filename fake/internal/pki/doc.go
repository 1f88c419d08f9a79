// Package pki makes the certificates and kubeconfig files of the simulated cluster: real X.509,
// with ECDSA P-256 keys because a whole cluster's then take two milliseconds.
package pki
