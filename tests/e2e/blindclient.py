# SPDX-License-Identifier: MIT
"""A client of test_blind.py: blindclient.py PORT [STEP ...], one connection for each "connect".

What it sends is TLS as to its records, and nothing that any library has encrypted: as a program does whose
TLS nobody knows. The server it speaks to takes whatever comes.

    connect         opens a connection, and waits for nothing
    udp, udp-connected   a socket for datagrams
    hello:NAME      a ClientHello with that server name
    big:NAME        the same behind a large key share
    split:NAME      the same in two sends
    pieces:NAME     the same in one send, with buffers of which the first has only the header of its record
    pieces9:NAME    and that of its message
    finished, finished12   the end of a handshake, of TLS 1.3 or 1.2
    data:N          a record of N bytes
    alert           that ends it in the clear
    proxy           asks a proxy for a tunnel
    initial, packets:N   QUIC's first packet; packets after the handshake
    ssl:URL@CA      a real call by Python's ssl
    kept:URL@CA     two real calls on one connection, the second after a line on standard input
    load            maps OpenSSL
    wait            for a line on standard input
    close"""
import os
import socket
import struct
import sys
import time

HERE = "127.0.0.1"
port, steps = int(sys.argv[1]), sys.argv[2:]
sock, connected = None, False


def datagram(data):
    if connected:
        sock.send(data)
    else:
        sock.sendto(data, (HERE, port))


def record(kind, body):
    return struct.pack(">BHH", kind, 0x303, len(body)) + body


def vector(size, body):
    return len(body).to_bytes(size, "big") + body


def hello(name, more=0):
    names = vector(2, b"\0" + vector(2, name.encode()))
    extensions = struct.pack(">HH", 51, more) + bytes(more) + struct.pack(">H", 0) + vector(2, names)
    body = b"\3\3" + os.urandom(32) + vector(1, os.urandom(32)) + vector(2, b"\x13\1\x13\2") + b"\1\0" + vector(2, extensions)
    return record(22, b"\1" + vector(3, body))


def step(what, argument):
    global sock, connected
    if what == "connect":
        sock = socket.create_connection((HERE, port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    elif what in ("udp", "udp-connected"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        connected = what == "udp-connected"
        if connected:
            sock.connect((HERE, port))
    elif what == "hello":
        sock.sendall(hello(argument))
    elif what == "big":
        sock.sendmsg([hello(argument, 1216)])
    elif what == "split":
        first = hello(argument)
        sock.sendall(first[:40])
        sock.sendall(first[40:])
    elif what in ("pieces", "pieces9"):
        whole = hello(argument)
        head = 5 if what == "pieces" else 9
        sock.sendmsg([b"", whole[:head], whole[head:]])
    elif what == "finished":
        sock.sendmsg([record(20, b"\1"), record(23, os.urandom(53))])
    elif what == "finished12":
        os.write(sock.fileno(), record(22, b"\x10" + os.urandom(36)) + record(20, b"\1") + record(22, os.urandom(40)))
    elif what == "data":
        sock.send(record(23, os.urandom(int(argument))))
    elif what == "alert":
        sock.send(record(21, b"\2\x2a"))
    elif what == "proxy":
        sock.sendall(b"CONNECT models.example:443 HTTP/1.1\r\nHost: models.example:443\r\n\r\n")
    elif what == "initial":
        datagram(b"\xc3\0\0\0\1\x08" + os.urandom(1194))
        datagram(b"\xe3\0\0\0\1\x08" + os.urandom(194))
    elif what == "packets":
        for _ in range(int(argument)):
            datagram(b"\x41" + os.urandom(100))
    elif what == "ssl":
        import ssl
        import urllib.request
        url, _, ca = argument.rpartition("@")
        urllib.request.urlopen(url, context=ssl.create_default_context(cafile=ca)).read()
    elif what == "kept":
        import http.client
        import ssl
        import urllib.parse
        url, _, ca = argument.rpartition("@")
        where = urllib.parse.urlsplit(url)
        conn = http.client.HTTPSConnection(where.hostname, where.port, context=ssl.create_default_context(cafile=ca))
        for again in (True, False):
            conn.request("GET", where.path)
            conn.getresponse().read()
            if again:
                step("wait", "")
    elif what == "load":
        import ssl  # noqa: F401
    elif what == "wait":
        print("ready", flush=True)
        sys.stdin.readline()
    elif what == "sleep":
        time.sleep(float(argument))
    elif what == "close":
        sock.close()
    else:
        raise SystemExit(f"what is {what}?")


for s in steps:
    name, _, rest = s.partition(":")
    step(name, rest)
