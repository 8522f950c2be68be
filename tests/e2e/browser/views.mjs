// SPDX-License-Identifier: MIT
// Each view over a recording of some agents, what it says, and whether everybody can use it.
import { ok, open, query, rows, texts, waitRows } from './page.mjs';

const [url, said] = process.argv.slice(2);
const expect = JSON.parse(said); // of other outputs of the same recording
const p = await open(url);
const { page } = p;

// ---- lists ----
await waitRows(page);
ok((await rows(page)).some(t => t.includes('claude')), 'agents have rows', await rows(page));
ok((await texts(page, '.left .c-agent .tree')).some(t => t.includes('└')), 'sub-agents stand below their agent');
const total = (await texts(page, '#totals .total'))[0];
ok(total.startsWith(`${expect.calls} call`), 'the total of calls is that of spend', total, expect);
const spent = (await texts(page, '#totals'))[0];
ok([`${expect.usd} spent`, `${expect.in} in · ${expect.cached} cached`, `${expect.out} out`].every(t => spent.includes(t)), 'and so are dollars and tokens, as top writes them', spent, expect);
ok((await rows(page)).some(t => t.includes('drive.py') && /3✗–––––/.test(t)), 'of an agent whose calls all failed, no tokens and no cost are known', await rows(page));
const written = await page.evaluate(() => import('/format.js').then(f => [
	...[999, 1000, 1250, 1350, 123456, 999949, 999950, 2.5e9].map(f.count), ...[1023, 1536, 1048576].map(f.bytes),
	...[0, 0.00004, 0.00005, 0.2268, 0.99995, 1234.5].map(n => f.usd(n)), ...[0, 0.005, 0.125, 0.135, 0.575, 0.995, 1].map(f.percent),
	...[0, 9.96, 99.5, 650, 9994, 9995, 59950, 666000, 7200000, 172800000].map(f.duration), f.count(null), f.duration(undefined)].join(' ')));
ok(written === '999 1.0k 1.2k 1.4k 123.5k 999.9k 1.0M 2.5G 1023 B 1.5 KiB 1.0 MiB $0 <$0.0001 $0.0001 $0.2268 $1.00 $1234.50 0% <1% 12% 14% 58% >99% 100% '
	+ '0.0ms 10.0ms 0.10s 0.65s 9.99s 10.0s 1m00s 11m06s 2h00m 2d00h – –', 'numbers are written as base/units.c writes them', written);
const lacks = await page.evaluate(() => import('/facts.js').then(f => [{ state: 'cut', status: 200, missing_bytes: 2267 }, { state: 'cut', status: null, missing_bytes: 0 }, { state: 'done', status: 200, missing_bytes: 0 }].map(c => f.lacksOf(c))));
ok(lacks.join(';') === 'not all was seen, 2.2 KiB missing;no answer was seen;', 'what is missing is said', lacks);
p.clean('agents');
await p.axe('agents');

await p.to('?view=calls');
await waitRows(page);
ok(await page.getAttribute('.left [role=grid]', 'aria-rowcount') === String(expect.rows + 1), 'each call has a row');
await page.click('.left [role=columnheader].c-usd button');
await page.waitForFunction(() => document.querySelector('.left [aria-sort=descending].c-usd'));
await waitRows(page);
ok(query(page).get('sort') === 'usd', 'the order is in the address');
const dollars = (await texts(page, '.left .rows .c-usd')).map(t => Number(t.replace(/[^\d.]/g, '')) || 0).slice(0, 6);
ok(dollars.every((n, i) => !i || dollars[i - 1] >= n) && dollars[0] > 0, 'and rows are in it', dollars);
p.clean('calls');
await p.axe('calls');

