#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""TLS libraries as they are installed, driven through their C functions: libraries.py LIBRARY[:WAY] URL CA OUT.

One connection with two calls, plain and streamed, each noted in OUT as client.py does it. With "slow" as
way, the second one waits for a line on standard input."""
import ctypes
import ctypes.util
import hashlib
import http.client
import io
import json
import socket
import sys
import urllib.parse
from ctypes import byref, c_char_p, c_int, c_size_t, c_ssize_t, c_uint, c_uint16, c_void_p, create_string_buffer

library, _, way = sys.argv[1].partition(":")
base, ca, out = sys.argv[2:5]
url = urllib.parse.urlsplit(base)
HOST = url.hostname.encode()
AGAIN = -28  # GnuTLS, where a record held no data


def load(name, **functions):
    """The library with the result types of what does not return an int."""
    lib = ctypes.CDLL(name)
    for function, result in functions.items():
        getattr(lib, function).restype = result
    return lib


def must(good, what):
    if not good:
        raise RuntimeError(what)


def connect():
    return socket.create_connection((url.hostname, url.port))


class Reader(io.RawIOBase):
    """Each answer closes its own."""

    def __init__(self, tls):
        self.read_some = tls.read_some

    def readable(self):
        return True

    def readinto(self, into):
        data = self.read_some(len(into))
        into[:len(data)] = data
        return len(data)


class Tls:
    """What http.client takes for a socket."""

    def makefile(self, *args):
        return io.BufferedReader(Reader(self), 1 << 16)

    def sendall(self, data):
        while data:
            n = self.write_some(bytes(data))
            must(n > 0, f"write: {n}")
            data = data[n:]

    def take(self, fn, n, *more):
        buf = create_string_buffer(n)
        got = AGAIN
        while got == AGAIN:
            got = fn(self.tls, buf, c_size_t(n), *more)
        return buf.raw[:got] if got > 0 else b""


class Gnutls(Tls):
    def __init__(self):
        g = self.g = load("libgnutls.so.30", gnutls_record_send=c_ssize_t, gnutls_record_recv=c_ssize_t,
                          gnutls_record_recv_seq=c_ssize_t, gnutls_record_recv_packet=c_ssize_t)
        self.sock, self.tls, trust = connect(), c_void_p(), c_void_p()
        must(g.gnutls_init(byref(self.tls), 2) == 0, "gnutls_init")
        g.gnutls_set_default_priority(self.tls)
        g.gnutls_certificate_allocate_credentials(byref(trust))
        must(g.gnutls_certificate_set_x509_trust_file(trust, ca.encode(), 1) > 0, "trust")
        g.gnutls_credentials_set(self.tls, 1, trust)
        g.gnutls_server_name_set(self.tls, 1, HOST, c_size_t(len(HOST)))
        g.gnutls_session_set_verify_cert(self.tls, HOST, 0)
        g.gnutls_transport_set_int2(self.tls, self.sock.fileno(), self.sock.fileno())
        must(g.gnutls_handshake(self.tls) == 0, "handshake")

    def sendall(self, data):
        if way != "cork":
            return super().sendall(data)
        self.g.gnutls_record_cork(self.tls)
        for i in range(0, len(data), 50):
            super().sendall(data[i:i + 50])
        must(self.g.gnutls_record_uncork(self.tls, 1) == len(data), "uncork")

    def write_some(self, data):
        if way == "send2":
            return self.g.gnutls_record_send2(self.tls, data, c_size_t(len(data)), c_size_t(0), 0)
        return self.g.gnutls_record_send(self.tls, data, c_size_t(len(data)))

    def read_some(self, n):
        if way == "packet":
            packet, datum = c_void_p(), (c_void_p * 2)()
            got = AGAIN
            while got == AGAIN:
                got = self.g.gnutls_record_recv_packet(self.tls, byref(packet))
            if got <= 0:
                return b""
            self.g.gnutls_packet_get(packet, byref(datum), None)
            data = ctypes.string_at(datum[0], datum[1] & 0xffffffff)
            self.g.gnutls_packet_deinit(packet)
            must(len(data) <= n, "a packet longer than what was asked for")
            return data
        if way == "send2":
            return self.take(self.g.gnutls_record_recv_seq, n, create_string_buffer(8))
        return self.take(self.g.gnutls_record_recv, n)

    def close(self):
        self.g.gnutls_bye(self.tls, 0)
        self.g.gnutls_deinit(self.tls)


class Wolfssl(Tls):
    def __init__(self):
        w = self.w = load(ctypes.util.find_library("wolfssl") or "libwolfssl.so", wolfTLS_client_method=c_void_p,
                          wolfSSLv23_client_method=c_void_p, wolfSSL_CTX_new=c_void_p, wolfSSL_new=c_void_p)
        w.wolfSSL_Init()
        context = c_void_p(w.wolfSSL_CTX_new(c_void_p(w.wolfSSLv23_client_method())))
        must(w.wolfSSL_CTX_load_verify_locations(context, ca.encode(), None) == 1, "trust")
        self.tls, self.sock = c_void_p(w.wolfSSL_new(context)), connect()
        w.wolfSSL_UseSNI(self.tls, 0, HOST, c_uint16(len(HOST)))
        w.wolfSSL_set_fd(self.tls, self.sock.fileno())
        must(w.wolfSSL_connect(self.tls) == 1, "handshake")

    def write_some(self, data):
        write = self.w.wolfSSL_send if way == "send" else self.w.wolfSSL_write
        return write(self.tls, data, len(data), 0)

    def read_some(self, n):
        return self.take(self.w.wolfSSL_read, n)

    def close(self):
        self.w.wolfSSL_shutdown(self.tls)
        self.w.wolfSSL_free(self.tls)


class Mbedtls(Tls):
    """The objects are the caller's storage: more than any version takes."""

    def __init__(self):
        self.m = m = load("libmbedtls.so")
        self.crypto, x509 = load("libmbedcrypto.so"), load("libmbedx509.so")
        entropy, random, config, trust, self.tls = (create_string_buffer(1 << 16) for _ in range(5))
        self.kept, self.sock = (entropy, random, config, trust), connect()
        self.fd = c_int(self.sock.fileno())
        if hasattr(self.crypto, "psa_crypto_init"):
            self.crypto.psa_crypto_init()
        self.crypto.mbedtls_entropy_init(entropy)
        self.crypto.mbedtls_ctr_drbg_init(random)
        must(self.crypto.mbedtls_ctr_drbg_seed(random, self.crypto.mbedtls_entropy_func, entropy, None, c_size_t(0)) == 0,
             "random")
        m.mbedtls_ssl_init(self.tls)
        m.mbedtls_ssl_config_init(config)
        x509.mbedtls_x509_crt_init(trust)
        must(x509.mbedtls_x509_crt_parse_file(trust, ca.encode()) == 0, "trust")
        must(m.mbedtls_ssl_config_defaults(config, 0, 0, 0) == 0, "config")
        m.mbedtls_ssl_conf_ca_chain(config, trust, None)
        m.mbedtls_ssl_conf_rng(config, self.crypto.mbedtls_ctr_drbg_random, random)
        must(m.mbedtls_ssl_setup(self.tls, config) == 0, "setup")
        m.mbedtls_ssl_set_hostname(self.tls, HOST)
        m.mbedtls_ssl_set_bio(self.tls, byref(self.fd), m.mbedtls_net_send, m.mbedtls_net_recv, None)
        must(m.mbedtls_ssl_handshake(self.tls) == 0, "handshake")

    def write_some(self, data):
        return self.m.mbedtls_ssl_write(self.tls, data, c_size_t(len(data)))

    def read_some(self, n):
        return self.take(self.m.mbedtls_ssl_read, n)

    def close(self):
        self.m.mbedtls_ssl_close_notify(self.tls)
        self.m.mbedtls_ssl_free(self.tls)


