// SPDX-License-Identifier: MIT
// The page while real clients run: live.mjs URL JSON. {"ask": name} has test_web_live.py start one.
import { ok, open, query, texts } from './page.mjs';

const [url] = process.argv.slice(2);
const ask = what => console.log(JSON.stringify({ ask: what }));
const p = await open(url);
const { page } = p;
page.setDefaultTimeout(120000);
const total = async () => Number((await texts(page, '#totals .total b'))[0].replace(/\D/g, ''));
const hasRow = words => page.waitForFunction(w => [...document.querySelectorAll('.left .rows .row')].some(r => r.textContent.includes(w)), words);

await p.to('?view=calls');
await page.waitForSelector('#live.on');
ok((await texts(page, '.left .empty'))[0].includes('Nothing was seen yet'), 'where nothing was seen, it says what to do', await texts(page, '.left .empty'));
await p.axe('nothing seen yet');

// ---- a stream ----
ask('stream');
await page.waitForSelector('.flight li a');
const first = (await texts(page, '.flight .f-tail'))[0];
await page.waitForFunction(was => (document.querySelector('.flight .f-tail')?.textContent || was) !== was, first);
ok(true, 'what is said is seen while it is said');
await p.axe('a call in flight');
await page.click('.flight li a');
await page.waitForSelector('.call .facts-grid');
ok(query(page).get('call').startsWith('f'), 'a call in flight can be opened', query(page).get('call'));
const arrived = (await texts(page, '.call .r-model pre'))[0];
await page.waitForFunction(was => (document.querySelector('.call .r-model pre')?.textContent || was) !== was, arrived);
ok(true, 'and goes on there');
ask('break off');
await page.waitForFunction(() => /^\d+$/.test(new URL(location.href).searchParams.get('call')));
ok(true, 'it keeps its place when its client breaks off');
await hasRow('gpt-4o');
await page.waitForSelector('.flight', { state: 'hidden' });
ok(await total() >= 1, 'and has a row then');
await page.keyboard.press('Escape');

// ---- pause ----
await page.keyboard.press('Space');
await page.waitForSelector('#live.paused');
const rows = await page.getAttribute('.left [role=grid]', 'aria-rowcount');
ask('short');
await page.waitForFunction(() => /[1-9]\d* new/.test(document.querySelector('#live').textContent));
ok(await page.getAttribute('.left [role=grid]', 'aria-rowcount') === rows, 'paused, the list stays, and what came is counted');
await page.keyboard.press('Space');
await page.waitForFunction(n => document.querySelector('.left [role=grid]').getAttribute('aria-rowcount') > n, rows);
ok(true, 'and it goes on where it was');

// ---- an agent ----
await p.to('?view=sessions');
await page.waitForSelector('#live.on');
ask('agent');
await hasRow('agent.py');
await page.click('.left .rows .row:has-text("agent.py")');
await page.waitForFunction(() => document.querySelectorAll('.turn').length >= 3);
await page.waitForFunction(() => document.querySelector('.conversation').textContent.includes('42 tests pass'));
ok(true, 'a conversation grows while it is open');
ok((await texts(page, '.conversation .line.added')).length > 0, 'and an edit in it is what changes');
await p.axe('a conversation that grew');
await p.to('?view=coverage');
await page.waitForSelector('.page table tbody tr');
ok((await texts(page, '.page table'))[0].includes('seen'), 'coverage says who is seen');
// A process that has ended has nothing mapped any more; the server runs on.
const seen = (await texts(page, '.page table tbody tr')).filter(t => t.includes('✓'));
ok(seen.length && seen.every(t => t.includes('root')) && seen.some(t => /OpenSSL libssl/.test(t)), 'whose it is, and which TLS it has', seen);
await p.axe('coverage');
p.clean('live');
await p.browser.close();