// ---- search ----
await p.to('?view=calls');
await waitRows(page);
await page.fill('#q', 'status:>=400');
await page.waitForFunction(n => document.querySelector('.left [role=grid]').getAttribute('aria-rowcount') === String(n + 1), expect.failed);
ok((await texts(page, '.chip'))[0].startsWith('status:>=400'), 'a filter narrows the list, and is a chip');
ok(query(page).get('q') === 'status:>=400', 'and in the address');
await page.reload();
await waitRows(page);
ok(await page.inputValue('#q') === 'status:>=400' && (await rows(page)).length === expect.failed, 'reload gives the same');
await page.click('.chip');
await page.waitForFunction(n => document.querySelector('.left [role=grid]').getAttribute('aria-rowcount') === String(n + 1), expect.rows);
ok(!query(page).get('q'), 'a chip is taken off');
await page.goBack();
await page.waitForSelector('.chip');
ok(query(page).get('q') === 'status:>=400', 'and back brings it again');
await page.fill('#q', 'nosuchword:1');
await page.waitForSelector('#q[aria-invalid=true]');
ok((await texts(page, '#q-error'))[0].length > 5, 'a wrong filter is told while one types', await texts(page, '#q-error'));
await page.fill('#q', 'mod');
await page.waitForSelector('#words:not([hidden]) [role=option]');
ok((await texts(page, '#words [role=option]'))[0].startsWith('model:'), 'words that fit are offered');
await p.axe('search');
await page.keyboard.press('ArrowDown');
await page.keyboard.press('Enter');
ok(await page.inputValue('#q') === 'model:', 'and taken', await page.inputValue('#q'));
await page.fill('#q', 'nothinghasthisword');
await page.waitForSelector('.left .empty:not([hidden]) button');
ok((await texts(page, '.left .empty'))[0].includes('match'), 'an empty list says why', await texts(page, '.left .empty'));
await page.click('.left .empty button');
await page.waitForFunction(() => !location.search.includes('q='));
p.clean('search');

// ---- a conversation ----
await p.to(`?view=conversations&conv=${expect.conversation}`);
await page.waitForSelector('.turn:nth-of-type(5)');
ok((await texts(page, '.conversation .turn')).length === 5, 'a conversation has a card for each turn');
const cards = (await texts(page, '.conversation'))[0];
ok(cards.includes('cache 0%') && /cache (8|9)\d%/.test(cards), 'with what came from the cache', cards);
ok((await texts(page, '.conversation .gap')).length === 4, 'and the time since the last turn');
ok((await texts(page, '.conversation .warn')).some(t => t.includes('Cache missed')), 'a break of the cache is told', await texts(page, '.conversation .turn'));
ok((await texts(page, '.conversation .line.added')).some(t => t.includes('if (len == 0)')), 'an edit is shown as what changes');
ok(cards.includes('image/png') && cards.includes('sha256'), 'an image is its facts');
ok((await texts(page, '.conversation .listing'))[0].includes('len = 1'), 'a listing is set apart');
ok((await texts(page, '.conversation .message.r-model')).length === 5, 'what was said before is not said again', await texts(page, '.conversation .message.r-model'));
await p.axe('conversation');
await page.click('.conversation button:has-text("Raw")');
await page.waitForFunction(() => [...document.querySelectorAll('.conversation pre')].some(e => e.textContent.includes('## What was wrong')));
ok(query(page).get('form') === 'raw', 'raw shows the text as it was sent');
await page.click('.conversation button:has-text("All")');
await page.waitForFunction(() => document.querySelectorAll('.turn:nth-of-type(5) .message').length >= 9);
ok(query(page).get('show') === 'all', 'all messages of each turn can be seen');
await page.click('.conversation .choice button:has-text("Diff")');
await page.waitForFunction(() => [...document.querySelectorAll('.turn .line.added')].some(e => e.textContent.includes('Today is Monday.')));
ok((await texts(page, '.turn .line.removed')).some(t => t.includes('Today is Sunday.')), 'and what changed in the request', await texts(page, '.turn .change'));
await p.axe('diff in a conversation');
p.clean('conversation');

// ---- a call ----
await p.to(`?view=calls&call=${expect.call}`);
await page.waitForSelector('.call .facts-grid');
const facts = (await texts(page, '.call .facts-grid'))[0];
ok(facts.includes('alice') || facts.includes('bob'), 'a call says whose it is', facts);
for (const [tab, selector, words] of [['tools', '.call .tool summary', 'Edit'], ['headers', '.call table', '***'], ['raw', '.call pre', '"model"'], ['more', '.call pre', '"usd"'], ['timing', '.call table', 'first token']]) {
	await page.click(`#tab-${tab}`);
	await page.waitForFunction(([s, w]) => [...document.querySelectorAll(s)].some(e => e.textContent.includes(w)), [selector, words]);
	ok(query(page).get('tab') === tab, `${tab}: shows ${words}`);
	await p.axe(tab);
}
ok((await page.$$('.waterfall .w-stream')).length === 1, 'the waterfall shows the stream');
const streamed = await (await page.request.get(`${p.base}/api/call/${expect.call}/events`)).json();
ok(streamed.events.every(e => e.t_ms !== null), 'each event has its time');
ok(await page.waitForSelector('.waterfall .w-gap', { state: 'attached' }), 'and where it stood still');
ok(!(await page.content()).includes('sk-ant-none'), 'the key is nowhere');
await page.click('#tab-events');
await page.waitForSelector('.events .rows .row');
const events = Number(await page.getAttribute('.events [role=grid]', 'aria-rowcount')) - 1;
ok(events === expect.events, 'every event of the stream has a row', events, expect.events);
const times = await texts(page, '.events .rows .c-at');
ok(new Set(times).size > 3, 'with its own time', times);
await page.click('.events .rows .row:nth-child(2)');
await page.waitForFunction(() => document.querySelector('.event-detail pre'));
await p.axe('events');
for (const name of ['har', 'md', 'json', 'curl', 'raw']) {
	const r = await page.request.get(`${p.base}/api/call/${expect.call}/${name}`);
	const body = await r.text();
	ok(r.status() === 200 && body.length > 100 && !body.includes('sk-ant-none'), `${name} can be had`, r.status(), body.slice(0, 300));
}
p.clean('call');

