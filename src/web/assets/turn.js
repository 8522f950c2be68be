// SPDX-License-Identifier: MIT
// One turn of a conversation as a card: how long it took, how much came from the cache, what was said.
import { button, h, put } from './dom.js';
import { count, duration, percent, usd, when } from './format.js';
import { get, info, segment } from './api.js';
import { failed, waiting } from './empty.js';
import { lacksOf } from './facts.js';
import { answer, conversationOf, messages } from './message.js';
import { differences } from './diffview.js';
import { address, go } from './state.js';
import { sign } from './rows.js';

const warmth = share => share === null || share === undefined ? 'unknown' : share >= 0.5 ? 'warm' : share > 0 ? 'cool' : 'cold';

function cacheBar(share) {
	const bar = h('span', { class: `cache ${warmth(share)}`, title: 'Of the input, read from the cache' }, h('span', { class: 'fill' }), h('span', { class: 'text' }, share === null || share === undefined ? 'cache ?' : `cache ${percent(share)}`));
	bar.firstChild.style.width = `${Math.round((share || 0) * 100)}%`;
	return bar;
}

function gap(ms) {
	if (ms === null || ms === undefined)
		return null;
	const text = ms < 0 ? `began ${duration(-ms)} before the last one ended` : `${duration(ms)} later`;
	return h('p', { class: ms > 300e3 ? 'gap long-gap' : 'gap', title: 'Since the end of the last turn. Caches of prompts usually live 5 minutes.' }, text);
}

function broke(b) {
	if (!b)
		return null;
	const cost = [b.tokens ? `${count(b.tokens)} tokens` : null, b.usd ? usd(b.usd) : null].filter(Boolean).join(', ');
	const what = { messages: 'an earlier message changed', system: 'the system prompt changed', tools: 'the tools changed' }[b.why] || b.why || 'the prompt changed';
	const where = b.message === null || b.message === undefined ? '' : ` at message ${b.message}`;
	return h('p', { class: 'warn' }, `⚠ Cache missed${where}: ${what}${cost ? ` (${cost})` : ''}`);
}

function head(t, previous) {
	const c = t.call;
	return h('header', { class: 'turn-head' }, sign(c.in_flight ? 'live' : c.state), ' ',
		h('a', { href: address({ call: c.id }), class: 'turn-link', onclick: e => follow(e, { call: c.id }) }, `t${c.turn ?? '?'} #${c.id}`),
		h('span', { class: 'soft' }, c.model || ''), h('span', { class: 'soft' }, when(c.began_ms, info.now_ms)),
		h('span', { title: 'time, and to the first token' }, duration(c.duration_ms), c.first_token_ms === null ? '' : ` (first ${duration(c.first_token_ms)})`),
		h('span', { title: 'tokens of input and output' }, `${count(c.input)}→${count(c.output)}`), cacheBar(t.cached_share), h('span', null, usd(c.usd, c.usd_is_at_least)),
		t.retry_of ? h('span', { class: 'warn' }, `retry of #${t.retry_of}`) : null,
		previous ? button('diff', () => go({ a: previous.call.id, b: c.id }), { class: 'small', title: 'What changed in the request since the turn before' }) : null);
}

export function follow(e, changes) {
	if (e.ctrlKey || e.metaKey || e.shiftKey || e.button)
		return;
	e.preventDefault();
	go(changes);
}

// All messages and differences are asked for when they are to be seen.
async function lazily(box, make) {
	put(box, waiting());
	try {
		put(box, await make());
	} catch (e) {
		put(box, failed(e.message));
	}
}

async function whole(t, form) {
	return conversationOf(await get(`call/${segment(t.call.id)}`), t.call.id, form);
}

function asked(t, previous, show, form) {
	const box = h('div');
	if (show === 'all')
		lazily(box, () => whole(t, form));
	else if (show === 'diff' && previous)
		lazily(box, () => differences(previous.call.id, t.call.id));
	else
		put(box, messages([t.system, ...t.new_messages || []].filter(Boolean), form));
	return box;
}

export function turn(t, previous, show, form) {
	const c = t.call, lacks = lacksOf(c);
	return h('article', { class: 'turn', 'aria-label': `Turn ${c.turn ?? '?'}, call ${c.id}`, 'data-call': c.id, tabindex: -1 },
		gap(t.gap_ms), head(t, previous), broke(t.cache_broke), asked(t, previous, show, form),
		lacks ? h('p', { class: 'warn' }, `⚠ ${lacks[0].toUpperCase()}${lacks.slice(1)}.`) : null,
		c.error ? h('p', { class: 'bad' }, `✗ ${c.status ?? ''} ${c.error}`) : null,
		t.answer?.length ? answer(t.answer, form) : c.in_flight ? h('div', { class: 'message r-model' }, h('div', { class: 'role' }, 'answer, arriving'), h('pre', null, c.tail || '…')) : null);
}
