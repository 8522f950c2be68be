// SPDX-License-Identifier: MIT
// What differs between the requests of two calls, part by part.
import { button, h, put } from './dom.js';
import { asker, get, isLate } from './api.js';
import { failed, waiting } from './empty.js';
import { showLines } from './lines.js';
import { longList } from './longtext.js';
import { go, state } from './state.js';
import { plural } from './format.js';

function same(said) {
	const parts = Object.entries(said || {}).filter(([, n]) => n !== null && n !== false && n !== 0);
	const text = Array.isArray(said) ? said.map(String) : parts.map(([what, n]) => n === true ? what : typeof n === 'number' ? plural(n, what.replace(/s$/, '')) : `${what}: ${n}`);
	return h('p', { class: 'soft' }, text.length ? `Equal: ${text.join(', ')}` : 'Nothing is equal.');
}

function change(c) {
	const what = [c.where || '?', c.number ?? null, c.name].filter(t => t !== null && t !== undefined && t !== '').join(' ');
	const lines = c.lines || [], left = (c.added || 0) + (c.removed || 0) - lines.length;
	return h('section', { class: 'change' }, h('h3', null, what, ' ', h('span', { class: `kind ${{ added: 'added', removed: 'removed' }[c.kind] || ''}` }, c.kind || ''), h('span', { class: 'soft' }, ` +${c.added ?? 0} −${c.removed ?? 0}`)),
		showLines(lines), left > 0 ? h('p', { class: 'soft' }, `${plural(left, 'line')} more differ.`) : null);
}

function draw(d) {
	return h('div', { class: 'changes' }, same(d.same), d.changes.length ? longList(d.changes, change, 'changes', 30) : h('p', null, 'The requests do not differ.'), d.more ? h('p', { class: 'soft' }, `${plural(d.more, 'change')} more.`) : null);
}

export async function differences(a, b) {
	return draw(await get('diff', { a, b }));
}

export function diffPane() {
	const ask = asker();
	const title = h('h2'), body = h('div', { class: 'pane-body', tabindex: 0, role: 'region', 'aria-label': 'Differences' });
	const close = () => go({ a: '', b: '' });
	const el = h('section', { class: 'pane', 'aria-label': 'Differences of two requests' },
		h('div', { class: 'pane-bar' }, title, h('div', { class: 'pane-tools' },
			button('Swap', () => go({ a: state.b, b: state.a }, true)), button('×', close, { class: 'close', 'aria-label': 'Close the differences', title: 'Close (Esc)' }))), body);
	let shown = null;
	async function load(a, b) {
		put(title, `#${a} → #${b}`);
		put(body, waiting());
		try {
			put(body, draw(await ask.get('diff', { a, b })));
		} catch (e) {
			if (!isLate(e))
				put(body, failed(e.message));
		}
	}
	return {
		el, body, close, stop: ask.stop,
		update() {
			const now = `${state.a} ${state.b}`;
			if (now === shown)
				return;
			shown = now;
			load(state.a, state.b);
		},
	};
}
