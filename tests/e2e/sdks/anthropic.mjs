// SPDX-License-Identifier: MIT
import Anthropic from "@anthropic-ai/sdk";
import { base, key, say, weather } from "./say.mjs";

const client = new Anthropic({ apiKey: key, baseURL: base, maxRetries: 0 });
const model = "claude-sonnet-4-5";
let prompt;

function ask(text, more) {
	prompt = text;
	return { model, max_tokens: 100, system: "Be brief.", messages: [{ role: "user", content: text }], ...more };
}

function sayMessage(stream, answer) {
	const called = answer.content.find((block) => block.type === "tool_use");
	const said = answer.content.find((block) => block.type === "text");
	say("anthropic.messages", model, stream, prompt, {
		text: said?.text,
		call: called && { name: called.name, arguments: called.input },
		input: answer.usage.input_tokens + answer.usage.cache_read_input_tokens, output: answer.usage.output_tokens,
	});
}

const tools = [{ name: weather.name, description: weather.description, input_schema: weather.parameters }];
sayMessage(false, await client.messages.create(ask("anthropic: a message")));
sayMessage(false, await client.messages.create(ask("anthropic: a message about the weather", { tools })));
sayMessage(true, await client.messages.stream(ask("anthropic: a message, streamed")).finalMessage());
sayMessage(true, await client.messages.stream(ask("anthropic: a message about the weather, streamed", { tools }))
	.finalMessage());
