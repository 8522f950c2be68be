// SPDX-License-Identifier: MIT
// Calls in flight, with the end of what they say, above the list.
import { h, put, sometimes } from './dom.js';
import { get, isLate } from './api.js';
import { duration, oneLine } from './format.js';
import { sign } from './rows.js';
import { address, go, scope, state } from './state.js';
import { follow } from './turn.js';

const SHOWN = 6;

const narrowed = () => ['q', 'since', 'from', 'to', 'session'].some(n => state[n]);

function row(c, now) {
	const took = c.duration_ms ?? (c.began_ms === null ? null : Math.max(0, now - c.began_ms));
	return h('li', null, h('a', { href: address({ call: c.id }), onclick: e => follow(e, { call: c.id }) }, sign(c.in_flight ? 'live' : c.state),
		h('span', { class: 'f-program' }, c.program || '?'), h('span', { class: 'f-model' }, c.model || c.host || ''), h('span', { class: 'f-took' }, duration(took)),
		h('span', { class: 'f-tail' }, oneLine((c.tail || c.about || '').slice(-200)))));
}

export function flight() {
	const el = h('ul', { class: 'flight', 'aria-label': 'Calls in flight', hidden: true });
	let rows = [];

	function draw(list) {
		rows = list || [];
		el.hidden = !rows.length;
		const now = Date.now(), more = rows.length - SHOWN;
		put(el, rows.slice(0, SHOWN).map(c => row(c, now)), more > 0 ? h('li', { class: 'soft' }, `${more} more in flight`) : null);
	}

	// The server knows what of them is selected.
	const ask = sometimes(() => get('calls', { ...scope(), limit: 1 }).then(d => draw(d.flight)).catch(e => isLate(e) || draw([])), 1000);
	return {
		el,
		live: list => narrowed() ? ask() : draw(list),
		load: ask,
		// One that ended has a number: what is open goes on under it.
		ended(call) {
			const was = call && rows.find(c => c.id === state.call && c.began_ms === call.began_ms && c.pid === call.pid);
			if (was)
				go({ call: call.id }, true);
		},
	};
}