class Nss(Tls):
    """Among plain files and sockets, which pass through the same functions and are none of ours."""

    def __init__(self):
        self.p = p = load("libnspr4.so", PR_ImportTCPSocket=c_void_p, PR_Open=c_void_p)
        nss, s = load("libnss3.so"), load("libssl3.so", SSL_ImportFD=c_void_p)
        must(nss.NSS_NoDB_Init(None) == 0, "NSS_NoDB_Init")
        s.NSS_SetDomesticPolicy()
        self.sock = connect()
        self.accept = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int)(lambda *args: 0)
        self.tls = c_void_p(s.SSL_ImportFD(None, c_void_p(p.PR_ImportTCPSocket(self.sock.fileno()))))
        must(self.tls and s.SSL_SetURL(self.tls, HOST) == 0, "SSL_ImportFD")
        s.SSL_AuthCertificateHook(self.tls, self.accept, None)
        must(s.SSL_ResetHandshake(self.tls, 0) == 0 and s.SSL_ForceHandshake(self.tls) == 0, "handshake")
        self.others = [c_void_p(p.PR_Open(out.encode() + b".plain", 0x4a, 0o600))]
        self.pairs = socket.socketpair()
        self.others.append(c_void_p(p.PR_ImportTCPSocket(self.pairs[0].fileno())))

    def write_some(self, data):
        for fd in self.others:
            must(self.p.PR_Write(fd, data, len(data)) == len(data), "PR_Write of plain bytes")
        if way == "writev":
            vector = (c_void_p * 2)(ctypes.cast(c_char_p(data), c_void_p).value, len(data))
            return self.p.PR_Writev(self.tls, vector, 1, c_uint(0xffffffff))
        if way == "flags":
            return self.p.PR_Send(self.tls, data, len(data), 0, c_uint(0xffffffff))
        return self.p.PR_Write(self.tls, data, len(data))

    def read_some(self, n):
        if way == "flags":
            peeked = self.take(self.p.PR_Recv, min(n, 10), 2, c_uint(0xffffffff))
            got = self.take(self.p.PR_Recv, n, 0, c_uint(0xffffffff))
            must(got.startswith(peeked), "what was peeked at")
            return got
        return self.take(self.p.PR_Read, n)

    def close(self):
        for fd in self.others:
            self.p.PR_Close(fd)
        self.p.PR_Close(self.tls)


