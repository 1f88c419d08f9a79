package ctrl

import "time"

// wakeAt makes a pass happen at a time, once per key.
func (c *Control) wakeAt(key string, at time.Time) {
	if c.wakes == nil {
		c.wakes = map[string]bool{}
	}
	if c.wakes[key] {
		return
	}
	c.wakes[key] = true
	c.World.Later(at.Sub(c.World.NowLocked())+time.Millisecond, c.Kick)
}
