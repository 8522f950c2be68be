// SPDX-License-Identifier: MIT
// A message and its parts.
import { h } from './dom.js';
import { bytes, UNKNOWN } from './format.js';
import { longList, longText, theRest } from './longtext.js';
import { prose } from './prose.js';
import { fillWhenOpen, toolCall, toolResult } from './toolcall.js';

const FOLDED = new Set(['system', 'developer']);

function binary(p) {
	const facts = [p.kind, p.media_type, p.bytes === undefined || p.bytes === null ? null : bytes(p.bytes), p.name,
		p.sha256 ? `sha256 ${String(p.sha256).slice(0, 16)}` : null].filter(Boolean);
	return h('p', { class: 'facts' }, `[${facts.join(', ')}]`, p.text ? [' ', h('code', null, p.text.slice(0, 500))] : null);
}

function reasoning(p) {
	const box = h('details', { class: 'thought' }, h('summary', null, h('span', { class: 'soft' }, `reasoning ${p.text ? bytes(p.text.length) : '(not shown by the provider)'}`)));
	fillWhenOpen(box, () => longText(p.text || UNKNOWN));
	return box;
}

function other(p) {
	const box = h('details', { class: 'other' }, h('summary', null, h('b', null, p.type || p.kind || 'other'), ' ', h('code', null, (p.text || '').slice(0, 120))));
	fillWhenOpen(box, () => longText(p.text));
	return box;
}

const KINDS = {
	text: (p, form) => form === 'raw' ? longText(p.text) : longText(p.text, prose),
	refusal: p => h('div', { class: 'bad' }, longText(p.text)),
	reasoning, tool_call: toolCall, tool_result: toolResult, image: binary, audio: binary, file: binary,
};

// `at`: where the part lies in the record of a call ({id, way}), so that the whole of a long text can be had.
export function part(p, form, at) {
	const make = Object.hasOwn(KINDS, p.kind) ? KINDS[p.kind] : other;
	const el = make(p, form), notes = [];
	if (p.cut)
		notes.push(h('p', { class: 'warn' }, 'A limit cut this text.'));
	if (p.shortened?.text)
		notes.push(theRest(p.shortened.text, at && { id: at.id, way: `${at.way}/text` }));
	return notes.length ? h('div', null, el, notes) : el;
}

export const parts = (list, form, at) => longList(list || [], (p, i) => part(p, form, at && { id: at.id, way: `${at.way}/parts/${i}` }), 'parts', 60);

const roleClass = (m) => {
	const kinds = (m.parts || []).map(p => p.kind);
	if (kinds.length && kinds.every(k => k === 'tool_result'))
		return 'r-tool';
	return { user: 'r-user', assistant: 'r-model', model: 'r-model', tool: 'r-tool', function: 'r-tool', system: 'r-system', developer: 'r-system' }[m.role] || 'r-other';
};

function said(m) {
	const length = (m.parts || []).reduce((n, p) => n + (p.text || '').length, 0);
	return bytes(length);
}

export function message(m, form, at) {
	const results = roleClass(m) === 'r-tool' && m.role !== 'tool' ? ' · tool results' : '';
	const name = [m.role || '?', results, m.name ? ` ${m.name}` : ''];
	if (FOLDED.has(m.role)) {
		const first = (m.parts || []).find(p => p.text)?.text || '';
		const box = h('details', { class: `message ${roleClass(m)}` }, h('summary', null, h('span', { class: 'role' }, name), ' ',
			h('span', { class: 'soft' }, said(m)), ' ', h('code', null, first.slice(0, 140).replace(/\s+/g, ' '))));
		fillWhenOpen(box, () => parts(m.parts, form, at));
		return box;
	}
	return h('div', { class: `message ${roleClass(m)}` }, h('div', { class: 'role' }, name), parts(m.parts, form, at));
}

export const messages = (list, form, atOf) => longList(list || [], (m, i) => message(m, form, atOf?.(i)), 'messages', 40);
export const answer = (list, form, at) => h('div', { class: 'message r-model' }, h('div', { class: 'role' }, 'answer'), parts(list, form, at));

// What the request of a call says, from its message `from` on. Of very many messages the record has the last ones.
export function conversationOf(x, id, form, from = 0, to = Infinity) {
	const r = x.request || {}, all = r.messages || [], first = r.messages_from || 0;
	const left = first && !from ? h('p', { class: 'soft' }, `${first.toLocaleString('en')} messages before these are left out here: the json has them all.`) : null;
	const system = r.system && !from ? message(r.system, form, { id, way: '/request/system' }) : null;
	return [system, left, messages(all.slice(from, to), form, i => ({ id, way: `/request/messages/${i + first + from}` }))];
}
