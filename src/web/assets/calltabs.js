// SPDX-License-Identifier: MIT
// The tabs of a call: [name, label, make(record, id) -> element or {el, shown, stop}].
import { choice, h } from './dom.js';
import { bytes, plural, pretty, UNKNOWN } from './format.js';
import { path, segment } from './api.js';
import { answer, conversationOf } from './message.js';
import { longList, longText, theRest } from './longtext.js';
import { facts } from './facts.js';
import { timing } from './timing.js';
import { events } from './events.js';
import { fillWhenOpen } from './toolcall.js';
import { go, state } from './state.js';

const FORMS = [['rendered', 'Rendered'], ['raw', 'Raw']];

// What earlier turns had is folded.
function asked(x, id, all, form) {
	const fresh = x.request.new_messages, old = all.length - (fresh ?? all.length);
	if (old <= 0 || !fresh)
		return conversationOf(x, id, form);
	const box = h('details', { class: 'earlier' }, h('summary', null, h('span', { class: 'soft' }, `${plural(old + (x.request.messages_from || 0), 'message')} of earlier turns`)));
	fillWhenOpen(box, () => conversationOf(x, id, form, 0, old));
	return [box, conversationOf(x, id, form, old)];
}

function said(x, id) {
	const form = state.form, all = x.request?.messages || [];
	const error = x.error ? h('p', { class: 'bad', role: 'note' }, `✗ ${[x.error.type, x.error.code, x.error.message].filter(Boolean).join(' · ')}`) : null;
	const found = x.response?.citations || [];
	return h('div', null, facts(x), choice('Form', FORMS, form, f => go({ form: f }, true)),
		all.length || x.request?.system ? asked(x, id, all, form) : h('p', { class: 'soft' }, 'The request has no messages that could be read.'), error,
		x.call?.in_flight ? h('div', { class: 'message r-model' }, h('div', { class: 'role' }, 'answer, arriving'), h('pre', null, x.call.tail || '…')) : null,
		longList(x.response?.choices || [], (c, i) => h('div', null, answer(c.parts, form, { id, way: `/response/choices/${i}` }), h('p', { class: 'soft' }, `finish: ${c.finish_raw || c.finish || UNKNOWN}`)), 'answers'),
		found.length ? h('section', null, h('h3', null, 'Sources'), longList(found, c => h('p', { class: 'facts' }, [c.title, c.url || c.document].filter(Boolean).join(' · ') || UNKNOWN), 'sources')) : null);
}

function tools(x) {
	const list = x.request?.tools || [];
	if (!list.length)
		return h('p', { class: 'soft' }, 'The request offers no tools.');
	return longList(list, t => {
		const box = h('details', { class: 'tool' }, h('summary', null, h('b', null, t.name || t.type || '?'), ' ', h('span', { class: 'soft' }, (t.description || '').slice(0, 160).replace(/\s+/g, ' '))));
		fillWhenOpen(box, () => [t.description ? longText(t.description) : null, t.schema ? longText(JSON.stringify(t.schema, null, 2)) : null]);
		return box;
	}, 'tools', 200);
}

function headers(title, list) {
	return h('section', null, h('h3', null, title), list?.length ? h('div', { class: 'scroll-x' }, h('table', { class: 'plain' }, h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'name'), h('th', { scope: 'col' }, 'value'))),
		h('tbody', null, list.slice(0, 500).map(([name, value]) => h('tr', null, h('th', { scope: 'row' }, name), h('td', null, longText(value, t => h('span', null, t), 2000))))))) : h('p', { class: 'soft' }, 'none captured'));
}

function allHeaders(x) {
	const t = x.http || {};
	return h('div', null, h('p', { class: 'mono' }, `${t.method ?? '?'} ${t.host ?? '?'}${t.port ? `:${t.port}` : ''}${t.target ?? ''}`),
		t.headers_cut ? h('p', { class: 'warn' }, 'Header fields are missing because of a limit or a gap.') : null,
		headers('Request', t.request_headers), h('p', { class: 'mono' }, `status ${t.status ?? UNKNOWN}`), headers('Response', t.response_headers));
}

function bodyFacts(b) {
	return [b?.state, b?.captured === null || b?.captured === undefined ? null : `${bytes(b.captured)} captured`, b?.missing ? `${bytes(b.missing)} missing` : null, b?.media_type, b?.coding, b?.cut ? 'cut by a limit' : null].filter(Boolean).join(' · ') || UNKNOWN;
}

function body(title, b, id, side) {
	const text = b?.text;
	return h('section', null, h('h3', null, title, ' ', h('a', { href: path(`call/${segment(id)}/raw`, { side }), download: '' }, 'download')), h('p', { class: 'soft' }, bodyFacts(b)),
		b?.shortened?.text ? theRest(b.shortened.text, { id, way: `/${side}/body/text` }) : null,
		text !== undefined && text !== null ? longText(state.form === 'raw' ? text : pretty(text)) : h('p', { class: 'soft' }, b?.binary ? 'The bytes are no text.' : 'The body was not kept: run with --bodies, or look into the recording.'));
}

function raw(x, id) {
	return h('div', null, choice('Form', [['rendered', 'Indented'], ['raw', 'As sent']], state.form, f => go({ form: f }, true)), body('Request', x.request?.body, id, 'request'), body('Response', x.response?.body, id, 'response'));
}

function params(x) {
	const shown = { params: x.request?.params, usage: x.usage, cost: x.cost, process: x.process, connection: x.connection, agent: x.agent, conversation: x.conversation, rpc: x.rpc, times: x.times };
	return h('div', null, Object.entries(shown).filter(([, v]) => v && Object.keys(v).length).map(([name, v]) =>
		h('section', null, h('h3', null, name), longText(JSON.stringify(v, null, 2)))));
}

export const TABS = [
	['messages', 'Messages', said], ['tools', 'Tools', tools], ['timing', 'Timing', timing], ['events', 'Events', events],
	['headers', 'Headers', allHeaders], ['raw', 'Raw', raw], ['more', 'Record', params],
];
