# SPDX-License-Identifier: MIT
"""Three calls by a library for Python: python_calls.py LIBRARY URL CA [NOTES]; python_calls.py grpc_server KEY CERT says
its port and serves. Certificates are not looked at where a library knows no other authorities than its own."""
import hashlib
import json
import sys

PATH = "/v1/chat/completions"
HEADERS = {"content-type": "application/json"}


def bodies():
    for i in range(3):
        yield json.dumps({"model": "gpt-4o", "stream": i % 2 == 1, "messages": [{"role": "user", "content": f"call {i}"}]})


def stdlib(url, ca):
    import http.client
    import ssl
    import urllib.parse
    url = urllib.parse.urlsplit(url)
    conn = http.client.HTTPSConnection(url.hostname, url.port, context=ssl.create_default_context(cafile=ca))
    for body in bodies():
        conn.request("POST", PATH, body, HEADERS)
        conn.getresponse().read()


def curl_cffi(url, ca):
    from curl_cffi import requests
    session = requests.Session(verify=False, impersonate="chrome")
    for body in bodies():
        session.post(url + PATH, data=body, headers=HEADERS).content


def primp(url, ca):
    import primp
    client = primp.Client(verify=False)
    for body in bodies():
        client.post(url + PATH, content=body.encode(), headers=HEADERS).text


def wreq(url, ca):
    import wreq.blocking
    client = wreq.blocking.Client(tls_verify=False)
    for body in bodies():
        client.post(url + PATH, body=body, headers=HEADERS).text()


def pyreqwest(url, ca):
    from pyreqwest.client import SyncClientBuilder
    with SyncClientBuilder().danger_accept_invalid_certs(True).build() as client:
        for body in bodies():
            client.post(url + PATH).headers(HEADERS).body_text(body).build().send().text()


def tls_client(url, ca):
    import tls_client
    session = tls_client.Session(client_identifier="chrome_120")
    for body in bodies():
        session.post(url + PATH, data=body, insecure_skip_verify=True, headers=HEADERS).content


def grpcio(url, ca, out):
    import grpc
    same = lambda message: message
    digest = lambda message: hashlib.sha256(b"\0" + len(message).to_bytes(4, "big") + message).hexdigest()
    with open(ca, "rb") as f, grpc.secure_channel(url, grpc.ssl_channel_credentials(f.read())) as channel:
        ask = channel.unary_unary("/test.Model/Ask", request_serializer=same, response_deserializer=same)
        for i in range(3):
            sent = b"call %d" % i + bytes(1000 * i)
            got = ask(sent)
            with open(out, "a") as f:
                f.write(json.dumps({"sent": digest(sent), "received": digest(got)}) + "\n")


def grpc_server(key, cert):
    from concurrent import futures
    import grpc
    same = lambda message: message
    server = grpc.server(futures.ThreadPoolExecutor(4))
    ask = grpc.unary_unary_rpc_method_handler(lambda asked, call: b"answer to " + asked, same, same)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Model", {"Ask": ask}),))
    with open(key, "rb") as k, open(cert, "rb") as c:
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(k.read(), c.read())]))
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


name, *arguments = sys.argv[1:]
{f.__name__: f for f in (stdlib, curl_cffi, primp, wreq, pyreqwest, tls_client, grpcio, grpc_server)}[name](*filter(None, arguments))
