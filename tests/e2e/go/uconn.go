// SPDX-License-Identifier: MIT

// What uTLS adds to crypto/tls, as far as a tracer can tell: a type around a Conn, with a Read and a
// Write of its own. test_go.py puts this file into a copy of the compiler's crypto/tls.
package tls

type UConn struct {
	*Conn
	Writes, Reads int
}

func UClient(c *Conn) *UConn {
	return &UConn{Conn: c}
}

func (c *UConn) Write(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.out.Lock()
	defer c.out.Unlock()
	c.Writes++
	n, err := c.writeRecordLocked(recordTypeApplicationData, b)
	return n, c.out.setErrorLocked(err)
}

func (c *UConn) Read(b []byte) (int, error) {
	if err := c.Handshake(); err != nil {
		return 0, err
	}
	c.in.Lock()
	defer c.in.Unlock()
	c.Reads++
	for c.input.Len() == 0 {
		if err := c.readRecord(); err != nil {
			return 0, err
		}
		for c.hand.Len() > 0 {
			if err := c.handlePostHandshakeMessage(); err != nil {
				return 0, err
			}
		}
	}
	return c.input.Read(b)
}
