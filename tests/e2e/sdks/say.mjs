// SPDX-License-Identifier: MIT
// What the scripts share. Each call ends with say(): one line of JSON that tells what the SDK made of it,
// for test_sdks.py to compare with what llm-spy saw.
export const base = process.env.MOCK_URL;
export const socketBase = process.env.MOCK_SOCKET_URL;
export const key = "sk-sdk-FAKESECRET0123456789";
export const weather = {
	name: "get_weather",
	description: "Weather of a city",
	parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

export function say(api, model, stream, prompt, { text = "", call = null, input, output }) {
	console.log(JSON.stringify({ api, model, stream, prompt, text, call, input, output }));
}
