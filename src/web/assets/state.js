// SPDX-License-Identifier: MIT
// What is selected, which is what the address says: reload, back and a copied link give the same page.

const DEFAULTS = {
	view: 'sessions', q: '', since: '', from: '', to: '', session: '', sort: '', desc: '', conv: '', call: '',
	tab: 'messages', show: 'new', form: 'rendered', by: 'day', a: '', b: '',
};
const listeners = new Set();

function read() {
	const said = new URLSearchParams(location.search);
	const out = {};
	for (const [name, value] of Object.entries(DEFAULTS))
		out[name] = said.get(name) ?? value;
	return out;
}

export let state = read();

export function address(changes) {
	const said = new URLSearchParams();
	for (const [name, value] of Object.entries({ ...state, ...changes }))
		if (name in DEFAULTS && value !== DEFAULTS[name])
			said.set(name, value);
	const text = said.toString();
	return text ? `?${text}` : '?';
}

function tell(before) {
	const changed = name => before[name] !== state[name];
	for (const fn of listeners)
		fn(changed);
}

// `replace`: no step for the back button, as while a key is held down.
export function go(changes, replace) {
	const before = state, to = address(changes);
	state = { ...state, ...changes };
	if (to === address({ ...before }) || Object.keys(DEFAULTS).every(n => before[n] === state[n]))
		return;
	history[replace ? 'replaceState' : 'pushState'](null, '', to === '?' ? location.pathname : to);
	tell(before);
}

export function subscribe(fn) {
	listeners.add(fn);
}

addEventListener('popstate', () => {
	const before = state;
	state = read();
	tell(before);
});

// What of the calls is looked at, as the server's parameters.
export function scope() {
	const iso = ms => new Date(Number(ms)).toISOString();
	const valid = ms => ms && Number.isFinite(Number(ms)) && Math.abs(Number(ms)) < 8e15;
	return {
		q: state.q, session: state.session,
		since: valid(state.from) ? iso(state.from) : state.since, until: valid(state.to) ? iso(state.to) : '',
	};
}

export const scopeChanged = changed => ['q', 'since', 'from', 'to', 'session'].some(changed);
