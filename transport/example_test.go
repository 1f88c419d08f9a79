package transport_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorate-dev/quorate/transport"
)

func ExampleOutput() {
	// Any Transport will do; this one stands for a host where the unit is not running.
	var host transport.Transport = answering{res: transport.Result{ExitCode: 3, Stdout: []byte("inactive\n")}}

	_, err := transport.Output(context.Background(), host, "cp1", "systemctl", "is-active", "kubelet")
	if exit, ok := errors.AsType[*transport.ExitError](err); ok {
		fmt.Println(exit.ExitCode)
	}
	fmt.Println(err)
	// Output:
	// 3
	// transport: cp1: systemctl is-active kubelet: exit code 3: inactive
}
