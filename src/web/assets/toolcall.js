// SPDX-License-Identifier: MIT
// A tool call: its arguments as text; what replaces text, as what changes.
import { h } from './dom.js';
import { bytes, oneLine, pretty } from './format.js';
import { diffLines, showLines } from './lines.js';
import { longText } from './longtext.js';

const PAIRS = [['old_string', 'new_string'], ['old_str', 'new_str'], ['oldText', 'newText'], ['old_text', 'new_text'], ['search', 'replace']];
const PATHS = ['file_path', 'path', 'filePath', 'filename', 'file'];
const MAIN = ['command', 'cmd', 'pattern', 'query', 'url', 'prompt', 'description', ...PATHS];

function read(text) {
	if (!text || text.length > 2e6)
		return null;
	try {
		const o = JSON.parse(text);
		return o && typeof o === 'object' && !Array.isArray(o) ? o : null;
	} catch {
		return null;
	}
}

function pairOf(o) {
	const names = o && PAIRS.find(([a, b]) => typeof o[a] === 'string' && typeof o[b] === 'string');
	return names && [o[names[0]], o[names[1]]];
}

// [before, after] of each replacement that the arguments ask for.
function edits(args) {
	const own = pairOf(args);
	if (own)
		return [own];
	return (Array.isArray(args.edits) ? args.edits : []).slice(0, 100).map(pairOf).filter(Boolean);
}

// A patch that stands in the arguments as text, as Codex's apply_patch has it.
function patch(args, raw) {
	const text = args ? [args.patch, args.diff, args.input].find(t => typeof t === 'string') : raw;
	if (!text || !/^(\*\*\* Begin Patch|diff --git |--- )/m.test(text))
		return null;
	return text.split('\n').map(l => ({ op: l[0] === '+' || l[0] === '-' ? l[0] : ' ', text: /^[-+ ]/.test(l) ? l.slice(1) : l }));
}

function short(args, raw) {
	const name = args && MAIN.find(n => args[n] !== undefined && args[n] !== null);
	if (name)
		return Array.isArray(args[name]) ? args[name].join(' ') : String(args[name]);
	return raw || '';
}

function rest(args) {
	const known = new Set([...PAIRS.flat(), 'edits']);
	const left = Object.fromEntries(Object.entries(args).filter(([n]) => !known.has(n)));
	return Object.keys(left).length ? longText(JSON.stringify(left, null, 2)) : null;
}

// Arguments as people read them: strings with their line ends, other values as JSON.
function argumentRows(args) {
	return h('dl', { class: 'args' }, Object.entries(args).slice(0, 200).map(([name, value]) =>
		[h('dt', null, name), h('dd', null, longText(typeof value === 'string' ? value : JSON.stringify(value, null, 2)))]));
}

function body(args, raw) {
	const pairs = args ? edits(args) : [];
	const lines = pairs.length ? null : patch(args, raw);
	if (pairs.length)
		return [rest(args), pairs.map(([a, b]) => showLines(diffLines(a, b)))];
	if (lines)
		return showLines(lines);
	return args ? argumentRows(args) : longText(pretty(raw));
}

export function toolCall(part, form) {
	const args = read(part.text), changes = args && (edits(args).length || patch(args, part.text)) || patch(null, part.text);
	const box = h('details', { class: 'tool', open: changes ? true : null },
		h('summary', null, h('b', null, part.name || 'tool'), ' ', h('code', null, oneLine(short(args, part.text), 160))));
	fillWhenOpen(box, () => form === 'raw' ? longText(part.text) : body(args, part.text));
	return box;
}

export function toolResult(part) {
	const text = part.text || '';
	const box = h('details', { class: part.is_error ? 'tool result bad-result' : 'tool result' },
		h('summary', null, part.is_error ? h('b', { class: 'bad' }, 'failed ') : h('span', { class: 'soft' }, 'result '),
			h('code', null, oneLine(text, 160)), h('span', { class: 'soft' }, ` ${bytes(text.length)}`)));
	if (text.length < 600 && text.split('\n').length < 8)
		box.open = true;
	fillWhenOpen(box, () => longText(pretty(text)));
	return box;
}

// What is folded is made when it is opened.
export function fillWhenOpen(details, make) {
	const fill = () => {
		if (details.open && details.childElementCount === 1)
			details.append(h('div', { class: 'fold' }, make()));
	};
	details.addEventListener('toggle', fill);
	fill();
}
