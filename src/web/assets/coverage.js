// SPDX-License-Identifier: MIT
// Who can be seen, who cannot, why, and what helps.
import { h, put, sometimes } from './dom.js';
import { asker, isLate } from './api.js';
import { bytes, count, plural, UNKNOWN } from './format.js';
import { failed, waiting } from './empty.js';

const SEEN = { yes: ['✓ seen', 'model'], blind: ['✗ blind', 'bad'], partly: ['~ partly', 'warn'], idle: ['· idle', 'soft'] };
const HEADS = [['seen'], ['pid', 'n'], ['program'], ['user'], ['TLS'], ['calls', 'n'], ['bytes', 'n'], ['talks to'], ['why, and what helps']];

// "OpenSSL by symbols" of libssl.so.3, whose name has its version.
function library({ found, file }) {
	return h('div', { title: `${found}, in ${file}` }, found.replace(/ by [^,]+/g, ''), ' ', h('span', { class: 'soft' }, file.split('/').pop()));
}

function row(r) {
	const [text, look] = SEEN[r.seen] || [r.seen || UNKNOWN, 'soft'];
	const to = Array.isArray(r.talks_to) ? r.talks_to.join(', ') : r.talks_to;
	return h('tr', null, h('td', { class: look }, text), h('td', { class: 'n' }, r.pid ?? UNKNOWN), h('th', { scope: 'row' }, r.program ?? UNKNOWN, r.processes > 1 ? h('span', { class: 'soft' }, ` ×${r.processes}`) : null, r.ended ? h('span', { class: 'soft' }, ' ended') : null),
		h('td', null, r.user ?? UNKNOWN), h('td', null, r.tls?.length ? r.tls.map(library) : UNKNOWN),
		h('td', { class: 'n' }, count(r.calls)), h('td', { class: 'n' }, bytes(r.bytes)), h('td', null, to ?? UNKNOWN), h('td', null, r.why || '', r.why && r.remedy ? h('br') : null, r.remedy ? h('b', null, r.remedy) : null));
}

function draw(d) {
	const rank = { blind: 0, partly: 1, yes: 2, idle: 3 };
	const rows = [...d.rows || []].sort((a, b) => (rank[a.seen] ?? 9) - (rank[b.seen] ?? 9));
	const blind = rows.filter(r => r.seen === 'blind').length;
	if (!d.known || !rows.length)
		return h('div', { class: 'none' }, h('p', null, d.why || 'It is not known who could be seen.'), h('p', null, 'On the host itself: ', h('code', null, 'sudo llm-spy targets')));
	return [h('p', { class: blind ? 'warn' : 'soft' }, blind ? `${plural(blind, 'program')} cannot be seen.` : 'No program is known to be unseen.'),
		h('div', { class: 'scroll-x' }, h('table', { class: 'plain wide' }, h('thead', null, h('tr', null, HEADS.map(([t, look]) => h('th', { scope: 'col', class: look }, t)))), h('tbody', null, rows.slice(0, 2000).map(row))))];
}

export function coverage() {
	const ask = asker();
	const el = h('div', { class: 'page', tabindex: 0, role: 'region', 'aria-label': 'Coverage' }, waiting());
	async function load() {
		try {
			put(el, draw(await ask.get('coverage')));
		} catch (e) {
			if (!isLate(e))
				put(el, failed(e.message));
		}
	}
	return { el, load, live: sometimes(load, 5000), stop: ask.stop };
}
