// SPDX-License-Identifier: MIT
// Elements are made here and nowhere else. What strangers wrote gets into the page as text only:
// no markup is ever parsed, and no address that a record holds becomes a link.

const SVG = 'http://www.w3.org/2000/svg';

function fill(el, attrs, children) {
	for (const [name, value] of Object.entries(attrs || {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith('on'))
			el.addEventListener(name.slice(2), value);
		else
			el.setAttribute(name, value === true ? '' : value);
	}
	add(el, children);
	return el;
}

// h('p', {class: 'note'}, 'text', element, [more], null)
export function h(tag, attrs, ...children) {
	return fill(document.createElement(tag), attrs, children);
}

export function svg(tag, attrs, ...children) {
	return fill(document.createElementNS(SVG, tag), attrs, children);
}

export function add(el, children) {
	for (const c of [children].flat(9))
		if (c !== null && c !== undefined && c !== false)
			el.append(typeof c === 'object' ? c : visible(String(c)));
	return el;
}

export function put(el, ...children) {
	el.replaceChildren();
	return add(el, children);
}

// Characters that show nothing, or reorder what stands around them, as the code that they have.
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

export function visible(text) {
	const clean = text.includes('\r\n') ? text.replaceAll('\r\n', '\n') : text;
	return clean.replace(HIDDEN, c => `<${c.codePointAt(0).toString(16).padStart(2, '0')}>`);
}

export function button(label, on, attrs) {
	return h('button', { type: 'button', onclick: on, ...attrs }, label);
}

// Buttons of which one is pressed: choices [[value, label, title]].
export function choice(label, choices, now, on) {
	return h('div', { class: 'choice', role: 'group', 'aria-label': label },
		choices.map(([value, text, title]) =>
			button(text, () => on(value), { 'aria-pressed': String(value === now), title })));
}

// A color of the style sheet as the canvas needs it: what is light or dark is decided there.
const probe = h('span', { hidden: true });

export function color(name) {
	if (!probe.isConnected)
		document.body.append(probe);
	probe.style.color = `var(--${name})`;
	return getComputedStyle(probe).color;
}

export function later(fn, ms) {
	let timer = null;
	const run = (...args) => {
		clearTimeout(timer);
		timer = setTimeout(() => fn(...args), ms);
	};
	run.cancel = () => clearTimeout(timer);
	return run;
}

// At most once in so many milliseconds, and once after the last call; a promise that it returns is waited for, so
// that a slow server is not asked again before it has answered.
export function sometimes(fn, ms) {
	let busy = false, again = false;
	const run = () => {
		again = busy;
		if (busy)
			return;
		busy = true;
		Promise.resolve(fn()).finally(() => setTimeout(() => {
			busy = false;
			if (again)
				run();
		}, ms));
	};
	return run;
}
