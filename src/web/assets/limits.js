// SPDX-License-Identifier: MIT
// Rate limits and quota, as the providers' own header fields tell them.
import { h, put, sometimes } from './dom.js';
import { asker, info, isLate } from './api.js';
import { count, duration, percent, share, UNKNOWN, when } from './format.js';
import { failed, waiting } from './empty.js';

function left(l) {
	const part = share(l.remaining, l.limit), fill = h('span', { class: part !== null && part < 0.1 ? 'bar-fill low' : 'bar-fill' });
	fill.style.width = `${Math.round((part || 0) * 100)}%`;
	return h('td', { class: 'bar-cell' }, part === null ? null : fill, h('span', { class: 'bar-text' }, `${count(l.remaining)} of ${count(l.limit)}${part === null ? '' : ` · ${percent(part)}`}`));
}

const HEADS = ['provider', 'model', 'of', 'left', 'full again', 'told at', 'wait'];

// A row for each kind of limit; who it is of stands once.
function rows(r) {
	const rates = r.rates?.length ? r.rates : [{ what: UNKNOWN }];
	const once = (tag, attrs, text) => h(tag, { ...attrs, rowspan: rates.length }, text);
	return rates.map((l, i) => h('tr', null, i ? null : [once('th', { scope: 'rowgroup' }, r.provider ?? UNKNOWN), once('td', null, r.model ?? UNKNOWN)], h('td', null, l.what ?? UNKNOWN), left(l),
		h('td', null, l.resets_ms ? `${when(l.resets_ms, info.now_ms)} (${duration(l.resets_ms - r.at_ms)} later)` : UNKNOWN),
		i ? null : [once('td', null, when(r.at_ms, info.now_ms)), once('td', { class: r.retry_after_ms ? 'bad' : null }, r.retry_after_ms ? duration(r.retry_after_ms) : '')]));
}

export function limits() {
	const ask = asker();
	const el = h('div', { class: 'page', tabindex: 0, role: 'region', 'aria-label': 'Limits' }, waiting());
	async function load() {
		try {
			const d = await ask.get('limits');
			put(el, d.rows?.length ? h('div', { class: 'scroll-x' }, h('table', { class: 'plain wide' }, h('thead', null, h('tr', null, HEADS.map(t => h('th', { scope: 'col' }, t)))), d.rows.slice(0, 1000).map(r => h('tbody', null, rows(r)))))
				: h('div', { class: 'none' }, h('p', null, 'No answer told of a rate limit.'), h('p', null, 'Providers say in header fields how many requests and tokens are left; none of those seen has done so.')));
		} catch (e) {
			if (!isLate(e))
				put(el, failed(e.message));
		}
	}
	return { el, load, live: sometimes(load, 5000), stop: ask.stop };
}
