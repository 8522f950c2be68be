// SPDX-License-Identifier: MIT
// Agents at work, sub-agents below the one that began them.
import { h } from './dom.js';
import { get, info } from './api.js';
import { when } from './format.js';
import { go, scope, state } from './state.js';
import { fromArray, VirtualList } from './vlist.js';
import * as row from './rows.js';
import { nothing } from './empty.js';

const name = r => [
	h('span', { class: 'tree' }, r.depth ? `${'  '.repeat(Math.min(r.depth, 12) - 1)}└ ` : ''),
	r.depth ? r.kind || r.agent || r.program || '?' : r.program || '?',
	r.inferred ? h('span', { class: 'soft', title: 'Found by equal texts: the client does not say who began it' }, ' ~') : null,
];

const columns = [
	row.state(),
	row.column('agent', 'agent', 'The program, and its sub-agents', null, name),
	row.words('pid', 'pid', null, r => r.pid === null ? '' : String(r.pid)),
	row.words('user', 'user', null, r => r.user),
	row.words('model', 'model', 'Of the last call', r => r.model),
	row.words('about', 'about', null, r => r.title || r.last),
	row.words('last', 'now', 'What it did last', r => r.last, null, r => r.state === 'failed' ? 'bad' : ''),
	row.words('turn', 'turn', 'Turn of its last conversation', r => r.turn ? `t${r.turn}` : ''),
	...row.sums(r => r.sum),
	row.ttft(),
	row.column('time', 'began', null, null, r => when(r.began_ms, info.now_ms)),
];

// The conversation of the row; of one without, its calls.
function open(r, moves) {
	if (r.conversation)
		go({ conv: r.conversation, call: '', a: '', b: '' }, moves);
	else if (!moves)
		go({ view: 'calls', session: r.key, conv: '', call: '' });
}

export function sessions() {
	const rows = fromArray(async () => (await get('sessions', scope())).rows);
	const list = new VirtualList({
		label: 'Agents and their sessions', columns, page: rows.page, key: r => r.conversation || r.key, open,
		empty: () => nothing('agents'),
	});
	return {
		list, el: list.box, opened: () => state.conv, live: () => list.refresh(),
		calls: () => list.row(list.cursor) && go({ view: 'calls', session: list.row(list.cursor).key, conv: '', call: '' }),
	};
}
