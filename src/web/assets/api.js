// SPDX-License-Identifier: MIT
// Questions to the server, all of which only read.

export const info = { host: '', version: '', source: { kind: '', name: '' }, follows: false, charts: false, now_ms: Date.now() };

export function path(name, params) {
	const said = new URLSearchParams();
	for (const [key, value] of Object.entries(params || {}))
		if (value !== '' && value !== null && value !== undefined)
			said.set(key, value);
	const text = said.toString();
	return `/api/${name}${text ? `?${text}` : ''}`;
}

// What is still being read is asked for again.
async function answer(name, params, signal) {
	let r;
	try {
		r = await fetch(path(name, params), { signal, credentials: 'same-origin' });
	} catch (e) {
		if (e.name === 'AbortError')
			throw e;
		throw new Error('llm-spy does not answer: is it still running?');
	}
	if (r.status === 202) {
		await new Promise(after => setTimeout(after, 500));
		return answer(name, params, signal);
	}
	if (r.ok)
		return r;
	const said = await r.json().catch(() => null);
	throw Object.assign(new Error(said?.error || (r.status === 401 ? 'Open the address that llm-spy printed.' : `The server answers ${r.status}.`)), { status: r.status });
}

export async function get(name, params, signal) {
	return (await answer(name, params, signal)).json();
}

export async function text(name, params, signal) {
	return (await answer(name, params, signal)).text();
}

export async function learn() {
	Object.assign(info, await get('info'));
}

// One question at a time: a new one ends that which waits. What comes too late is dropped.
export function asker() {
	let now = null;
	return {
		async get(name, params) {
			now?.abort();
			const mine = now = new AbortController();
			const data = await get(name, params, mine.signal);
			if (mine !== now)
				throw new DOMException('late', 'AbortError');
			return data;
		},
		stop() {
			now?.abort();
			now = null;
		},
	};
}

export const isLate = e => e.name === 'AbortError';
// A filter that is wrong: the line it stands on says so, and the list.
export const isWrong = e => e.status === 400;
export const segment = id => encodeURIComponent(id);
