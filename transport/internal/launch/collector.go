package launch

import (
	"bytes"
	"sync"
)

// collector keeps output until it is taken. What a child that was left behind writes later is dropped.
type collector struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	taken bool
}

func (c *collector) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.taken {
		c.buf.Write(p)
	}
	return len(p), nil
}

// take returns what was written so far; nothing is added to it any more.
func (c *collector) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = true
	return c.buf.Bytes()
}
