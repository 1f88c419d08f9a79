//go:build unix

package ssh_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorate-dev/quorate/transport"
	"github.com/quorate-dev/quorate/transport/ssh"
)

func ExampleDial() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that this example connects to nothing

	conn, err := ssh.Dial(ctx, ssh.Config{
		Host:            "cp1",
		Address:         "10.0.0.11",
		User:            "admin",
		IdentityFiles:   []string{"~/.ssh/id_ed25519"},
		KnownHostsFiles: []string{"known_hosts"},
		Jumps:           []ssh.Config{{Host: "bastion.example.com", User: "jump"}},
		Sudo:            &ssh.Sudo{Password: "not printed anywhere"},
	})
	if err != nil {
		fmt.Println(errors.Is(err, context.Canceled))
		return
	}
	defer conn.Close()
	// Output: true
}

func ExampleDialer() {
	addresses := map[string]string{"cp1": "10.0.0.11", "cp2": "10.0.0.12"}
	dial := ssh.Dialer(func(host string) (ssh.Config, error) {
		address, ok := addresses[host]
		if !ok {
			return ssh.Config{}, errors.New("no such host")
		}
		return ssh.Config{Host: host, Address: address, User: "root"}, nil
	})
	_, err := dial(context.Background(), "cp3")
	fmt.Println(err)
	// Output: ssh: configuration of cp3: no such host
}

func ExampleHostKeyError() {
	err := error(&transport.ConnectError{Host: "cp1", Op: "handshake", Err: &ssh.HostKeyError{
		Err: ssh.ErrHostKeyChanged, Name: "10.0.0.11", Type: "ssh-ed25519", Fingerprint: "SHA256:new",
		Known: []ssh.KnownHost{{File: "known_hosts", Line: 3, Type: "ssh-ed25519", Fingerprint: "SHA256:old"}},
	}})
	if refused, ok := errors.AsType[*ssh.HostKeyError](err); ok && errors.Is(err, ssh.ErrHostKeyChanged) {
		fmt.Println("replace line", refused.Known[0].Line, "if you know why:")
	}
	fmt.Println(err)
	// Output:
	// replace line 3 if you know why:
	// transport: handshake cp1: host key differs from known_hosts: 10.0.0.11 offers ssh-ed25519 SHA256:new; known: ssh-ed25519 SHA256:old at known_hosts:3
}

func ExampleSecret() {
	fmt.Println(ssh.Sudo{Password: "correct horse"})
	// Output: {Password:[redacted]}
}
