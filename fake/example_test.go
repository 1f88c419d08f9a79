package fake_test

import (
	"context"
	"fmt"

	"github.com/quorate-dev/quorate/fake"
)

func ExampleNew() {
	c, err := fake.New(fake.Workers(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close() //nolint:errcheck // it is the end of the program

	t, err := c.Dial(context.Background(), "w1") // a transport.Transport, as your tool uses it
	if err != nil {
		fmt.Println(err)
		return
	}
	defer t.Close() //nolint:errcheck // it holds nothing
	release, err := t.ReadFile(context.Background(), "/proc/sys/kernel/osrelease")
	fmt.Printf("%s%v swap: %v\n", release, err, c.Host("w1").Swap())
	c.Host("w1").Reboot()
	_, err = t.ReadFile(context.Background(), "/etc/hostname")
	fmt.Println(err)
	// Output:
	// 6.1.0-38-amd64
	// <nil> swap: true
	// fake: read w1:/etc/hostname: transport: read w1: connection lost
}

func ExampleCluster_Inject() {
	c, err := fake.New(fake.ControlPlanes(3))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close() //nolint:errcheck // it is the end of the program
	c.Inject(fake.On("cp2").Exec("swapoff *").Crash())
	for _, h := range c.Hosts() {
		_, err := h.Exec(context.Background(), "swapoff", "-a")
		fmt.Println(h.Name(), h.Up(), err)
	}
	// Output:
	// cp1 true <nil>
	// cp2 false fake: run cp2 swapoff: connection lost: the command may or may not have run
	// cp3 true <nil>
}
