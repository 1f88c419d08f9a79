//go:build unix

package sshtest

import "net"

// conn is a connection that can fall silent.
type conn struct {
	net.Conn
	server *Server
}

func (c *conn) wait() {
	c.server.mu.Lock()
	hung := c.server.hung
	c.server.mu.Unlock()
	<-hung
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.wait()
	return n, err
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	c.wait()
	return c.Conn.Write(p)
}
