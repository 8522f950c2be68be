// SPDX-License-Identifier: MIT
// What rows of calls, sessions and conversations share.
import { h } from './dom.js';
import { count, duration, oneLine, percent, share, sumTokens, sumUsd, usd } from './format.js';

const SIGNS = {
	live: ['●', 'in flight'], done: ['✓', 'done'], tools: ['→', 'asks for tools'], cut: ['~', 'has no answer, or not all of it'],
	failed: ['✗', 'failed'],
};

export function sign(state) {
	const [mark, title] = SIGNS[state] || ['·', state || 'unknown'];
	return h('span', { class: `sign ${state in SIGNS ? state : ''}`, title, role: 'img', 'aria-label': title }, mark);
}

const column = (id, label, title, sort, cell, look) => ({ id, label, title, sort, cell, class: look });

const OF_CALL = { tokens: (c, n) => count(n), usd: c => usd(c.usd, c.usd_is_at_least) };
const OF_SUM = { tokens: sumTokens, usd: sumUsd };

export const sums = of => [
	column('calls', 'calls', 'Calls to models', null, r => of(r).failed ? [count(of(r).calls), h('span', { class: 'bad' }, ` ${count(of(r).failed)}✗`)] : count(of(r).calls)),
	...tokens(of, false, OF_SUM),
];

export const tokens = (of, sorts, as = OF_CALL) => [
	column('in', 'in', 'Tokens of input', sorts && 'input', r => as.tokens(of(r), of(r).input)),
	column('cache', 'cache', 'Of the input, read from a cache', null, r => percent(share(of(r).cached, of(r).cache_input ?? of(r).input))),
	column('out', 'out', 'Tokens of output', sorts && 'output', r => as.tokens(of(r), of(r).output)),
	column('usd', 'usd', 'US dollars', sorts && 'usd', r => as.usd(of(r))),
];

export const ttft = (sort) => column('ttft', 'first', 'Time to the first token', sort && 'first_token', r => duration(r.first_token_ms));
export const state = () => column('state', h('span', { class: 'hidden' }, 'State'), null, null, r => sign(r.in_flight ? 'live' : r.state));
export const words = (id, label, title, cell, sort, look) => column(id, label, title, sort, r => oneLine(cell(r)) || '', look);
export { column };
