// SPDX-License-Identifier: MIT
// A client for runtimes of JavaScript: calls.mjs MODE BASE-URL. What was said is in the server's log.
const [mode, base] = process.argv.slice(2);

async function ask(text, { stream = false, query = "", signal } = {}) {
  const response = await fetch(base + "/v1/chat/completions" + query, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Authorization": "Bearer sk-e2e-FAKESECRET0123456789" },
    body: JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content: text }] }),
    signal,
  });
  return response;
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
      stream: i % 2 == 1, query: "?size=200000&length=1&chunks=200&delay_ms=20", signal: stop.signal });
    await response.body.getReader().read();
    stop.abort();
    await (await ask(`whole ${i}`, { stream: true, query: "?chunks=5" })).text();
  }
}

async function parallel() {
  await Promise.all(Array.from({ length: 20 }, async (_, i) =>
    (await ask(`parallel ${i}`, { stream: i % 2 == 0, query: `?size=${i * 777}` })).text()));
}

await { keepalive, abort, parallel }[mode]();
