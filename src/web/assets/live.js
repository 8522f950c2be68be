// SPDX-License-Identifier: MIT
// What happens while one looks, by server-sent events. Paused, it is counted and told at once afterwards.
import { info } from './api.js';

const TYPES = ['flight', 'ended', 'totals', 'reset'];
const listeners = new Map(TYPES.map(t => [t, new Set()]));
let source = null, changed = () => {};
export const live = { paused: false, connected: false, missed: 0 };

export function on(type, fn) {
	listeners.get(type).add(fn);
	return () => listeners.get(type).delete(fn);
}

function tell(type, data) {
	if (live.paused) {
		if (type === 'ended') {
			live.missed++;
			changed();
		}
		return;
	}
	for (const fn of listeners.get(type))
		fn(data);
}

function connect() {
	source = new EventSource('/api/events');
	source.onopen = () => {
		const again = live.connected === null;
		live.connected = true;
		changed();
		if (again)
			tell('ended', null);
	};
	source.onerror = () => {
		live.connected = null;
		changed();
	};
	for (const type of TYPES)
		source.addEventListener(type, e => {
			let data;
			try {
				data = JSON.parse(e.data);
			} catch {
				return;
			}
			tell(type, data);
		});
}

export function start(onChange) {
	changed = onChange;
	if (info.follows)
		connect();
	changed();
}

export function pause() {
	if (!info.follows)
		return;
	live.paused = !live.paused;
	const missed = live.missed;
	live.missed = 0;
	changed();
	if (!live.paused && missed)
		tell('ended', null);
}
