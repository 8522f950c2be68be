// SPDX-License-Identifier: MIT
// All of it with the keyboard alone.
import { ok, open, query, texts, waitRows } from './page.mjs';

const [url, said] = process.argv.slice(2);
const expect = JSON.parse(said);
const p = await open(url);
const { page } = p;
const press = async (...keys) => {
	for (const k of keys)
		await page.keyboard.press(k);
};
const has = name => page.waitForFunction(n => new URL(location.href).searchParams.get(n), name);

await waitRows(page);
await press('2');
await page.waitForFunction(() => location.search.includes('view=calls'));
await waitRows(page);
await press('j', 'j', 'k');
ok((await texts(page, '.row.cursor .c-id'))[0] === (await texts(page, '.rows .c-id'))[0], 'j and k move');
await press('Enter');
await has('call');
const first = query(page).get('call');
await page.waitForSelector('.call .facts-grid');
await press('j');
await page.waitForFunction(was => new URL(location.href).searchParams.get('call') !== was, first);
ok(true, 'what is open follows the hand');
await press(']', ']');
await page.waitForFunction(() => new URL(location.href).searchParams.get('tab') === 'timing');
ok(true, '] goes to the next tab');
await press('G');
await page.waitForFunction(n => Number(document.querySelector('.row.cursor')?.dataset.index) === n - 1, expect.rows);
await press('g');
await page.waitForFunction(() => Number(document.querySelector('.row.cursor')?.dataset.index) === 0);
ok(true, 'G and g go to the ends');
await press('l');
ok(await page.evaluate(() => document.activeElement.id) === 'call-body', 'l goes to the pane on the right');
await press('h');
ok(await page.evaluate(() => document.activeElement.getAttribute('role')) === 'grid', 'h back to the list');
await press('Escape');
await page.waitForFunction(() => !new URL(location.href).searchParams.get('call'));
ok(!(await page.$('.pane.call')), 'Esc closes it');
await press('/');
ok(await page.evaluate(() => document.activeElement.id) === 'q', '/ goes to the filter');
await page.keyboard.type('status:429');
await press('Enter');
await page.waitForFunction(n => document.querySelector('.left [role=grid]').getAttribute('aria-rowcount') === String(n + 1), expect.failed);
ok(await page.evaluate(() => document.activeElement.getAttribute('role')) === 'grid', 'Enter goes to what it selects');
await press('/');
await page.keyboard.press('Control+a');
await press('Delete', 'Enter', '3');
await page.waitForFunction(() => location.search.includes('view=conversations') && !location.search.includes('q='));
await press('/');
await page.keyboard.type('us');
await page.waitForFunction(() => document.querySelector('#words:not([hidden]) [role=option]')?.textContent.startsWith('user:'));
await press('Tab');
await page.waitForFunction(() => document.querySelector('#words:not([hidden]) [role=option]')?.textContent.includes('user:bob'));
ok(/^user:bob +\d+ calls$/.test((await texts(page, '#words [role=option]'))[0]), 'what the calls have is offered, with how many', await texts(page, '#words [role=option]'));
await p.axe('values');
await page.keyboard.type('ca');
await page.waitForFunction(() => document.querySelector('#words:not([hidden]) [role=option]')?.textContent.startsWith('user:carol'));
await press('ArrowDown', 'Tab');
ok(await page.inputValue('#q') === 'user:carol ' && await page.evaluate(() => document.activeElement.id) === 'q', 'Tab takes it', await page.inputValue('#q'));
await page.keyboard.type('model:');
await page.waitForFunction(() => [...document.querySelectorAll('#words:not([hidden]) [role=option]')].map(o => o.textContent.split(' ')[0]).join() === 'model:gpt-4o');
ok(true, 'of the calls that the other terms select');
await press('Escape');
ok(await page.isHidden('#words') && await page.evaluate(() => document.activeElement.id) === 'q', 'Escape puts it away');
await page.keyboard.press('Control+a');
await press('Delete', 'Escape', 'Tab');
ok(await page.evaluate(() => document.activeElement.id) !== 'q', 'and Tab goes on where nothing is typed');
await page.waitForFunction(() => !location.search.includes('q='));
await page.focus('.left [role=grid]');
await waitRows(page);
while (!(await texts(page, '.row.cursor').catch(() => ['']))[0]?.includes('parser hangs'))
	await press('j');
