// SPDX-License-Identifier: MIT
import { Mistral } from "@mistralai/mistralai";
import { base, key, say, weather } from "./say.mjs";

const client = new Mistral({ apiKey: key, serverURL: base, retryConfig: { strategy: "none" } });
const model = "mistral-large-latest";
const tools = [{ type: "function", function: weather }];
let prompt;

function ask(text, more) {
	prompt = text;
	return { model, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: text }], ...more };
}

function sayAnswer(stream, text, called, usage) {
	say("openai.chat", model, stream, prompt, {
		text, call: called && { name: called.name, arguments: JSON.parse(called.arguments) },
		input: usage.promptTokens, output: usage.completionTokens,
	});
}

for (const more of [{}, { tools }]) {
	const answer = await client.chat.complete(ask(more.tools ? "mistral: about the weather" : "mistral: a chat", more));
	const message = answer.choices[0].message;
	sayAnswer(false, message.content ?? "", message.toolCalls?.[0].function, answer.usage);
}
for (const more of [{}, { tools }]) {
	let text = "", called, usage;
	prompt = more.tools ? "mistral: about the weather, streamed" : "mistral: a chat, streamed";
	for await (const { data } of await client.chat.stream(ask(prompt, more))) {
		const delta = data.choices[0].delta;
		text += delta.content ?? "";
		for (const piece of delta.toolCalls ?? []) {
			called ??= { name: piece.function.name, arguments: "" };
			called.arguments += piece.function.arguments;
		}
		usage = data.usage ?? usage;
	}
	sayAnswer(true, text, called, usage);
}
