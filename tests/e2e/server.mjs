// SPDX-License-Identifier: MIT
// A provider by Node.js: server.mjs KEY CERT says its port.
import fs from "node:fs";
import https from "node:https";

const [key, cert] = process.argv.slice(2).map((path) => fs.readFileSync(path));
const answer = {
  id: "x", object: "chat.completion", model: "gpt-4o-0001",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 21, completion_tokens: 17, total_tokens: 38 },
};
const server = https.createServer({ key, cert }, (request, response) => {
  request.resume().on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
