// SPDX-License-Identifier: MIT
// Where there is nothing: why, and what to do.
import { button, h } from './dom.js';
import { info } from './api.js';
import { go, state } from './state.js';

export function nothing(what) {
	const narrowed = ['q', 'since', 'from', 'to', 'session'].filter(n => state[n]);
	if (narrowed.length)
		return h('div', { class: 'none' }, h('p', null, `No ${what} match what is selected.`),
			button('Show all', () => go({ q: '', since: '', from: '', to: '', session: '' })));
	const hint = info.follows ? ['Nothing was seen yet. Calls appear here as they happen. Try one: ', h('code', null, 'llm-spy -- COMMAND')]
		: [`There is nothing in ${info.source?.name || 'this file'}. To watch: `, h('code', null, 'sudo llm-spy --web')];
	return h('div', { class: 'none' }, h('p', null, `No ${what}.`), h('p', null, hint));
}

export const failed = message => h('p', { class: 'bad none', role: 'alert' }, message);
export const waiting = () => h('p', { class: 'soft none' }, 'Loading …');
