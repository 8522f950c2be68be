// SPDX-License-Identifier: MIT

// The Go program of test_go.py: clients that talk by crypto/tls, and a server for what the mock
// provider does not speak (HTTP/2, and a proxy that is itself reached by TLS).
//
//	client MODE BASE-URL CA-FILE OUT-FILE [PROXY-URL]
//	client serve CA-FILE
//
// With LINGER=DURATION it ends so long after its last call. Each exchange is one line in OUT-FILE, as client.py writes them. Needs nothing but Go 1.17's own
// packages.
package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"
)

var (
	base  string
	roots = x509.NewCertPool()
	notes = json.NewEncoder(io.Discard)
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

func note(sent, received []byte) {
	lock.Lock()
	defer lock.Unlock()
	check(notes.Encode(map[string]interface{}{
		"sent": digest(sent), "sent_len": len(sent),
		"received": digest(received), "received_len": len(received)}))
}

func chat(text string, stream bool) []byte {
	b, err := json.Marshal(map[string]interface{}{"model": "gpt-4o", "stream": stream,
		"messages": []map[string]string{{"role": "user", "content": text}}})
	check(err)
	return b
}

func newClient(protocol int, proxy string) *http.Client {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true,
		ForceAttemptHTTP2: protocol == 2}
	if proxy != "" {
		u, err := url.Parse(proxy)
		check(err)
		t.Proxy = http.ProxyURL(u)
	}
	return &http.Client{Transport: t}
}

func ask(c *http.Client, protocol int, body []byte, query string) {
	req, err := http.NewRequest("POST", base+"/v1/chat/completions"+query, bytes.NewReader(body))
	check(err)
	req.Header.Set("Authorization", "Bearer sk-e2e-FAKESECRET0123456789")
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	check(err)
	defer resp.Body.Close()
	if resp.ProtoMajor != protocol {
		panic("it speaks " + resp.Proto)
	}
	received, err := io.ReadAll(resp.Body)
	check(err)
	note(body, received)
}

// One connection, calls after each other: plain, streamed, large both ways.
func calls(protocol int, proxy string) {
	c := newClient(protocol, proxy)
	ask(c, protocol, chat("hello from Go: é 你好", false), "")
	ask(c, protocol, chat("streamed", true), "?chunks=10&delay_ms=2")
	ask(c, protocol, chat(string(bytes.Repeat([]byte("x"), 1<<20)), false), "")
	ask(c, protocol, chat("a lot", true), "?size=1000000&chunks=50")
	c.CloseIdleConnections()
}

// Goroutines that move between threads.
func many(protocol int) {
	var wg sync.WaitGroup
	shared := newClient(protocol, "")
	for i := 0; i < 60; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			c := shared
			if i%3 == 0 {
				c = newClient(protocol, "")
			}
			ask(c, protocol, chat(fmt.Sprint("goroutine ", i), i%2 == 0), "?chunks=5&delay_ms=2")
			if c != shared {
				c.CloseIdleConnections()
			}
		}(i)
	}
	wg.Wait()
	shared.CloseIdleConnections()
}

// Reads into memory on a goroutine's stack. The stack is small at first, so that it grows and moves
// while Read is at work.
func stack() {
	u, err := url.Parse(base)
	check(err)
	var wg sync.WaitGroup
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			stackOne(u.Host, chat(fmt.Sprint("by the stack ", i), false))
		}(i)
	}
	wg.Wait()
}

func stackOne(host string, body []byte) {
	conn, err := tls.Dial("tcp", host, &tls.Config{RootCAs: roots})
	check(err)
	_, err = fmt.Fprintf(conn, "POST /v1/chat/completions?close=1 HTTP/1.1\r\nHost: %s\r\n"+
		"Content-Length: %d\r\n\r\n%s", host, len(body), body)
	check(err)
	ch := make(chan []byte)
	go func() { ch <- readOnStack(conn) }()
	whole := <-ch
	conn.Close()
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(whole)), nil)
	check(err)
	received, err := io.ReadAll(resp.Body)
	check(err)
	note(body, received)
}

func readOnStack(conn *tls.Conn) (whole []byte) {
	var piece [700]byte
	for {
		n, err := conn.Read(piece[:])
		whole = append(whole, piece[:n]...)
		if err != nil {
			return whole
		}
	}
}

// A connection that is closed while Write is at work, which then returns how much it wrote. Its server reads nothing of
// the body.
func closedUnderWrite() {
	u, err := url.Parse(base)
	check(err)
	conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: roots})
	check(err)
	body := bytes.Repeat([]byte("silence "), 4<<20)
	_, err = fmt.Fprintf(conn, "POST /v1/chat/completions?silent=1 HTTP/1.1\r\nHost: %s\r\n"+
		"Content-Length: %d\r\n\r\n", u.Host, len(body))
	check(err)
	written := make(chan int)
	go func() {
		n, _ := conn.Write(body)
		written <- n
	}()
	time.Sleep(time.Second)
	conn.Close()
	fmt.Println(<-written)
}

// ---- the server ----

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

// A certificate for localhost, by a CA of its own that goes to caFile.
func certificate(caFile string) tls.Certificate {
	from, until := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	caKey, key := newKey(), newKey()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mock CA"},
		NotBefore: from, NotAfter: until, BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	check(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	check(os.WriteFile(caFile, text, 0644))
	ca, err = x509.ParseCertificate(der)
	check(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), DNSNames: []string{"localhost"},
		NotBefore: from, NotAfter: until, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func tunnel(w http.ResponseWriter, r *http.Request) {
	far, err := net.Dial("tcp", r.Host)
	check(err)
	near, _, err := w.(http.Hijacker).Hijack()
	check(err)
	_, err = io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
	check(err)
	go func() {
		io.Copy(far, near)
		far.Close()
	}()
	io.Copy(near, far)
	near.Close()
}

const event = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\"," +
	"\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n"

func answer(w http.ResponseWriter, r *http.Request) {
	if r.Method == "CONNECT" {
		tunnel(w, r)
		return
	}
	if r.URL.RawQuery == "silent=1" {
		time.Sleep(time.Minute)
		return
	}
	body, err := io.ReadAll(r.Body)
	check(err)
	var call struct{ Stream bool }
	check(json.Unmarshal(body, &call))
	if !call.Stream {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","model":"gpt-4o","choices":[{"index":0,`+
			`"message":{"role":"assistant","content":"%d bytes"},"finish_reason":"stop"}]}`, len(body))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; i < 20; i++ {
		io.WriteString(w, event)
		w.(http.Flusher).Flush()
	}
	io.WriteString(w, "data: [DONE]\n\n")
}

func serve(caFile string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	s := &http.Server{Handler: http.HandlerFunc(answer),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate(caFile)}}}
	fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
	check(s.ServeTLS(l, "", ""))
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2])
	}
	base = os.Args[2]
	pem, err := os.ReadFile(os.Args[3])
	check(err)
	roots.AppendCertsFromPEM(pem)
	out, err := os.OpenFile(os.Args[4], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0600)
	check(err)
	notes = json.NewEncoder(out)
	switch os.Args[1] {
	case "http1":
		calls(1, "")
	case "http2":
		calls(2, "")
	case "many1":
		many(1)
	case "many2":
		many(2)
	case "proxy":
		calls(1, os.Args[5])
	case "stack":
		stack()
	case "closed":
		closedUnderWrite()
	}
	if linger := os.Getenv("LINGER"); linger != "" {
		d, err := time.ParseDuration(linger)
		check(err)
		time.Sleep(d)
	}
}
