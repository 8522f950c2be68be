// SPDX-License-Identifier: MIT
// Every event of a stream with its time.
import { h, put } from './dom.js';
import { get, segment } from './api.js';
import { bytes, duration, oneLine, pretty, UNKNOWN } from './format.js';
import { failed, waiting } from './empty.js';
import { longText } from './longtext.js';
import { VirtualList } from './vlist.js';
import * as row from './rows.js';

const PAGE = 1000;
const columns = [
	row.words('n', '#', null, e => String(e.n + 1)),
	row.column('at', 'at', 'Since the request', null, e => duration(e.t_ms)),
	row.column('dt', 'Δ', 'Since the event before', null, e => e.gap === null ? '' : duration(e.gap), e => e.gap > 1000 ? 'warn' : ''),
	row.words('type', 'type', null, e => e.type || ''),
	row.words('size', 'bytes', null, e => bytes((e.data || '').length)),
	row.words('data', 'data', null, e => e.data),
];

// The server gives pages of a thousand.
function pages(id, first) {
	const had = new Map([[0, Promise.resolve(first)]]);
	return async n => {
		if (!had.has(n))
			had.set(n, get(`call/${segment(id)}/events`, { offset: n * PAGE }));
		return (await had.get(n)).events;
	};
}

function rowsOf(page) {
	return async (offset, limit) => {
		const out = [];
		for (let n = offset; n < offset + limit; n++) {
			const list = await page(Math.floor(n / PAGE)), e = list[n % PAGE], before = n % PAGE ? list[n % PAGE - 1] : n ? (await page(Math.floor(n / PAGE) - 1)).at(-1) : null;
			if (!e)
				break;
			out.push({ ...e, n, gap: before && e.t_ms !== null && before.t_ms !== null ? e.t_ms - before.t_ms : null });
		}
		return out;
	};
}

export function events(x, id) {
	const box = h('div', { class: 'events' }, waiting());
	let list = null;
	function draw(d) {
		if (!d.events)
			return put(box, h('p', { class: 'soft none' }, d.why || 'The response was no stream.'));
		const rows = rowsOf(pages(id, d));
		const detail = h('div', { class: 'event-detail', tabindex: 0, role: 'region', 'aria-label': 'Event' }, h('p', { class: 'soft' }, 'Choose an event.'));
		list = new VirtualList({
			label: 'Events of the stream', columns, key: e => e.n, empty: () => h('p', { class: 'soft none' }, 'The stream has no events.'),
			page: async (offset, limit) => ({ total: d.total, rows: await rows(offset, Math.min(limit, d.total - offset)) }),
			open: e => {
				list.show(e.n);
				put(detail, h('p', { class: 'soft' }, `${e.type || UNKNOWN} at ${duration(e.t_ms)}`), longText(pretty(e.data)));
			},
		});
		put(box, list.box, detail);
		return list.reset();
	}
	get(`call/${segment(id)}/events`).then(draw).catch(e => put(box, failed(e.message)));
	return { el: box, stop: () => list?.destroy() };
}
