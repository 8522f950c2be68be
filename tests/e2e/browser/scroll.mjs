// SPDX-License-Identifier: MIT
// 10,000 calls, scrolled from the first to the last at a steady rate: in each frame each row in sight is there.
import { ok, open, waitRows } from './page.mjs';

const [url, said] = process.argv.slice(2);
const { calls } = JSON.parse(said);
const p = await open(url);
const { page } = p;
await p.to('?view=calls');
await waitRows(page);
// The server still reads.
await page.waitForFunction(n => document.querySelector('.left [role=grid]').getAttribute('aria-rowcount') === String(n + 1), calls);
const result = await page.evaluate(async step => {
	const list = document.querySelector('.left [role=grid]'), high = 24, head = list.querySelector('.head').offsetHeight;
	const seen = new Set(), out = { frames: 0, missing: 0, waiting: 0, most: 0 };
	const frame = () => new Promise(done => requestAnimationFrame(done));
	for (let at = 0, last = -1; last !== list.scrollTop; list.scrollTop = at += step) {
		last = list.scrollTop;
		await frame();
		await frame();
		// How soon a page comes is the server's and the host's affair: it is waited for, and counted.
		while (list.querySelector('.row[data-waits]')) {
			out.waiting++;
			await frame();
		}
		const there = new Map([...list.querySelectorAll('.rows .row')].map(r => [Number(r.dataset.index), r]));
		out.frames++;
		out.most = Math.max(out.most, there.size);
		const end = Math.floor((list.scrollTop + list.clientHeight - head - 1) / high);
		for (let i = Math.ceil(list.scrollTop / high); i <= end; i++) {
			const row = there.get(i);
			out.missing += !row;
			if (row)
				seen.add(row.querySelector('.c-id').textContent);
		}
	}
	return { ...out, seen: seen.size };
}, 240);
ok(result.frames > 500, `scrolled in ${result.frames} steps`, result);
ok(result.missing === 0, 'no row in sight was missing in any frame', result);
ok(true, `rows were awaited in ${result.waiting} frames`);
ok(result.seen === calls, `each of ${calls} calls was seen`, result);
ok(result.most < 120, `at most ${result.most} rows exist at a time`, result);
p.clean('scrolling');
await p.browser.close();
