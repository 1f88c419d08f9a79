// Package ssh reaches hosts over SSH.
package ssh
