// SPDX-License-Identifier: MIT
import { CohereClientV2 } from "cohere-ai";
import { base, key, say, weather } from "./say.mjs";

const client = new CohereClientV2({ token: key, environment: base, maxRetries: 0 });
const model = "command-a-03-2025";
const tools = [{ type: "function", function: weather }];
let prompt;

function ask(text, more) {
	prompt = text;
	return { model, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: text }], ...more };
}

function sayAnswer(stream, text, called, usage) {
	say("cohere.chat", model, stream, prompt, {
		text, call: called && { name: called.name, arguments: JSON.parse(called.arguments) },
		input: usage.tokens.inputTokens, output: usage.tokens.outputTokens,
	});
}

for (const more of [{}, { tools }]) {
	const answer = await client.chat(ask(more.tools ? "cohere: about the weather" : "cohere: a chat", more));
	sayAnswer(false, answer.message.content?.[0].text, answer.message.toolCalls?.[0].function, answer.usage);
}
for (const more of [{}, { tools }]) {
	let text = "", called, usage;
	prompt = more.tools ? "cohere: about the weather, streamed" : "cohere: a chat, streamed";
	for await (const event of await client.chatStream(ask(prompt, more))) {
		if (event.type === "content-delta")
			text += event.delta.message.content.text;
		else if (event.type === "tool-call-start")
			called = { ...event.delta.message.toolCalls.function };
		else if (event.type === "tool-call-delta")
			called.arguments += event.delta.message.toolCalls.function.arguments;
		else if (event.type === "message-end")
			usage = event.delta.usage;
	}
	sayAnswer(true, text, called, usage);
}
