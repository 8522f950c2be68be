# SPDX-License-Identifier: MIT
"""A client by aws-crt, which has s2n, for test_bundled.py: awscrt_client.py URL CA OUT. Two connections one after the
other, three calls on each, each noted in OUT as client.py does it."""
import hashlib
import json
import sys
from io import BytesIO
import urllib.parse

from awscrt import http, io

base, ca, out = sys.argv[1:4]
url = urllib.parse.urlsplit(base)


def connect():
    options = io.TlsContextOptions()
    options.override_default_trust_store_from_path(None, ca)
    tls = io.ClientTlsContext(options).new_connection_options()
    tls.set_server_name(url.hostname)
    boot = io.ClientBootstrap(io.EventLoopGroup(1), io.DefaultHostResolver(io.EventLoopGroup(1)))
    return http.HttpClientConnection.new(host_name=url.hostname, port=url.port, bootstrap=boot,
                                         tls_connection_options=tls).result(60)


def ask(connection, text, stream):
    body = json.dumps({"model": "gpt-4o", "stream": stream, "messages": [{"role": "user", "content": text}]}).encode()
    headers = http.HttpHeaders([("host", url.netloc), ("content-type", "application/json"),
                                ("content-length", str(len(body))), ("authorization", "Bearer sk-e2e-FAKESECRET0123")])
    got = []
    request = http.HttpRequest("POST", "/v1/chat/completions?chunks=5&delay_ms=2", headers, BytesIO(body))
    exchange = connection.request(request, lambda **kw: None, lambda http_stream, chunk, **kw: got.append(bytes(chunk)))
    exchange.activate()
    exchange.completion_future.result(60)
    with open(out, "a") as f:
        f.write(json.dumps({"sent": hashlib.sha256(body).hexdigest(),
                            "received": hashlib.sha256(b"".join(got)).hexdigest()}) + "\n")


for _ in range(2):
    connection = connect()
    ask(connection, "by s2n: é 你好", False)
    ask(connection, "streamed", True)
    ask(connection, "x" * 300000, False)
    connection.close().result(60)
