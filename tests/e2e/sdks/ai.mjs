// SPDX-License-Identifier: MIT
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { base, key, say, weather } from "./say.mjs";

const provider = createOpenAI({ apiKey: key, baseURL: base + "/v1" });
const name = "gpt-4o";
const tools = { [weather.name]: tool({ description: weather.description, inputSchema: jsonSchema(weather.parameters) }) };

for (const [api, model] of [["openai.responses", provider(name)], ["openai.chat", provider.chat(name)]])
	for (const stream of [false, true])
		for (const more of [{}, { tools }]) {
			const prompt = `ai, ${api}${stream ? ", streamed" : ""}${more.tools ? ", about the weather" : ""}`;
			const ask = { model, system: "Be brief.", prompt, maxRetries: 0, ...more };
			const answer = stream ? streamText(ask) : await generateText(ask);
			const called = (await answer.toolCalls)[0], usage = await answer.usage;
			say(api, name, stream, prompt, {
				text: await answer.text,
				call: called && { name: called.toolName, arguments: called.input },
				input: usage.inputTokens, output: usage.outputTokens,
			});
		}
