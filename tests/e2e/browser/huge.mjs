// SPDX-License-Identifier: MIT
// A message of very many bytes, and very many messages: the page goes on answering.
import { ok, open } from './page.mjs';

const [url, said] = process.argv.slice(2);
const { big, many, conversation } = JSON.parse(said);
const p = await open(url);
const { page } = p;
page.setDefaultTimeout(120000);

async function look(what, query, wait) {
	await p.to(query);
	await page.waitForSelector(wait);
	await page.keyboard.press('?');
	await page.waitForSelector('dialog[open]');
	await page.keyboard.press('Escape');
	await page.waitForSelector('dialog', { state: 'detached' });
	const size = await page.evaluate(() => [document.querySelectorAll('*').length, document.body.textContent.length]);
	ok(size[0] < 20000 && size[1] < 3e6, `${what}: a part of it is shown, and the page answers`, size);
	p.clean(what);
}

for (const tab of ['messages', 'raw', 'more', 'timing'])
	await look(`large message, ${tab}`, `?view=calls&call=${big}&tab=${tab}`, '.call .pane-body > :not(.none)');
for (const tab of ['messages', 'raw'])
	await look(`many messages, ${tab}`, `?view=calls&call=${many}&tab=${tab}`, '.call .pane-body > :not(.none)');
await look('many messages, in their conversation', `?view=conversations&conv=${conversation}`, '.turn');
const before = await page.$$eval('.turn .message', l => l.length);
await page.click('.turn .more button');
await page.waitForFunction(n => document.querySelectorAll('.turn .message').length > n, before);
ok(true, 'more of them are shown when asked');
await look('all of them', `?view=conversations&conv=${conversation}&show=all`, '.turn .message');
await p.browser.close();
