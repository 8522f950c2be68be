// SPDX-License-Identifier: MIT
// The waterfall of a call: request, waiting, first token, stream, and the gaps in it.
import { h, put, svg } from './dom.js';
import { get, segment } from './api.js';
import { bytes, duration, UNKNOWN } from './format.js';

const WIDTH = 480, BAR = 13, STEP = 21, LABEL = 84;

function phases(x) {
	const t = x.times || {}, ms = n => n === null || n === undefined ? null : n / 1e6;
	const sent = ms(t.request_last_ns), first = ms(t.response_first_ns), token = ms(t.first_token_ns), last = ms(t.response_last_ns);
	const all = [['request', 0, sent, 'w-request'], ['waiting', sent ?? 0, first, 'w-wait'], ['first token', first, token, 'w-first'], ['stream', token ?? first, last, 'w-stream']];
	return all.filter(([, a, b]) => a !== null && b !== null && b >= a);
}

const GAP = 1000; // milliseconds between two events that deserve a mark

function ticks(events, scale) {
	const out = [];
	for (let i = 0; i < Math.min(events.length, 5000); i++) {
		const at = events[i].t_ms, before = i ? events[i - 1].t_ms : at;
		if (at - before > GAP)
			out.push(svg('rect', { class: 'w-gap', x: scale(before), y: 4 * STEP + 3, width: Math.max(1, scale(at) - scale(before)), height: BAR }, svg('title', null, `${duration(at - before)} without an event`)));
		out.push(svg('rect', { class: 'w-tick', x: scale(at), y: 4 * STEP + 3, width: 1, height: BAR }));
	}
	return out;
}

function waterfall(x, events) {
	const list = phases(x), end = Math.max(x.duration_ms || 0, ...list.map(p => p[2]), 0.001);
	const scale = ms => LABEL + ms / end * (WIDTH - LABEL - 54);
	const rows = list.map(([name, a, b, look], i) => [
		svg('text', { x: 0, y: i * STEP + 14, class: 'w-text' }, name),
		svg('rect', { class: look, x: scale(a), y: i * STEP + 3, width: Math.max(1.5, scale(b) - scale(a)), height: BAR, rx: 2 }),
		svg('text', { x: scale(b) + 5, y: i * STEP + 14, class: 'w-text' }, duration(b - a))]);
	const marks = events.length ? [svg('text', { x: 0, y: 4 * STEP + 14, class: 'w-text' }, 'events'), ticks(events, scale)] : [];
	const label = list.map(([name, a, b]) => `${name} ${duration(b - a)}`).join(', ');
	return svg('svg', { class: 'waterfall', viewBox: `0 0 ${WIDTH} ${5 * STEP + 4}`, role: 'img', 'aria-label': `Waterfall: ${label || 'no times are known'}` }, rows, marks);
}

function table(x) {
	const t = x.times || {}, at = n => n === null || n === undefined ? UNKNOWN : duration(n / 1e6);
	const rows = [['request began', t.start || UNKNOWN], ['request sent', at(t.request_last_ns)], ['response began', at(t.response_first_ns)], ['first token', at(t.first_token_ns)], ['response ended', at(t.response_last_ns)],
		['whole call', duration(x.duration_ms)], ['bytes missing', x.missing_bytes ? bytes(x.missing_bytes) : 'none known'], ['TLS', x.connection?.tls === undefined ? UNKNOWN : x.connection.tls ? 'yes' : 'no'], ['protocol', x.connection?.protocol || UNKNOWN]];
	return h('table', { class: 'plain' }, h('tbody', null, rows.map(([name, value]) => h('tr', null, h('th', { scope: 'row' }, name), h('td', null, value)))));
}

function gaps(x) {
	const all = ['request', 'response'].flatMap(side => (x[side]?.body?.gaps || []).map(g => [side, g]));
	return all.length ? h('section', null, h('h3', null, 'Gaps'), h('ul', null, all.map(([side, g]) => h('li', null, `${side}: ${g.bytes ? bytes(g.bytes) : 'an unknown number of bytes'} missing at offset ${g.offset}`)))) : null;
}

export function timing(x, id) {
	const picture = h('div', null, waterfall(x, []));
	if (x.response?.stream)
		get(`call/${segment(id)}/events`).then(d => {
			const timed = (d.events || []).filter(e => e.t_ms !== null);
			if (timed.length)
				put(picture, waterfall(x, timed));
		}).catch(() => {});
	return h('div', null, picture, table(x), gaps(x));
}
