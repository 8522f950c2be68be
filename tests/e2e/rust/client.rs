// SPDX-License-Identifier: MIT
//! What test_rustls.py traces: a client or a server of HTTP/1.1 on rustls itself, of whatever version it is built
//! with (features v20 to v23, ring or aws). On loopback alone.
//!
//!   client PORT CA VERSION      calls with bodies of many sizes, streamed answers, connections at the same time
//!   unbuffered PORT CA VERSION  the same calls through the API without buffers (0.23)
//!   slow PORT CA VERSION        a call, then one more for each line of standard input, on the same connection
//!   server CERT KEY UPSTREAM    says its port; passes each request on to a provider without TLS
//!
//! VERSION: of TLS, 12 or 13.
use std::io::{BufRead, IoSlice, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

fn pem(path: &str) -> Vec<u8> {
    let (mut out, mut bits, mut n) = (vec![], 0u32, 0);
    let text = std::fs::read_to_string(path).unwrap();
    for c in text.lines().filter(|l| !l.starts_with("--")).flat_map(|l| l.bytes()) {
        let v = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | v as u32;
        n += 6;
        if n >= 8 {
            n -= 8;
            out.push((bits >> n) as u8);
        }
    }
    out
}

static TLS12: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];
static TLS13: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];

fn versions(which: &str) -> &'static [&'static rustls::SupportedProtocolVersion] {
    if which == "12" { TLS12 } else { TLS13 }
}

// ---- what differs between versions of rustls ----

#[cfg(any(feature = "v20", feature = "v21"))]
mod tls {
    use super::*;
    use std::convert::TryFrom;

    pub fn name() -> rustls::ServerName {
        rustls::ServerName::try_from("localhost").unwrap()
    }

    pub fn client(ca: &str, version: &str) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(&rustls::Certificate(pem(ca))).unwrap();
        rustls::ClientConfig::builder()
            .with_safe_default_cipher_suites()
            .with_safe_default_kx_groups()
            .with_protocol_versions(versions(version))
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    pub fn server(cert: &str, key: &str) -> rustls::ServerConfig {
        rustls::ServerConfig::builder()
            .with_safe_defaults()
            .with_no_client_auth()
            .with_single_cert(vec![rustls::Certificate(pem(cert))], rustls::PrivateKey(pem(key)))
            .unwrap()
    }
}

#[cfg(any(feature = "v22", feature = "v23"))]
mod tls {
    use super::*;
    use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};

    fn provider() -> Arc<rustls::crypto::CryptoProvider> {
        #[cfg(feature = "ring")]
        return Arc::new(rustls::crypto::ring::default_provider());
        #[cfg(feature = "aws")]
        return Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    }

    pub fn name() -> ServerName<'static> {
        ServerName::try_from("localhost").unwrap()
    }

    pub fn client(ca: &str, version: &str) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from(pem(ca))).unwrap();
        rustls::ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions(version))
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    pub fn server(cert: &str, key: &str) -> rustls::ServerConfig {
        rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(pem(cert))], PrivatePkcs8KeyDer::from(pem(key)).into())
            .unwrap()
    }
}

