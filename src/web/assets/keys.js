// SPDX-License-Identifier: MIT
// The keyboard: one table, which `?` shows.
import { button, h, put } from './dom.js';

// [keys as shown, what KeyboardEvent.key says, name of the command, what it does]
const TABLE = [
	['j  ↓', ['j', 'ArrowDown'], 'down', 'next row or turn'], ['k  ↑', ['k', 'ArrowUp'], 'up', 'row or turn before'],
	['g  Home', ['g', 'Home'], 'first', 'first'], ['G  End', ['G', 'End'], 'last', 'last'],
	['Enter', ['Enter'], 'enter', 'open'], ['Esc', ['Escape'], 'escape', 'close what was opened last'],
	['h', ['h'], 'left', 'to the pane on the left'], ['l', ['l'], 'right', 'to the pane on the right'],
	['[', ['['], 'tabBefore', 'tab before'], [']', [']'], 'tabNext', 'next tab'],
	['p', ['p'], 'previousTurn', 'the turn before'], ['n', ['n'], 'nextTurn', 'the next turn'],
	['c', ['c'], 'calls', 'calls of the session in hand'],
	['d', ['d'], 'diff', 'what changed in the request since the turn before'], ['m', ['m'], 'form', 'rendered or raw'], ['y', ['y'], 'curl', 'copy as curl'],
	['/', ['/'], 'search', 'search'], ['1 … 7', ['1', '2', '3', '4', '5', '6', '7'], 'view', 'views'], ['t', ['t'], 'timeline', 'show or hide the timeline'],
	['Space', [' '], 'pause', 'pause and go on'], ['T', ['T'], 'theme', 'light, dark, as the system'], ['?', ['?'], 'help', 'this list'],
];
const BY_KEY = new Map(TABLE.flatMap(([, keys, name]) => keys.map(k => [k, name])));
const OWN = 'input, textarea, select, [role=combobox]';

const enabled = () => localStorage.getItem('keys') !== 'no';

function isOwn(e, name) {
	const t = e.target;
	if (t.closest?.(OWN))
		return true;
	// What a button, a link or a list does with these is its own affair.
	return ['enter', 'pause'].includes(name) && t.closest?.('button, a, summary') || /^(Arrow|Home|End)/.test(e.key) && t.closest?.('[role=tablist], [role=grid], .lanes')
		|| e.key === 'Enter' && t.closest?.('[role=grid]');
}

export function listen(run) {
	addEventListener('keydown', e => {
		if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || document.querySelector('dialog[open]'))
			return;
		const name = BY_KEY.get(e.key);
		if (!name || isOwn(e, name) || !enabled() && e.key.length === 1)
			return;
		if (run(name, e.key) !== false)
			e.preventDefault();
	});
}

const kbd = name => [h('kbd', null, name), ' '];

export function help() {
	const dialog = h('dialog', { 'aria-labelledby': 'help-title', class: 'help' });
	const letters = h('input', { type: 'checkbox', id: 'letters', onchange: () => localStorage.setItem('keys', letters.checked ? 'yes' : 'no') });
	letters.checked = enabled();
	put(dialog, h('h2', { id: 'help-title' }, 'Keys'), h('dl', { class: 'keys' }, TABLE.map(([shown, , , what]) => h('div', null, h('dt', null, shown.split('  ').map(k => [h('kbd', null, k), ' '])), h('dd', null, what)))),
		h('p', null, 'Timeline, reached with ', kbd('Tab'), ': ', kbd('←'), kbd('→'), 'calls of a lane, ', kbd('↑'), kbd('↓'), 'lanes, ', kbd('Home'), kbd('End'), 'first and last, ', kbd('Enter'), 'open, ',
			kbd('+'), kbd('-'), kbd('0'), 'zoom and all, ', kbd('Shift'), kbd('←'), kbd('→'), 'earlier and later. With the mouse: drag to brush, ', kbd('Ctrl'), 'and wheel to zoom.'),
		h('p', null, 'Filter: ', kbd('↓'), kbd('↑'), 'what fits, ', kbd('Tab'), 'takes it, ', kbd('Esc'), 'puts it away.'),
		h('p', null, h('label', null, letters, ' keys of one letter')), button('Close', () => dialog.close(), { autofocus: true }));
	dialog.addEventListener('close', () => dialog.remove());
	document.body.append(dialog);
	dialog.showModal();
}
