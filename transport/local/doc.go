// Package local works on this machine.
package local