#[cfg(feature = "v23")]
mod unbuffered {
    use super::*;
    use rustls::client::UnbufferedClientConnection;
    use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus};

    pub struct Stream {
        conn: UnbufferedClientConnection,
        tcp: TcpStream,
        taken: Vec<u8>,    // received and not yet used
        plain: Vec<u8>,    // decrypted and not yet read
        waiting: Vec<u8>,  // to be encrypted
        closed: bool,
    }

    impl Stream {
        pub fn new(config: Arc<rustls::ClientConfig>, tcp: TcpStream) -> Stream {
            let conn = UnbufferedClientConnection::new(config, tls::name()).unwrap();
            Stream { conn, tcp, taken: vec![], plain: vec![], waiting: vec![], closed: false }
        }

        /// One step of the state machine; more bytes are received where it needs some.
        fn step(&mut self) -> Result<()> {
            let (mut out, mut more) = (vec![], false);
            let mut taken = std::mem::take(&mut self.taken);
            let UnbufferedStatus { mut discard, state, .. } = self.conn.process_tls_records(&mut taken);
            match state.unwrap() {
                ConnectionState::ReadTraffic(mut t) => {
                    while let Some(record) = t.next_record() {
                        let record = record.unwrap();
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(mut t) => {
                    let need = match t.encode(&mut []) {
                        Err(EncodeError::InsufficientSize(e)) => e.required_size,
                        other => panic!("{:?}", other),
                    };
                    out.resize(need, 0);
                    t.encode(&mut out).unwrap();
                }
                ConnectionState::TransmitTlsData(t) => t.done(),
                ConnectionState::WriteTraffic(mut t) => {
                    if self.waiting.is_empty() {
                        more = true;
                    } else {
                        let need = match t.encrypt(&self.waiting, &mut []) {
                            Err(EncryptError::InsufficientSize(e)) => e.required_size,
                            other => panic!("{:?}", other),
                        };
                        out.resize(need, 0);
                        let n = t.encrypt(&self.waiting, &mut out).unwrap();
                        out.truncate(n);
                        self.waiting.clear();
                    }
                }
                ConnectionState::BlockedHandshake => more = true,
                _ => self.closed = true,
            }
            taken.drain(..discard);
            self.taken = taken;
            self.tcp.write_all(&out)?;
            if more {
                let mut some = [0; 20000];
                let n = self.tcp.read(&mut some)?;
                self.closed |= n == 0;
                self.taken.extend_from_slice(&some[..n]);
            }
            Ok(())
        }
    }

    impl Write for Stream {
        fn write(&mut self, data: &[u8]) -> Result<usize> {
            self.waiting = data.to_vec();
            while !self.waiting.is_empty() && !self.closed {
                self.step()?;
            }
            Ok(data.len())
        }

        fn flush(&mut self) -> Result<()> {
            Ok(())
        }
    }

    impl Read for Stream {
        fn read(&mut self, into: &mut [u8]) -> Result<usize> {
            while self.plain.is_empty() && !self.closed {
                self.step()?;
            }
            let n = self.plain.len().min(into.len());
            into[..n].copy_from_slice(&self.plain[..n]);
            self.plain.drain(..n);
            Ok(n)
        }
    }
}

// ---- HTTP/1.1, as little as it takes ----

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

/// A whole request or response and whether it was there; what follows it stays in `buf`.
fn message<S: Read>(s: &mut S, buf: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
    let mut some = [0; 16384];
    loop {
        if let Some(end) = find(buf, b"\r\n\r\n").map(|at| at + 4) {
            let head = String::from_utf8_lossy(&buf[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|t| t.split("\r\n").next());
            let whole = match length {
                Some(n) => Some(end + n.parse::<usize>().unwrap()),
                None => find(&buf[end..], b"0\r\n\r\n").map(|at| end + at + 5),
            };
            if let Some(n) = whole.filter(|n| buf.len() >= *n) {
                return Ok(Some(buf.drain(..n).collect()));
            }
        }
        let n = s.read(&mut some)?;
        if n == 0 {
            return Ok(None);
        }
        buf.extend_from_slice(&some[..n]);
    }
}

/// `n`: bytes of the question. Head and body go in one call of several pieces, or of hundreds, or in two calls.
fn ask<S: Read + Write>(s: &mut S, tag: &str, n: usize, stream: bool) {
    let text: String = (0..n).map(|i| (b'a' + (i * i / 7 % 26) as u8) as char).collect();
    let body = format!(
        "{{\"model\":\"gpt-4o\",\"stream\":{},\"messages\":[{{\"role\":\"user\",\"content\":\"{} {}\"}}]}}",
        stream, tag, text
    );
    let head = format!(
        "POST /v1/chat/completions?call={} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-e2e-FAKESECRET\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        tag,
        body.len()
    );
    let mut pieces = vec![IoSlice::new(head.as_bytes()), IoSlice::new(b"")];
    if n % 4 == 0 {
        pieces.extend(body.as_bytes().chunks(20).take(500).map(IoSlice::new));
        pieces.push(IoSlice::new(body.as_bytes().get(20 * 500..).unwrap_or(b"")));
    } else {
        pieces.push(IoSlice::new(body.as_bytes()));
    }
    let written = if n % 2 == 0 { s.write_vectored(&pieces).unwrap() } else { 0 };
    let all = [head.as_bytes(), body.as_bytes()].concat();
    s.write_all(&all[written..]).unwrap();
    s.flush().unwrap();
    message(s, &mut vec![]).unwrap().expect("an answer");
}

fn calls<S: Read + Write>(open: &(dyn Fn() -> S + Sync)) {
    let mut s = open();
    for (i, n) in [0usize, 1, 300, 16384, 16385, 100_000, 1 << 20].iter().enumerate() {
        ask(&mut s, &format!("n{}", n), *n, i % 2 == 1);
    }
    drop(s);
    std::thread::scope(|scope| {
        for k in 0..8 {
            scope.spawn(move || {
                for again in 0..3 {
                    let mut s = open();
                    ask(&mut s, &format!("t{}.{}", k, again), 3001 * k + 77 * again, k % 2 == 0);
                    ask(&mut s, &format!("u{}.{}", k, again), 501 * k + again, k % 2 == 1);
                }
            });
        }
    });
}

fn slow<S: Read + Write>(mut s: S) {
    ask(&mut s, "before", 10, false);
    println!("ready");
    for (i, line) in std::io::stdin().lock().lines().enumerate() {
        line.unwrap();
        ask(&mut s, &format!("after{}", i), 20000 * i, true);
        println!("done");
    }
}

fn serve(mut s: impl Read + Write, upstream: u16) -> Result<()> {
    let (mut buf, mut some) = (vec![], [0; 5000]);
    while let Some(request) = message(&mut s, &mut buf)? {
        let mut to = TcpStream::connect(("127.0.0.1", upstream))?;
        to.write_all(&request)?;
        to.shutdown(std::net::Shutdown::Write)?;
        loop {
            let n = to.read(&mut some)?;
            if n == 0 {
                break;
            }
            s.write_all(&some[..n])?;
            s.flush()?;
        }
    }
    Ok(())
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "server" {
        let config = Arc::new(tls::server(&args[2], &args[3]));
        let upstream = args[4].parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("{}", listener.local_addr().unwrap().port());
        for tcp in listener.incoming() {
            let conn = rustls::ServerConnection::new(config.clone()).unwrap();
            std::thread::spawn(move || serve(rustls::StreamOwned::new(conn, tcp.unwrap()), upstream));
        }
    }
    let config = Arc::new(tls::client(&args[3], &args[4]));
    let port: u16 = args[2].parse().unwrap();
    let tcp = move || {
        let tcp = TcpStream::connect(("127.0.0.1", port)).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp
    };
    let of = config.clone();
    let stream = move || {
        let conn = rustls::ClientConnection::new(of.clone(), tls::name()).unwrap();
        rustls::StreamOwned::new(conn, tcp())
    };
    match args[1].as_str() {
        "client" => calls(&stream),
        "slow" => slow(stream()),
        #[cfg(feature = "v23")]
        "unbuffered" => calls(&move || unbuffered::Stream::new(config.clone(), tcp())),
        _ => std::process::exit(2),
    }
}
