// SPDX-License-Identifier: MIT
// Every call, the newest first unless sorted otherwise.
import { get, info } from './api.js';
import { duration, when } from './format.js';
import { go, scope, state } from './state.js';
import { VirtualList } from './vlist.js';
import * as row from './rows.js';
import { nothing } from './empty.js';

const sort = () => ({ by: state.sort || 'began', desc: state.desc !== '0' });

const columns = [
	row.state(),
	row.words('id', '#', 'Number of the call', c => c.id),
	row.column('time', 'began', 'Time of the request', 'began', c => when(c.began_ms, info.now_ms)),
	row.words('program', 'program', 'Who calls', c => c.program, 'program'),
	row.words('user', 'user', null, c => c.user, 'user'),
	row.words('model', 'model', 'Who answers', c => c.model || c.host, 'model'),
	row.words('about', 'about', null, c => c.error || c.tail || c.about, null, c => c.error ? 'bad' : c.in_flight ? 'model' : ''),
	row.words('turn', 'turn', 'Turn of the conversation', c => c.turn ? `t${c.turn}` : ''),
	...row.tokens(c => c, true),
	row.ttft(true),
	row.column('dur', 'took', 'From the first byte of the request to the last of the response', 'duration', c => duration(c.duration_ms)),
	row.column('status', 'status', null, 'status', c => c.status ?? '–', c => c.status >= 400 ? 'bad' : ''),
];

function onSort(by) {
	const now = sort();
	go({ sort: by, desc: now.by === by && now.desc ? '0' : '' });
}

export function calls() {
	const list = new VirtualList({
		label: 'Calls', columns, sort, onSort,
		page: (offset, limit) => get('calls', { ...scope(), sort: sort().by, desc: sort().desc ? 1 : 0, offset, limit }),
		key: c => c.id,
		open: (c, moves) => go({ call: c.id, conv: '', a: '', b: '' }, moves),
		growsAtTop: () => sort().by === 'began' && sort().desc,
		empty: () => nothing('calls'),
	});
	return { list, el: list.box, opened: () => state.call, live: () => list.refresh() };
}
