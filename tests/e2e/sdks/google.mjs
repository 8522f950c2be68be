// SPDX-License-Identifier: MIT
import { GoogleGenAI } from "@google/genai";
import { base, key, say, weather } from "./say.mjs";

const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: base } });
const model = "gemini-2.5-flash";
const tools = [{ functionDeclarations: [{ name: weather.name, parametersJsonSchema: weather.parameters }] }];

async function* once(answer) {
	yield await answer;
}

for (const [stream, about, config] of [
	[false, "an answer", {}], [false, "an answer about the weather", { tools }],
	[true, "a streamed answer", {}], [true, "a streamed answer about the weather", { tools }],
]) {
	const prompt = "google: " + about;
	const ask = { model, contents: prompt, config: { systemInstruction: "Be brief.", ...config } };
	const answers = stream ? await client.models.generateContentStream(ask) : once(client.models.generateContent(ask));
	const all = { text: "" };
	for await (const answer of answers) {
		const called = answer.functionCalls?.[0], usage = answer.usageMetadata;
		if (called)
			all.call = { name: called.name, arguments: called.args };
		else
			all.text += answer.text;
		if (usage) {
			all.input = usage.promptTokenCount;
			all.output = usage.candidatesTokenCount + usage.thoughtsTokenCount;
		}
	}
	say("gemini.generate", model, stream, prompt, all);
}
