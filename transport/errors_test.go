package transport_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/quorate-dev/quorate/transport"
	"github.com/stretchr/testify/require"
)

// answering is a Transport whose commands all end the same way.
type answering struct {
	transport.Transport
	res transport.Result
	err error
}

func (a answering) Run(context.Context, transport.Command) (transport.Result, error) {
	return a.res, a.err
}

func TestRunOK(t *testing.T) {
	t.Parallel()
	out, err := transport.Output(t.Context(), answering{res: transport.Result{Stdout: []byte("v1.37.2\n")}}, "cp1", "kubeadm", "version")
	require.NoError(t, err)
	require.Equal(t, "v1.37.2\n", string(out))

	_, err = transport.Output(t.Context(), answering{err: transport.ErrNotStarted}, "cp1", "kubeadm")
	require.ErrorIs(t, err, transport.ErrNotStarted)

	failed := transport.Result{ExitCode: 3, Stdout: []byte("some output\n"), Stderr: []byte("first\nsecond\r\n\n")}
	_, err = transport.Output(t.Context(), answering{res: failed}, "cp1", "kubeadm", "init")
	require.EqualError(t, err, "transport: cp1: kubeadm init: exit code 3: first | second")
	exit, ok := errors.AsType[*transport.ExitError](err)
	require.True(t, ok)
	require.Equal(t, 3, exit.ExitCode)
	require.Equal(t, failed.Stderr, exit.Stderr)

	failed.Stderr = nil
	_, err = transport.Output(t.Context(), answering{res: failed}, "", "kubeadm", "init")
	require.EqualError(t, err, "transport: kubeadm init: exit code 3: some output")

	failed.Stderr = []byte(strings.Repeat("line\n", 10))
	_, err = transport.Output(t.Context(), answering{res: failed}, "cp1", "x")
	require.EqualError(t, err, "transport: cp1: x: exit code 3: (2 lines omitted) | "+strings.TrimSuffix(strings.Repeat("line | ", 8), " | "))
}

func TestRunOKSensitive(t *testing.T) {
	t.Parallel()
	failed := answering{res: transport.Result{ExitCode: 1, Stdout: []byte("s3cret"), Stderr: []byte("s3cret")}}
	_, err := transport.RunOK(t.Context(), failed, "cp1", transport.Command{Argv: []string{"kubeadm", "s3cret"}, Sensitive: true})
	require.EqualError(t, err, "transport: cp1: kubeadm [redacted]: exit code 1")
	require.NotContains(t, fmt.Sprintf("%+v %#v", err, err), "s3cret")
}

func TestConnectError(t *testing.T) {
	t.Parallel()
	err := error(&transport.ConnectError{Host: "cp1", Op: "dial", Temporary: true, Err: net.ErrClosed})
	require.EqualError(t, err, "transport: dial cp1: "+net.ErrClosed.Error())
	require.ErrorIs(t, err, net.ErrClosed)
}