// ---- the rest ----
for (const [view, selector, words] of [['spend&by=model', '.page table', 'gpt-4o'], ['limits', '.page table', 'anthropic'], ['coverage', '.page', 'targets'], ['timeline', '.left .row', 'claude']]) {
	await p.to(`?view=${view}`);
	await page.waitForFunction(([s, w]) => [...document.querySelectorAll(s)].some(e => e.textContent.includes(w)), [selector, words]);
	ok(true, `${view}: shows ${words}`);
	if (view.startsWith('timeline'))
		ok(await page.$eval('#timeline canvas', c => c.height / c.clientHeight === c.width / c.clientWidth), 'and lanes are drawn as high as they stand');
	if (view.startsWith('spend') && expect.charts)
		ok(await page.waitForSelector('.chart canvas'), 'and a chart');
	p.clean(view);
	await p.axe(view);
}
await page.waitForFunction(() => /[1-9]\d* lanes/.test(document.querySelector('#timeline canvas').getAttribute('aria-label') || ''));
const box = await (await page.$('#timeline canvas')).boundingBox();
await page.mouse.move(box.x + 300, box.y + 40);
await page.mouse.down();
await page.mouse.move(box.x + 600, box.y + 40, { steps: 4 });
await page.mouse.up();
await page.waitForFunction(() => location.search.includes('from='));
await page.waitForFunction(n => Number(document.querySelector('.left [role=grid]').getAttribute('aria-rowcount')) < n + 1, expect.rows);
ok(true, 'what is brushed narrows the list');
await p.to('?view=timeline');
await page.waitForSelector('.bar-at');
const bars = () => page.getAttribute('#timeline canvas', 'aria-label').then(t => Number(/with (\d+) calls/.exec(t)[1]));
ok(await bars() === expect.rows, 'the timeline has calls to models and to tools', await bars());
await page.click('.lane-kind');
await page.waitForFunction(n => document.querySelector('#timeline canvas').getAttribute('aria-label').includes(` with ${n} calls`), expect.calls);
ok(await page.getAttribute('.lane-kind', 'aria-pressed') === 'false', 'and without those to tools, when asked');
await page.click('.lane-kind');

await p.to(`?conv=${expect.conversation}&call=${expect.call}&a=${expect.before}&b=${expect.call}`);
await page.waitForSelector('.change');
ok((await page.$$('#panes > .pane')).length === 4, 'a link opens all of it');
await p.axe('everything open');

// ---- dark, narrow ----
await page.emulateMedia({ colorScheme: 'dark' });
for (const q of ['', '?view=calls', `?conv=${expect.conversation}`, `?view=calls&call=${expect.call}&tab=headers`, '?view=spend&by=model', '?view=limits']) {
	await p.to(q);
	await page.waitForTimeout(300);
	await p.axe(`dark ${q}`);
}
for (const [width, height] of [[800, 600], [360, 640]]) {
	await page.setViewportSize({ width, height });
	for (const q of ['', `?view=calls&call=${expect.call}`, `?conv=${expect.conversation}`, '?view=spend&by=model']) {
		await p.to(q);
		await page.waitForTimeout(300);
		const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		ok(over <= 0, `${width} wide ${q}: nothing is wider than the window`, over);
	}
}
for (const view of ['sessions', 'calls', 'conversations']) {
	await p.to(`?view=${view}`);
	await waitRows(page);
	const wider = [];
	for (let width = 1280; width >= 340; width -= 47) {
		await page.setViewportSize({ width, height: 640 });
		const over = await page.$eval('.left .list', l => l.scrollWidth - l.clientWidth);
		if (over > 0)
			wider.push([width, over]);
	}
	ok(!wider.length, `${view}: at each width, what is shown of a row has room`, wider);
}
p.clean('dark and narrow');
await p.browser.close();