class Bio(Tls):
    """OpenSSL's own client example, BIO_new_ssl_connect(3); "mixed": writes with SSL_write, on the same connection."""

    def __init__(self):
        self.s = s = load(ctypes.util.find_library("ssl"), SSL_CTX_new=c_void_p, TLS_client_method=c_void_p,
                          BIO_new_ssl_connect=c_void_p)
        self.c, context, ssl = load(ctypes.util.find_library("crypto")), c_void_p(), c_void_p()
        context.value = s.SSL_CTX_new(c_void_p(s.TLS_client_method()))
        self.tls = c_void_p(s.BIO_new_ssl_connect(context))
        self.c.BIO_ctrl(self.tls, 100, c_size_t(0), f"{url.hostname}:{url.port}".encode())  # BIO_C_SET_CONNECT
        self.c.BIO_ctrl(self.tls, 110, c_size_t(0), byref(ssl))  # BIO_C_GET_SSL
        self.ssl = ssl
        s.SSL_ctrl(ssl, 55, c_size_t(0), HOST)
        must(self.c.BIO_ctrl(self.tls, 101, c_size_t(0), None) == 1, "handshake")  # BIO_C_DO_STATE_MACHINE

    def write_some(self, data):
        if way == "mixed":
            return self.s.SSL_write(self.ssl, data, len(data))
        return self.c.BIO_write(self.tls, data, len(data))

    def read_some(self, n):
        return self.take(self.c.BIO_read, n)

    def close(self):
        self.c.BIO_free_all(self.tls)


class Prefixed(Tls):
    """prefixed.c, which `ca` names here."""

    def __init__(self):
        self.p = load(ca, s2n_connection_new=c_void_p, s2n_send=c_ssize_t, s2n_recv=c_ssize_t)
        self.tls, self.sock = c_void_p(self.p.s2n_connection_new(1)), connect()
        self.p.s2n_connection_set_fd(self.tls, self.sock.fileno())

    def write_some(self, data):
        return self.p.s2n_send(self.tls, data, c_ssize_t(len(data)), byref(c_int()))

    def read_some(self, n):
        return self.take(self.p.s2n_recv, n, byref(c_int()))

    def close(self):
        self.p.s2n_connection_free(self.tls)


def note(sent, received):
    with open(out, "a") as f:
        f.write(json.dumps({"sent": hashlib.sha256(sent).hexdigest(), "received": hashlib.sha256(received).hexdigest()})
                + "\n")


def chat(text, stream):
    return json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()


def through(tls):
    conn = http.client.HTTPConnection(url.hostname, url.port)
    conn.sock = tls
    for stream in (False, True):
        if stream and way == "slow":
            print("ready", flush=True)
            sys.stdin.readline()
        body = chat(f"{sys.argv[1]}: é 你好 " + "x" * 40000, stream)
        conn.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer sk-e2e-FAKESECRET"})
        note(body, conn.getresponse().read())
    conn.sock = None
    tls.close()


def through_curl():
    """libcurl with GnuTLS, as Debian's pycurl has it."""
    import pycurl
    must("GnuTLS" in pycurl.version, pycurl.version)
    curl = pycurl.Curl()
    for stream in (False, True):
        body, got = chat(f"{sys.argv[1]}: é 你好 " + "x" * 40000, stream), io.BytesIO()
        for option, value in ((pycurl.URL, base + "/v1/chat/completions"), (pycurl.CAINFO, ca), (pycurl.NOPROXY, "*"),
                              (pycurl.POSTFIELDS, body), (pycurl.WRITEDATA, got),
                              (pycurl.HTTPHEADER, ["Authorization: Bearer sk-e2e-FAKESECRET", "Expect:"]),
                              (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS if way == "http2" else
                               pycurl.CURL_HTTP_VERSION_1_1)):
            curl.setopt(option, value)
        curl.perform()
        note(body, got.getvalue())
    curl.close()


kinds = {"gnutls": Gnutls, "wolfssl": Wolfssl, "mbedtls": Mbedtls, "nss": Nss, "prefixed": Prefixed, "bio": Bio}
if library == "pycurl":
    through_curl()
else:
    through(kinds[library]())
