// SPDX-License-Identifier: MIT
// What it all came to, and how much is said per second.
import { h, put, sometimes, svg } from './dom.js';
import { asker, isLate, isWrong } from './api.js';
import { count, duration, percent, share, sumTokens, sumUsd, UNKNOWN } from './format.js';
import { scope, state } from './state.js';

function spark(points, name, label, now) {
	const values = points.map(p => p[name] || 0), most = Math.max(...values, 1);
	const step = 120 / Math.max(values.length, 1);
	return svg('svg', { class: `spark ${name}`, viewBox: '0 0 120 16', role: 'img', 'aria-label': `${label}: ${rate(now)} per second in the last minute, at most ${rate(most)}` },
		values.map((v, i) => svg('rect', { x: i * step, y: 16 - Math.max(v ? 1 : 0.4, v / most * 16), width: Math.max(0.6, step - 0.6), height: Math.max(v ? 1 : 0.4, v / most * 16) })));
}

const rate = n => n > 0 && n < 10 ? n.toFixed(1) : count(Math.floor(n));

const item = (value, label, look) => h('div', { class: `total ${look || ''}` }, h('b', null, value), ' ', h('span', null, label));

function draw(t) {
	const bars = t.tokens_per_s || [], now = t.per_second, first = t.first_token_ms, cached = share(t.cached, t.cache_input ?? t.input);
	return [
		item(t.calls.toLocaleString('en'), t.calls === 1 ? 'call' : 'calls'), t.in_flight ? item(count(t.in_flight), 'in flight', 'model') : null,
		item(sumUsd(t), t.unpriced ? `(${count(t.unpriced)} unpriced)` : 'spent'), t.today ? item(sumUsd(t.today), 'today') : null,
		item(sumTokens(t, t.input), cached === null ? 'in' : `in · ${percent(cached)} cached`), item(sumTokens(t, t.output), 'out'),
		first?.p50 > 0 ? item(duration(first.p50), `first token · p95 ${duration(first.p95)}`) : null,
		item(t.calls ? percent(t.failed / t.calls) : UNKNOWN, 'failed', t.failed ? 'bad' : ''), t.blind ? item(count(t.blind), t.blind === 1 ? 'program blind' : 'programs blind', 'warn') : null,
		bars.length > 1 ? h('div', { class: 'total rates' }, h('span', null, 'tok/s in '), spark(bars, 'input', 'Tokens of input', now.input), h('span', null, ` ${rate(now.input)} out `),
			spark(bars, 'output', 'Tokens of output', now.output), h('span', null, ` ${rate(now.output)}`)) : null,
	];
}

export function totals(root) {
	const ask = asker();
	async function load() {
		try {
			put(root, draw(await ask.get('totals', scope())));
		} catch (e) {
			if (!isLate(e))
				put(root, isWrong(e) ? null : h('p', { class: 'bad' }, e.message));
		}
	}
	const soon = sometimes(load, 1000);
	return {
		load,
		live(t) {
			const narrowed = state.q || state.since || state.from || state.to || state.session;
			if (t && !narrowed)
				put(root, draw(t));
			else
				soon();
		},
	};
}
