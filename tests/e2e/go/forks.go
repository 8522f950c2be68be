// SPDX-License-Identifier: MIT

// A program with crypto/tls and a fork of it, for test_go.py: three connections with three calls
// each, by crypto/tls, by the fork's Conn, and by its UConn, then all three at once.
//
//	forks BASE-URL CA-FILE OUT-FILE
//
// Each exchange is one line in OUT-FILE, as client.py writes them.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"

	"crypto/tls/utls"
)

var (
	roots = x509.NewCertPool()
	notes *json.Encoder
	lock  sync.Mutex
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func ask(c *http.Client, text string, query string) {
	body, err := json.Marshal(map[string]interface{}{"model": "gpt-4o", "stream": query != "",
		"messages": []map[string]string{{"role": "user", "content": text}}})
	check(err)
	req, err := http.NewRequest("POST", os.Args[1]+"/v1/chat/completions"+query, bytes.NewReader(body))
	check(err)
	req.Header.Set("Authorization", "Bearer sk-e2e-FAKESECRET0123456789")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	check(err)
	received, err := io.ReadAll(resp.Body)
	check(err)
	check(resp.Body.Close())
	lock.Lock()
	defer lock.Unlock()
	check(notes.Encode(map[string]interface{}{"sent": digest(body), "received": digest(received)}))
}

// A client whose connections are made of plain ones by `over`; NULL: as net/http makes them.
func newClient(over func(net.Conn) net.Conn) *http.Client {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true}
	if over != nil {
		t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := net.Dial(network, addr)
			if err != nil {
				return nil, err
			}
			return over(c), nil
		}
	}
	return &http.Client{Transport: t}
}

func main() {
	pem, err := os.ReadFile(os.Args[2])
	check(err)
	roots.AppendCertsFromPEM(pem)
	out, err := os.Create(os.Args[3])
	check(err)
	notes = json.NewEncoder(out)
	config := &utls.Config{RootCAs: roots, ServerName: "localhost"}
	clients := map[string]*http.Client{
		"crypto/tls": newClient(nil),
		"the fork":   newClient(func(c net.Conn) net.Conn { return utls.Client(c, config) }),
		"its UConn":  newClient(func(c net.Conn) net.Conn { return utls.UClient(utls.Client(c, config)) }),
	}
	calls := func(name string) {
		ask(clients[name], name+": é 你好", "")
		ask(clients[name], name, "?chunks=10&delay_ms=2")
		ask(clients[name], name+string(bytes.Repeat([]byte("x"), 1<<20)), "")
	}
	var all sync.WaitGroup
	for name := range clients {
		calls(name)
	}
	for name := range clients {
		for i := 0; i < 5; i++ {
			all.Add(1)
			go func(name string, i int) {
				defer all.Done()
				calls(fmt.Sprint(name))
			}(name, i)
		}
	}
	all.Wait()
}
