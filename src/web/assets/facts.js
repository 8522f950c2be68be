// SPDX-License-Identifier: MIT
// Who, where, how much: of each, a click narrows the list to its like.
import { button, h } from './dom.js';
import { bytes, count, duration, percent, share, usd, UNKNOWN } from './format.js';
import { go, state } from './state.js';
import { withTerm } from './terms.js';

function narrow(field, value) {
	return value === null || value === undefined || value === '' ? UNKNOWN
		: button(String(value), () => go({ q: withTerm(state.q, field, String(value)) }), { class: 'link', title: `Only ${field} ${String(value).slice(0, 80)}` });
}

const fact = (name, ...value) => [h('dt', null, name), h('dd', null, value)];

// What is not known of it, in words; "": nothing.
export function lacksOf(call) {
	const missing = call?.missing_bytes ? `${bytes(call.missing_bytes)} missing` : '';
	const cut = call?.state === 'cut' && !call.in_flight;
	return [cut ? call.status ? 'not all was seen' : 'no answer was seen' : '', missing].filter(Boolean).join(', ');
}

export function facts(x) {
	const u = x.usage || {}, p = x.process || {};
	const rate = x.call?.tokens_per_s ? ` · ${x.call.tokens_per_s.toFixed(1)} tok/s` : '', lacks = lacksOf(x.call);
	return h('dl', { class: 'facts-grid' },
		fact('program', narrow('program', p.script || p.name), ` [${p.pid ?? UNKNOWN}]`), fact('user', narrow('user', p.user)),
		fact('provider', narrow('provider', x.provider)), fact('model', narrow('model', x.response?.model || x.request?.model)),
		fact('status', h('span', { class: x.http?.status >= 400 ? 'bad' : '' }, x.http?.status ?? UNKNOWN), x.complete && !lacks ? '' : h('span', { class: 'warn' }, ` ${lacks || 'not complete'}`)),
		fact('time', duration(x.duration_ms), x.ttft_ms === null ? '' : ` (first ${duration(x.ttft_ms)})`, rate),
		fact('tokens', `${count(u.input)} → ${count(u.output)}`, u.cached_read === null || u.cached_read === undefined ? '' : ` · ${percent(share(u.cached_read, u.input))} cached`, u.reasoning ? ` · ${count(u.reasoning)} reasoning` : ''),
		fact('cost', usd(x.cost?.usd, x.cost?.partial), x.cost?.source && x.cost.source !== 'unknown' ? h('span', { class: 'soft' }, ` ${x.cost.source}`) : ''));
}
