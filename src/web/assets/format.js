// SPDX-License-Identifier: MIT
// Numbers and times as people read them. What is not known is a dash, never 0.

export const UNKNOWN = '–';
const unknown = n => n === null || n === undefined || Number.isNaN(n);

export function count(n) {
	if (unknown(n))
		return UNKNOWN;
	const steps = [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']];
	for (const [size, unit] of steps)
		if (Math.abs(n) >= size * 0.99995)
			return trim(n / size) + unit;
	return String(Math.round(n));
}

function trim(n) {
	return n >= 99.95 ? n.toFixed(0) : n.toFixed(1).replace(/\.0$/, '');
}

export function bytes(n) {
	return unknown(n) ? UNKNOWN : n < 1000 ? `${n} B` : count(n).replace(/([kMG])$/, ' $1B');
}

export function usd(n, atLeast) {
	if (unknown(n))
		return UNKNOWN;
	n *= 1 + 1e-12; // what was added up in another order reads alike
	const text = n === 0 ? '$0' : n < 0.0001 ? '<$0.0001' : '$' + n.toFixed(n < 0.1 ? 4 : n < 1000 ? 2 : 0);
	return (atLeast ? '≥' : '') + text;
}

export function duration(ms) {
	if (unknown(ms))
		return UNKNOWN;
	if (ms < 1)
		return `${ms.toFixed(2)}ms`;
	if (ms < 1000)
		return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}ms`;
	if (ms < 120e3)
		return `${(ms / 1000).toFixed(ms < 10e3 ? 2 : 1)}s`;
	if (ms < 7200e3)
		return `${Math.floor(ms / 60e3)}m${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;
	if (ms < 172800e3)
		return `${Math.floor(ms / 3600e3)}h${String(Math.floor(ms / 60e3) % 60).padStart(2, '0')}`;
	return `${Math.floor(ms / 86400e3)}d`;
}

const two = n => String(n).padStart(2, '0');

export function clock(ms) {
	if (unknown(ms))
		return UNKNOWN;
	const d = new Date(ms);
	return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

export function date(ms) {
	if (unknown(ms))
		return UNKNOWN;
	const d = new Date(ms);
	return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}

export function moment(ms) {
	return unknown(ms) ? UNKNOWN : `${date(ms)} ${clock(ms)}`;
}

// The time of day; of another day the date and no seconds.
export function when(ms, today) {
	return unknown(ms) || date(ms) === date(today) ? clock(ms) : `${date(ms).slice(5)} ${clock(ms).slice(0, 5)}`;
}

export function percent(share) {
	return unknown(share) ? UNKNOWN : share > 0 && share < 0.01 ? '<1%' : `${Math.floor(share * 100 + 1e-9)}%`;
}

export function share(part, whole) {
	return unknown(part) || !whole ? null : part / whole;
}

export function plural(n, word) {
	return `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
}

// On one line; of a long text its beginning.
export function oneLine(text, max = 300) {
	return (text || '').slice(0, max).replace(/\s+/g, ' ').trim();
}

export function pretty(text) {
	if (!text || text.length > 200e3)
		return text;
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}
