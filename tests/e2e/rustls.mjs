// SPDX-License-Identifier: MIT
// Calls of test_rustls.py, in Deno: rustls.mjs MODE BASE-URL CA-FILE
const [mode, base, ca] = Deno.args;
const caCerts = [Deno.readTextFileSync(ca)];
const headers = { "Content-Type": "application/json", "Authorization": "Bearer sk-e2e-FAKESECRET" };

async function ask(client, text, stream = false) {
	const body = JSON.stringify({ model: "gpt-4o", stream, messages: [{ role: "user", content: text }] });
	const answer = await fetch(base + "/v1/chat/completions", { client, method: "POST", headers, body });
	await answer.text();
}

// Each with a client of its own, so that connections come and go in the same memory.
async function apart(name, calls) {
	const client = Deno.createHttpClient({ caCerts });
	for (let i = 0; i < calls; i++)
		await ask(client, `${name}.${i} ` + "z".repeat((name * 7919 + i * 17011) % 50000), i % 2 == 1);
	client.close();
}

const modes = {
	async calls() {
		const client = Deno.createHttpClient({ caCerts });
		await ask(client, "Hello: é 你好");
		await ask(client, "Hello, streamed", true);
		await ask(client, "x".repeat(1 << 20));
	},
	async parallel() {
		for (let wave = 0; wave < 5; wave++)
			await Promise.all(Array.from({ length: 20 }, (_, i) => apart(wave * 20 + i, 3)));
	},
	async together() {
		const client = Deno.createHttpClient({ caCerts });
		await ask(client, "the first opens the connection");
		await Promise.all(Array.from({ length: 20 }, (_, i) => ask(client, `one of 20: ${i}`, true)));
	},
	// A first call, then one more for each line on standard input, on the same connection.
	async slow() {
		const client = Deno.createHttpClient({ caCerts });
		const line = new Uint8Array(100);
		await ask(client, "before the tracer");
		console.log("ready");
		while (await Deno.stdin.read(line)) {
			await ask(client, "while traced", true);
			console.log("done");
		}
	},
};
await modes[mode]();
