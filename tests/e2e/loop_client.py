# SPDX-License-Identifier: MIT
"""loop_client.py asyncio|uvloop PORT CA OUT: twelve connections at once by an event loop, a call on each. Notes what it
sent and the port that it sent it from."""
import asyncio
import hashlib
import json
import ssl
import sys

loop, port, ca, out = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
notes = open(out, "a")


async def one(i):
    reader, writer = await asyncio.open_connection("localhost", int(port), ssl=context)
    body = json.dumps({"model": "gpt-4o", "stream": bool(i % 2), "messages": [{"role": "user", "content": f"call {i}"}]}).encode()
    writer.write(b"POST /v1/chat/completions?delay_ms=20&close=1 HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body)
    own = writer.get_extra_info("sockname")[1]
    await reader.read()
    writer.close()
    notes.write(json.dumps({"sent": hashlib.sha256(body).hexdigest(), "port": own}) + "\n")


async def main():
    await asyncio.gather(*(one(i) for i in range(12)))


if loop == "uvloop":
    import uvloop
    uvloop.install()
asyncio.run(main())
notes.close()
