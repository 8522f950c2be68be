// SPDX-License-Identifier: MIT
// Lines that differ. The work is bounded: of texts that are too long or too different, all that lies
// between the first and the last difference counts as replaced.
import { h } from './dom.js';
import { longList } from './longtext.js';

const CELLS = 400000, MOST = 20000;

function middle(a, b) {
	if (!a.length || !b.length || a.length * b.length > CELLS)
		return [...a.map(text => ({ op: '-', text })), ...b.map(text => ({ op: '+', text }))];
	const w = b.length + 1, best = new Uint32Array((a.length + 1) * w);
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			best[i * w + j] = a[i] === b[j] ? best[(i + 1) * w + j + 1] + 1 : Math.max(best[(i + 1) * w + j], best[i * w + j + 1]);
	const out = [];
	let i = 0, j = 0;
	while (i < a.length || j < b.length)
		if (i < a.length && j < b.length && a[i] === b[j])
			out.push({ op: ' ', text: a[i] }), i++, j++;
		else if (i < a.length && (j === b.length || best[(i + 1) * w + j] >= best[i * w + j + 1]))
			out.push({ op: '-', text: a[i++] });
		else
			out.push({ op: '+', text: b[j++] });
	return out;
}

export function diffLines(before, after) {
	const a = before.split('\n'), b = after.split('\n');
	let head = 0, tail = 0;
	while (head < a.length && head < b.length && a[head] === b[head])
		head++;
	while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
		tail++;
	const same = list => list.map(text => ({ op: ' ', text }));
	return [...same(a.slice(0, head)), ...middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail)), ...same(a.slice(a.length - tail))];
}

const NAMES = { '+': 'added', '-': 'removed', ' ': 'same' };

// Of what is the same, three lines around each difference.
function near(lines) {
	const keep = new Uint8Array(lines.length);
	lines.forEach((l, i) => l.op !== ' ' && keep.fill(1, Math.max(0, i - 3), i + 4));
	const out = [];
	for (let i = 0; i < lines.length; i++)
		if (keep[i])
			out.push(lines[i]);
		else if (!i || keep[i - 1]) {
			let end = i;
			while (end < lines.length && !keep[end])
				end++;
			out.push({ op: '…', text: end - i });
		}
	return out;
}

export function showLines(lines) {
	const shown = near(lines.slice(0, MOST)).filter(l => l.op !== '…' || l.text > 0);
	return h('div', { class: 'diff' }, longList(shown, l => l.op === '…'
		? h('div', { class: 'line skipped' }, `… ${l.text} equal line${l.text === 1 ? '' : 's'}`)
		: h('div', { class: `line ${NAMES[l.op] || 'same'}` }, h('span', { class: 'op' }, l.op === ' ' ? '\u00a0' : l.op), h('span', null, l.text || '\u00a0')), 'lines', 200));
}
