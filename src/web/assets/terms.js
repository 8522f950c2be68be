// SPDX-License-Identifier: MIT
// The filter as its terms. What a term means, and whether it is right, the server says.

export const FIELDS = [
	['model', 'as requested or answered; * stands for any text'], ['provider', 'who answers'], ['user', 'whose process'], ['program', 'who calls'],
	['host', 'of the request'], ['tool', 'that was called'], ['session', 'of an agent'], ['agent', 'of a session'], ['conversation', 'id or its beginning'],
	['kind', 'llm, mcp, acp, a2a, rpc, http'], ['api', 'wire format'], ['id', 'number of the call'], ['pid', 'process'], ['container', 'its name'],
	['status', 'of HTTP, as >=400'], ['tok', 'tokens in and out, as >10k'], ['in', 'tokens of input'], ['out', 'tokens of output'], ['cost', 'US dollars, as >0.1'],
	['dur', 'time taken, as >2s'], ['ttft', 'time to the first token, as >500ms'], ['turn', 'of the conversation'], ['error', 'type, code or words of what went wrong'], ['since', 'time, as 2h or 10:00'], ['until', 'time'], ['has', 'what it has'],
];
// Beside what the calls have: moments that go with the clock.
export const WORDS = { since: ['15m', '1h', '24h', 'today', '7d'], until: ['1h', 'today', 'yesterday'] };
// Their values are numbers, which need no quotes.
const NUMBERS = new Set(['id', 'pid', 'status', 'tok', 'in', 'out', 'cost', 'dur', 'ttft', 'turn', 'since', 'until', 'has']);

// The end of the term that begins at `at`: quotes and /regex/ hold blanks.
function endOf(q, at) {
	let quote = '';
	const start = /^-?(?:\w+:)?/.exec(q.slice(at))[0].length + at;
	for (let i = at; i < q.length; i++) {
		const c = q[i];
		if (quote) {
			if (c === '\\' && quote === '/')
				i++;
			else if (c === quote)
				quote = '';
		} else if (c === '"' || c === '/' && i === start) {
			quote = c;
		} else if (/\s/.test(c)) {
			return i;
		}
	}
	return q.length;
}

// [{text, at, end}]
export function split(q) {
	const out = [];
	for (let at = 0; at < q.length;) {
		if (/\s/.test(q[at])) {
			at++;
			continue;
		}
		const end = endOf(q, at);
		out.push({ text: q.slice(at, end), at, end });
		at = end;
	}
	return out;
}

export const without = (q, n) => split(q).filter((_, i) => i !== n).map(t => t.text).join(' ');

// Values come from strangers: what would end the term, or be more than one, is put into quotes, and what quotes cannot hold becomes ?.
export function quoted(field, value) {
	if (NUMBERS.has(field))
		return value;
	const text = value.replace(/["\\\u0000-\u001f]/g, '?');
	return /[\s/,]|^[-<>=]/.test(text) ? `"${text}"` : text;
}

export const term = (field, value) => `${field}:${quoted(field, value)}`;

export function withTerm(q, field, value) {
	const now = term(field, value);
	return split(q).some(t => t.text === now) ? q : `${q} ${now}`.trim();
}
