// SPDX-License-Identifier: MIT
import { Ollama } from "ollama";
import { base, say, weather } from "./say.mjs";

const client = new Ollama({ host: base });
const model = "llama3.2";

async function* once(answer) {
	yield await answer;
}

for (const [stream, about, tools] of [
	[false, "a chat", undefined], [false, "about the weather", [{ type: "function", function: weather }]],
	[true, "a chat, streamed", undefined],
	[true, "about the weather, streamed", [{ type: "function", function: weather }]],
]) {
	const prompt = "ollama: " + about, all = { text: "" };
	const messages = [{ role: "system", content: "Be brief." }, { role: "user", content: prompt }];
	const answers = client.chat({ model, messages, tools, stream });
	for await (const answer of stream ? await answers : once(answers)) {
		all.text += answer.message.content;
		if (answer.message.tool_calls)
			all.call = answer.message.tool_calls[0].function;
		if (answer.done) {
			all.input = answer.prompt_eval_count;
			all.output = answer.eval_count;
		}
	}
	say("ollama.chat", model, stream, prompt, all);
}
