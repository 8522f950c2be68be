// SPDX-License-Identifier: MIT
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";
import { base, key, say, socketBase, weather } from "./say.mjs";

const client = new OpenAI({ apiKey: key, baseURL: base + "/v1", maxRetries: 0 });
const model = "gpt-4o";
let prompt;

function ask(text) {
	prompt = text;
	return { model, messages: [{ role: "system", content: "Be brief." }, { role: "user", content: text }] };
}

function sayChat(stream, answer) {
	const message = answer.choices[0].message, called = message.tool_calls?.[0]?.function;
	say("openai.chat", model, stream, prompt, {
		text: message.content ?? "",
		call: called && { name: called.name, arguments: JSON.parse(called.arguments) },
		input: answer.usage.prompt_tokens, output: answer.usage.completion_tokens,
	});
}

const tools = [{ type: "function", function: weather }];
const stream_options = { include_usage: true };
sayChat(false, await client.chat.completions.create(ask("openai: a chat")));
sayChat(false, await client.chat.completions.create({ ...ask("openai: a chat about the weather"), tools }));
sayChat(true, await client.chat.completions.stream({ ...ask("openai: a chat, streamed"), stream_options })
	.finalChatCompletion());
sayChat(true, await client.chat.completions.stream(
	{ ...ask("openai: a chat about the weather, streamed"), stream_options, tools }).finalChatCompletion());

function sayResponse(stream, answer) {
	const called = answer.output.find((item) => item.type === "function_call");
	const message = answer.output.find((item) => item.type === "message");
	say("openai.responses", model, stream, prompt, {
		text: message?.content[0].text,
		call: called && { name: called.name, arguments: JSON.parse(called.arguments) },
		input: answer.usage.input_tokens, output: answer.usage.output_tokens,
	});
}

function respond(text) {
	prompt = text;
	return { model, instructions: "Be brief.", input: text };
}

const functions = [{ type: "function", strict: false, ...weather }];
sayResponse(false, await client.responses.create(respond("openai: a response")));
sayResponse(false, await client.responses.create({ ...respond("openai: a response about the weather"), tools: functions }));
sayResponse(true, await client.responses.stream(respond("openai: a response, streamed")).finalResponse());
sayResponse(true, await client.responses.stream(
	{ ...respond("openai: a response about the weather, streamed"), tools: functions }).finalResponse());

// The same over WebSocket: two calls on one connection.
const socket = new ResponsesWS(new OpenAI({ apiKey: key, baseURL: socketBase + "/v1" }));
function overSocket(body) {
	return new Promise((resolve, reject) => {
		socket.once("response.completed", (event) => resolve(event.response));
		socket.once("error", reject);
		socket.send({ type: "response.create", ...body });
	});
}
sayResponse(true, await overSocket(respond("openai: over WebSocket")));
sayResponse(true, await overSocket({ ...respond("openai: over WebSocket about the weather"), tools: functions }));
socket.close();
