// SPDX-License-Identifier: MIT
// Text of any length: its beginning, and more of it when asked. A message may have 64 MB.
import { button, h } from './dom.js';
import { path, segment } from './api.js';
import { bytes, count } from './format.js';

const FIRST = 20000, MOST = 500000;

// add() appends a piece to the box and tells what is left, in words; '': nothing.
function growing(add) {
	const box = h('div', { class: 'long' });
	const more = button('', () => grow());
	const rest = h('p', { class: 'more' }, more);
	function grow() {
		const had = document.activeElement === more;
		rest.remove();
		const left = add(box);
		if (!left)
			return;
		more.textContent = `Show more (${left} left)`;
		box.append(rest);
		if (had)
			more.focus();
	}
	grow();
	return box;
}

// make(piece) -> elements.
export function longText(text, make = piece => h('pre', null, piece), first = FIRST) {
	text = text || '';
	let at = 0, step = first;
	return growing(box => {
		let end = Math.min(text.length, at + step);
		const line = end < text.length ? text.lastIndexOf('\n', end) + 1 : end;
		if (line > at + step / 2)
			end = line;
		if (end < text.length && text.charCodeAt(end) >= 0xdc00 && text.charCodeAt(end) <= 0xdfff)
			end++;
		box.append(...[make(text.slice(at, end))].flat(9));
		at = end;
		step = Math.min(MOST, step * 4);
		return at < text.length ? `${bytes(text.length - at)} of ${count(text.length)} characters` : '';
	});
}

// Of a text that the server shortened: how much there is, and all of it as a file of its own.
export function theRest(size, at) {
	return h('p', { class: 'more' }, `Only the beginning of ${bytes(size)} is shown. `,
		at ? h('a', { href: path(`call/${segment(at.id)}/part`, { at: at.way }), download: '' }, 'whole text') : 'Open the call to see more.');
}

// Lists of any length likewise: make(item, index) -> element.
export function longList(items, make, what, first = 40) {
	let at = 0, step = first;
	return growing(box => {
		const end = Math.min(items.length, at + step);
		for (; at < end; at++)
			box.append(make(items[at], at));
		step = Math.min(400, step * 2);
		return at < items.length ? `${(items.length - at).toLocaleString('en')} ${what}` : '';
	});
}
