// SPDX-License-Identifier: MIT
// A client for runtimes of JavaScript: calls.mjs MODE BASE-URL. What was said is in the server's log.
const [mode, base] = process.argv.slice(2);
const PATH = "/v1/chat/completions";
const HEADERS = { "content-type": "application/json", "authorization": "Bearer sk-e2e-FAKESECRET0123456789" };

const body = (content, stream) =>
  JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content }] });

function ask(text, { stream = false, query = "", signal } = {}) {
  return fetch(base + PATH + query, { method: "POST", headers: HEADERS, body: body(text, stream), signal });
}

// One after the other, so on one connection.
async function keepalive() {
  await (await ask("plain")).text();
  await (await ask("streamed", { stream: true, query: "?chunks=10&delay_ms=2" })).text();
  await (await ask("counted", { query: "?length=1&size=1000" })).text();
  await (await ask("gzip", { stream: true, query: "?encoding=gzip&chunks=5" })).text();
  await (await ask("x".repeat(300000), { stream: true, query: "?size=300000&chunks=50" })).text();
  await (await ask("refused", { query: "?status=401" })).text();
}

// Answers that are given up halfway, each followed by a call that is not: its TLS object may well
// stand where that of the call before stood.
async function abort() {
  for (let i = 0; i < 10; i++) {
    const stop = new AbortController();
    const response = await ask(`give up ${i}`, {
      stream: true, query: "?size=200000&chunks=500&delay_ms=20", signal: stop.signal });
    await response.body.getReader().read();
    stop.abort();
    await (await ask(`whole ${i}`, { stream: true, query: "?chunks=5" })).text();
  }
}

async function parallel() {
  await Promise.all(Array.from({ length: 20 }, async (_, i) =>
    (await ask(`parallel ${i}`, { stream: i % 2 == 0, query: `?size=${i * 777}` })).text()));
}

// A call, then one more for each line on standard input (sent when the one before is done), on the same
// connection.
async function slow() {
  await (await ask("before the tracer")).text();
  console.log("ready");
  for await (const line of process.stdin) {
    await (await ask("while traced", { stream: true, query: "?chunks=10" })).text();
    console.log("done");
  }
}

// Node only: all at the same time on one connection.
async function http2() {
  const session = (await import("node:http2")).connect(base);
  await Promise.all(Array.from({ length: 10 }, (_, i) => new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": PATH, ...HEADERS });
    stream.on("data", () => {}).on("end", resolve).on("error", reject);
    stream.end(body(`one of 10: ${i}`, i % 2 == 1));
  })));
  session.close();
}

await { keepalive, abort, parallel, slow, http2 }[mode]();
