// SPDX-License-Identifier: MIT
// Script stands in all that strangers write. It is shown, and does not run.
import { ok, open } from './page.mjs';

const [url, said] = process.argv.slice(2);
const { ids, conversations, marks } = JSON.parse(said);
const p = await open(url);
const { page } = p;
let shown = '';

async function look(query, wait) {
	await p.to(query);
	await page.waitForSelector(wait, { state: 'attached' }).catch(() => ok(false, `${query}: there is ${wait}`));
	for (const d of await page.$$('details:not([open]) > summary'))
		await d.click().catch(() => {});
	await page.waitForTimeout(150);
	shown += await page.evaluate(() => document.body.textContent);
	const bad = await page.evaluate(() => ({
		ran: window.__ran,
		elements: [...document.querySelectorAll('img, iframe, object, embed, form, base, audio, video, style, body script, [onerror], [onload], [onclick], [onmouseover]')].map(e => e.outerHTML.slice(0, 200)),
		links: [...document.querySelectorAll('a')].filter(a => a.origin !== location.origin).map(a => a.href),
		title: document.title,
	}));
	ok(bad.ran === 0 && !bad.elements.length && !bad.links.length, `${query}: nothing runs, and nothing of it became an element`, bad);
	p.clean(query);
}

for (const view of ['sessions', 'calls', 'conversations', 'timeline'])
	await look(`?view=${view}`, '.left .rows .row');
for (const by of ['model', 'provider', 'user', 'program', 'conversation'])
	await look(`?view=spend&by=${by}`, '.page table tbody tr');
await look('?view=limits', '.page .none, .page table');
await look('?view=coverage', '.page .none, .page table');
for (const id of ids) {
	for (const tab of ['messages', 'tools', 'timing', 'events', 'headers', 'raw', 'more'])
		await look(`?view=calls&call=${id}&tab=${tab}`, '.call .pane-body > :not(.none)');
	await look(`?view=calls&call=${id}&form=raw`, '.call .facts-grid');
}
for (const id of conversations)
	for (const show of ['new', 'all', 'diff'])
		await look(`?view=conversations&conv=${id}&show=${show}`, '.turn');
if (ids.length > 1)
	await look(`?view=calls&a=${ids[0]}&b=${ids[1]}`, '.changes');
// What stands in the address is a stranger's too.
const evil = '<img src=x onerror=window.__ran=1>';
for (const name of ['q', 'view', 'call', 'conv', 'tab', 'by', 'since', 'from', 'session', 'sort'])
	await p.to(`?${name}=${encodeURIComponent(evil)}`).then(() => page.waitForTimeout(200));
ok(await page.evaluate(() => window.__ran) === 0, 'nor does what stands in the address');
p.wrong.splice(0); // the server refuses these, which the browser tells
// As documents of their own.
for (const path of [...ids.map(i => `api/call/${i}/md`), ...ids.map(i => `api/call/${i}`), ...conversations.map(i => `api/conversation/${i}/html`)]) {
	const made = await page.request.get(`${p.base}/${path}`);
	if (made.headers()['content-disposition']?.startsWith('attachment'))
		continue;
	await page.goto(`${p.base}/${path}`).catch(() => {});
	ok(await page.evaluate(() => window.__ran || 0) === 0, `${path}: nothing runs`);
}
for (const mark of marks)
	ok(shown.includes(mark), `what was planted is seen: ${mark}`);
await p.browser.close();
