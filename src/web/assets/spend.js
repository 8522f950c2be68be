// SPDX-License-Identifier: MIT
// What it cost, by day, model, user ...
import { button, choice, h, put, sometimes } from './dom.js';
import { asker, get, isLate } from './api.js';
import { chart } from './charts.js';
import { clock, count, date, oneLine, percent, plural, share, sumTokens, sumUsd, usd } from './format.js';
import { failed, nothing, waiting } from './empty.js';
import { go, scope, state } from './state.js';
import { withTerm } from './terms.js';

const BY = ['day', 'model', 'provider', 'user', 'program', 'container', 'conversation'];
const DRAWN = 7, LISTED = 1000;

function labels(bars, rows) {
	const of = rows.reduce((n, r) => Math.max(n, r.bars?.length || 0), 0), wide = bars?.width_ms || 1;
	return Array.from({ length: of }, (_, i) => {
		const ms = bars.first_ms + i * wide;
		return wide >= 80000e3 ? date(ms).slice(5) : wide * of > 86400e3 ? `${date(ms).slice(5)} ${clock(ms).slice(0, 5)}` : clock(ms).slice(0, wide >= 60e3 ? 5 : 8);
	});
}

function sets(d) {
	const drawn = d.rows.filter(r => r.bars?.some(n => n > 0)), top = drawn.slice(0, DRAWN), rest = drawn.slice(DRAWN);
	const out = top.map(r => ({ label: r.name ?? 'unknown', data: r.bars }));
	if (rest.length)
		out.push({ label: `${rest.length} more`, data: rest[0].bars.map((_, i) => rest.reduce((n, r) => n + (r.bars[i] || 0), 0)) });
	return out;
}

function row(r, all) {
	const part = share(r.sum.usd, all.usd) || 0, bar = h('span', { class: 'bar-fill' });
	bar.style.width = `${Math.round(part * 100)}%`;
	const name = r.name ?? 'unknown', by = state.by;
	const link = r.name && by !== 'day' ? button(name, () => go({ view: 'calls', q: withTerm(state.q, by, String(r.name)) }), { class: 'link', title: 'Show the calls' }) : name;
	return h('tr', null, h('th', { scope: 'row' }, link, r.title ? h('span', { class: 'soft' }, ` ${oneLine(r.title, 100)}`) : null), [r.sum.calls.toLocaleString('en'), r.sum.failed || '', sumTokens(r.sum, r.sum.input), percent(share(r.sum.cached, r.sum.cache_input ?? r.sum.input)), sumTokens(r.sum, r.sum.output), sumUsd(r.sum)]
		.map(t => h('td', { class: 'n' }, t)), h('td', { class: 'bar-cell' }, bar, h('span', { class: 'bar-text' }, percent(part))));
}

function table(d) {
	const heads = [state.by, 'calls', 'failed', 'in', 'cached', 'out', 'usd', 'share'];
	return h('div', { class: 'scroll-x' }, h('table', { class: 'plain wide spend' }, h('thead', null, h('tr', null, heads.map((t, i) => h('th', { scope: 'col', class: i && i < heads.length - 1 ? 'n' : '' }, t)))),
		h('tbody', null, d.rows.slice(0, LISTED).map(r => row(r, d.total)), row({ name: null, sum: d.total }, d.total))),
		d.rows.length > LISTED ? h('p', { class: 'soft' }, `${plural(d.rows.length - LISTED, 'row')} more, which cost less, are in the sum.`) : null);
}

function total(t) {
	const last = t.querySelector('tbody tr:last-child');
	last.className = 'sum';
	last.firstChild.textContent = 'all';
	return t;
}

export function spend() {
	const ask = asker();
	const el = h('div', { class: 'page', tabindex: 0, role: 'region', 'aria-label': 'Spend' });
	let ends = [];
	const stop = () => ends.splice(0).forEach(p => p.then(end => end()));

	async function draw(d) {
		stop();
		const box = h('div', { class: 'chart' }), speed = h('div', { class: 'chart low' });
		put(el, h('div', { class: 'page-bar' }, choice('By', BY.map(b => [b, b]), state.by, by => go({ by }, true))),
			d.rows.length ? [box, total(table(d)), h('section', null, h('h2', null, 'Tokens per second, of late'), speed)] : nothing('calls'));
		if (!d.rows.length)
			return;
		ends.push(chart(box, `US dollars over time, by ${state.by}`, labels(d.bars, d.rows), sets(d), n => usd(n)));
		const t = await get('totals', scope());
		const rate = t.tokens_per_s || [];
		speed.parentNode.hidden = rate.length < 2;
		if (rate.length > 1)
			ends.push(chart(speed, 'Tokens per second', rate.map(p => clock(p.t_ms)), [{ label: 'in', data: rate.map(p => p.input) }, { label: 'out', data: rate.map(p => p.output) }], n => count(n), 'line'));
	}

	async function load() {
		try {
			await draw(await ask.get('spend', { ...scope(), by: state.by }));
		} catch (e) {
			if (!isLate(e))
				put(el, failed(e.message));
		}
	}
	put(el, waiting());
	return { el, load, live: sometimes(load, 5000), stop, again: changed => changed('by'), theme: load };
}
