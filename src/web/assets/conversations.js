// SPDX-License-Identifier: MIT
// Conversations, each with its title.
import { get, info } from './api.js';
import { when } from './format.js';
import { go, scope, state } from './state.js';
import { VirtualList } from './vlist.js';
import * as row from './rows.js';
import { nothing } from './empty.js';

const columns = [
	row.state(),
	row.words('conv', 'id', null, r => r.id.slice(0, 6)),
	row.words('about', 'title', 'What it is about', r => r.title),
	row.words('program', 'program', null, r => r.program),
	row.words('user', 'user', null, r => r.user),
	row.words('model', 'model', null, r => r.model),
	row.words('turn', 'turns', null, r => r.turns === null ? '' : String(r.turns)),
	...row.sums(r => r.sum),
	row.column('time', 'last', 'Time of the last call', null, r => when(r.last_ms, info.now_ms)),
];

export function conversations() {
	const list = new VirtualList({
		label: 'Conversations', columns, key: r => r.id,
		page: (offset, limit) => get('conversations', { ...scope(), offset, limit }),
		open: (r, moves) => go({ conv: r.id, call: '', a: '', b: '' }, moves),
		empty: () => nothing('conversations'),
	});
	return { list, el: list.box, opened: () => state.conv, live: () => list.refresh() };
}
