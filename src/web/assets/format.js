// SPDX-License-Identifier: MIT
// Numbers and times as people read them, and as src/base/units.c writes them. What is not known is a dash, never 0.

export const UNKNOWN = '–';
const unknown = n => n === null || n === undefined || Number.isNaN(n);

// As printf rounds: what lies just between two goes to the even one, where toFixed takes the larger.
function fixed(n, digits) {
	const twice = n * 2 ** (digits + 1), low = Math.floor(n * 10 ** digits);
	const between = Number.isInteger(twice) && twice % 2 !== 0;
	return (between ? (low + low % 2) / 10 ** digits : n).toFixed(digits);
}

// `next`: what the rounded value may not reach.
function scaled(n, step, next, units) {
	let unit = 0;
	for (; n >= (unit ? next : step) && unit < units.length - 1; unit++)
		n /= step;
	return (unit || !Number.isInteger(n) ? fixed(n, 1) : String(n)) + units[unit];
}

export const count = n => unknown(n) ? UNKNOWN : scaled(n, 1000, 999.95, ['', 'k', 'M', 'G']);
export const bytes = n => unknown(n) ? UNKNOWN : scaled(n, 1024, 1023.95, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);

export function usd(n, atLeast) {
	if (unknown(n))
		return UNKNOWN;
	n *= 1 + 1e-12; // what was added up in another order reads alike
	const text = n === 0 ? '$0' : n < 0.00005 ? '<$0.0001' : '$' + fixed(n, n < 0.99995 ? 4 : 2);
	return (atLeast ? '≥' : '') + text;
}

// Of sums, as src/report/spend_cells.c has them: a dash where nothing is known, and where no call ended well.
export function sumTokens(s, n) {
	const none = !s.input && !s.output;
	return none && (s.tokens_unknown || s.calls === s.failed) ? UNKNOWN : (s.tokens_unknown ? '≥' : '') + count(n);
}

export function sumUsd(s) {
	if (s.usd > 0)
		return usd(s.usd, s.usd_is_at_least);
	return s.unpriced || s.calls === s.failed ? UNKNOWN : s.free ? 'free' : '$0';
}

export function duration(ms) {
	if (unknown(ms))
		return UNKNOWN;
	const s = Math.floor(ms / 1000 + 0.5), m = Math.floor(s / 60), h = Math.floor(m / 60);
	if (ms < 99.5)
		return `${fixed(ms, ms < 10 ? 1 : 0)}ms`;
	if (ms < 59950)
		return `${fixed(ms / 1000, ms < 9995 ? 2 : 1)}s`;
	if (h < 1)
		return `${m}m${two(s % 60)}s`;
	return h < 48 ? `${h}h${two(m % 60)}m` : `${Math.floor(h / 24)}d${two(h % 24)}h`;
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
	if (unknown(share))
		return UNKNOWN;
	const n = Math.round(share * 1e11) / 1e9; // 0.575 is 57.5, not 57.49999
	return n > 0 && n < 1 ? '<1%' : n > 99 && n < 100 ? '>99%' : `${fixed(n, 0)}%`;
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