await press('Enter');
await has('conv');
await page.waitForSelector('.turn');
await press('l', 'j', 'j');
ok((await texts(page, '.turn.cursor')).length === 1, 'j moves through the turns');
await press('d');
await has('a');
await page.waitForSelector('.change, .changes p');
ok(query(page).get('b'), 'd compares with the turn before');
await press('Escape');
await press('m');
await page.waitForFunction(() => new URL(location.href).searchParams.get('form') === 'raw');
ok(true, 'm shows it as it was sent');
await press('l', 'j', 'Enter');
await has('call');
ok(true, 'Enter opens the call of a turn');
await press('?');
await page.waitForSelector('dialog[open]');
ok((await texts(page, 'dialog kbd')).includes('G'), '? lists the keys');
await p.axe('help');
await press('Escape');
await page.waitForSelector('dialog', { state: 'detached' });
await press('T');
ok(await page.evaluate(() => document.documentElement.dataset.theme) === 'light', 'T changes the colors');

// ---- the bars of the timeline ----
await p.to('?view=timeline');
await page.waitForSelector('.bar-at');
await page.focus('#timeline .lane-tools button:last-of-type');
await press('Tab');
const bar = () => page.evaluate(() => document.activeElement.className === 'bar-at' ? document.activeElement.getAttribute('aria-label') : `${document.activeElement.tagName} has the focus`);
const walk = { first: await bar() };
ok(/^#\d+, .*, took .*, of /.test(walk.first), 'Tab goes to a bar, which says what it is', walk.first);
while (!(await bar()).endsWith('of claude') && Object.keys(walk).length < 30) {
	await press('ArrowDown');
	walk[Object.keys(walk).length] = await bar();
}
await press('Home', 'ArrowRight');
const second = await bar();
ok(second.includes('of claude') && second.includes('claude-sonnet-4-5'), 'down goes to the next lane, right to the next bar', walk, second);
await press('ArrowRight');
ok(/^#\d+, mcp find_issue, /.test(await bar()), 'and to the tool that it called', await bar());
ok((await texts(page, '.lane-tools .soft'))[0] === await bar(), 'what it is can be read, too', await texts(page, '.lane-tools .soft'));
const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
ok(outline !== 'none', 'and it is seen', outline);
await press('ArrowLeft');
ok(await bar() === second, 'left goes back', await bar());
await p.axe('a bar in hand');
await press('+');
await page.waitForFunction(() => location.search.includes('from='));
await page.waitForFunction(l => document.activeElement.getAttribute('aria-label') === l, second);
ok(true, 'it stays in hand when the time is enlarged around it');
await press('0', 'Enter');
await has('call');
ok(query(page).get('call') === /^#(\d+)/.exec(second)[1], 'Enter opens it', query(page).get('call'), second);

// Tab reaches everything, and one sees where one is.
await p.to(`?view=calls&call=${expect.call}`);
await page.waitForSelector('.call .facts-grid');
const seen = new Set();
let blind = 0;
for (let n = 0; n < 120; n++) {
	await press('Tab');
	const at = await page.evaluate(() => {
		const e = document.activeElement, s = getComputedStyle(e);
		return { name: e === document.body ? 'body' : `${e.tagName} ${e.id || e.getAttribute('aria-label') || e.textContent.slice(0, 30)}`, shown: s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 };
	});
	if (at.name === 'body' || seen.has(at.name) && n > 60)
		break;
	seen.add(at.name);
	blind += !at.shown;
}
ok(blind === 0, 'focus is always visible', blind, [...seen]);
for (const need of ['INPUT q', 'SELECT since', 'DIV Calls', 'BUTTON tab-messages', 'DIV call-body'])
	ok([...seen].some(s => s.startsWith(need)), `Tab reaches ${need}`, [...seen]);
p.clean('keyboard');
await p.browser.close();
