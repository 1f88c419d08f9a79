package ha

import (
	"context"
	"errors"

	"github.com/quorate-dev/quorate/transport"
)

var errUnreachable = errors.New("no route to host")

// unreachable is a Dialer to hosts that are never there.
func unreachable(_ context.Context, host string) (transport.Transport, error) {
	return nil, &transport.ConnectError{Host: host, Op: "dial", Err: errUnreachable}
}
