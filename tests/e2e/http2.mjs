// SPDX-License-Identifier: MIT
// A provider that speaks HTTP/2: http2.mjs [KEY CERT], without them without TLS. Says its port, then a line for each exchange: digests of
// what was received and sent.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureServer, createServer } from "node:http2";

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));
const digest = (data) => createHash("sha256").update(data).digest("hex");

function answer(body) {
  const about = { id: "chatcmpl-mock", created: 1764000000, model: body.model };
  const text = `You asked ${digest(JSON.stringify(body))}. `.repeat(200);
  if (!body.stream)
    return [JSON.stringify({ ...about, object: "chat.completion", choices: [
      { index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }] })];
  const events = text.match(/.{1,500}/g).map((content) => ({ ...about, object: "chat.completion.chunk",
    choices: [{ index: 0, delta: { content } }] }));
  return [...events.map((e) => `data: ${JSON.stringify(e)}\n\n`), "data: [DONE]\n\n"];
}

const server = (key ? createSecureServer : createServer)({ key, cert }, (request, response) => {
  const received = [];
  const cors = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };
  request.on("data", (data) => received.push(data));
  request.on("end", () => {
    if (request.method != "POST")
      return response.writeHead(204, cors).end();
    const all = Buffer.concat(received), body = JSON.parse(all), parts = answer(body);
    console.log(JSON.stringify({ received: digest(all), sent: digest(parts.join("")) }));
    response.writeHead(200, { ...cors, "content-type": body.stream ? "text/event-stream" : "application/json" });
    for (const part of parts)
      response.write(part);
    response.end();
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
