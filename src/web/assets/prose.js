// SPDX-License-Identifier: MIT
// Markdown as models write it, as far as it helps reading: headings, lists, listings, emphasis. Links
// stay text. It makes elements, never markup.
import { h } from './dom.js';

const FENCE = /^\s{0,3}(```+|~~~+)\s*([\w+#.-]{0,20})/;
const ITEM = /^(\s*)([-*+]|\d{1,4}[.)])\s+(.*)$/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const INLINE = /(`+)([^`\n]{1,2000}?)\1|\*\*([^*\n]{1,2000}?)\*\*/g;

function inline(text) {
	const out = [];
	let at = 0;
	for (const m of text.matchAll(INLINE)) {
		out.push(text.slice(at, m.index));
		out.push(m[1] ? h('code', null, m[2]) : h('b', null, m[3]));
		at = m.index + m[0].length;
	}
	out.push(text.slice(at));
	return out.filter(t => t !== '');
}

function listing(lines, at, fence) {
	const end = lines.findIndex((l, i) => i > at && l.trimStart().startsWith(fence[1]));
	const stop = end < 0 ? lines.length : end;
	return [h('pre', { class: 'listing' }, lines.slice(at + 1, stop).join('\n')), stop + 1];
}

function items(lines, at) {
	const list = h('div', { role: 'list', class: 'items' });
	for (let m; at < lines.length && (m = ITEM.exec(lines[at])); at++) {
		const item = h('div', { role: 'listitem' }, h('span', { class: 'bullet' }, /\d/.test(m[2]) ? m[2] : '•'), h('span', null, inline(m[3])));
		item.style.paddingLeft = `${Math.min(6, Math.floor(m[1].length / 2))}em`;
		list.append(item);
	}
	return [list, at];
}

function paragraph(lines, at) {
	const from = at;
	while (at < lines.length && (at === from || lines[at].trim() && !FENCE.test(lines[at]) && !ITEM.test(lines[at]) && !HEADING.test(lines[at])))
		at++;
	return [h('p', { class: 'prose' }, inline(lines.slice(from, at).join('\n'))), at];
}

export function prose(text) {
	const lines = text.split('\n'), out = [];
	let at = 0, el, m;
	while (at < lines.length) {
		if (!lines[at].trim()) {
			at++;
			continue;
		}
		if ((m = FENCE.exec(lines[at])))
			[el, at] = listing(lines, at, m);
		else if (ITEM.test(lines[at]))
			[el, at] = items(lines, at);
		else if ((m = HEADING.exec(lines[at])))
			[el, at] = [h('p', { class: 'prose heading' }, inline(m[2])), at + 1];
		else
			[el, at] = paragraph(lines, at);
		out.push(el);
	}
	return out;
}
