// SPDX-License-Identifier: MIT
// One call: what was said, when, and every byte of it.
import { button, h, put, sometimes } from './dom.js';
import { asker, isLate, path, segment, text } from './api.js';
import { failed, waiting } from './empty.js';
import { address, go, state } from './state.js';
import { follow } from './turn.js';
import { notice } from './notice.js';
import { TABS } from './calltabs.js';
import { sign } from './rows.js';

const EXPORTS = [['har', 'HAR'], ['md', 'md'], ['json', 'json'], ['raw', 'raw']];

function stateOf(x) {
	if (x.call?.in_flight)
		return 'live';
	const calls = (x.response?.choices || []).some(c => (c.parts || []).some(p => p.kind === 'tool_call'));
	if (x.error || x.http?.status >= 400)
		return 'failed';
	return x.response?.body?.state === 'complete' ? calls ? 'tools' : 'done' : 'cut';
}

async function copyCurl(id) {
	try {
		await navigator.clipboard.writeText(await text(`call/${segment(id)}/curl`));
		notice('Copied as a curl command. The key is a variable: set it before you run it.');
	} catch (e) {
		notice(`Not copied: ${e.message}`);
	}
}

export function callPane() {
	const ask = asker();
	const bar = h('div', { class: 'pane-bar' }), tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the call' });
	const body = h('div', { class: 'pane-body', id: 'call-body', role: 'tabpanel', tabindex: 0 });
	const el = h('section', { class: 'pane call', 'aria-label': 'Call' }, bar, tabs, body);
	let id = null, x = null, stopTab = null;

	function neighbour(label, to, title) {
		return button(label, () => go({ call: String(to) }), { disabled: !to, title, 'aria-label': title });
	}

	function drawBar() {
		const c = x?.conversation;
		put(bar, h('h2', null, x ? sign(stateOf(x)) : null, ` #${id} `, h('span', { class: 'soft' }, x ? x.response?.model || x.request?.model || x.rpc?.method || x.http?.host || '' : '')),
			h('div', { class: 'pane-tools' },
				c && state.conv !== c.id ? h('a', { href: address({ conv: c.id }), onclick: e => follow(e, { conv: c.id }) }, `conversation ${c.id.slice(0, 6)} t${c.turn}`) : null,
				neighbour('‹', x?.neighbours?.previous, 'The turn before'), neighbour('›', x?.neighbours?.next, 'The next turn'),
				x?.neighbours?.previous ? button('diff', () => go({ a: String(x.neighbours.previous), b: id }), { title: 'What changed in the request since the turn before (d)' }) : null,
				button('curl', () => copyCurl(id), { title: 'Copy as a curl command (y)' }),
				EXPORTS.map(([name, label]) => h('a', { href: path(`call/${segment(id)}/${name}`), download: '' }, label)),
				button('×', () => go({ call: '' }), { class: 'close', 'aria-label': 'Close the call', title: 'Close (Esc)' })));
	}

	function drawTabs() {
		put(tabs, TABS.map(([name, label]) => {
			const on = name === current();
			return button(label, () => go({ tab: name }, true), { role: 'tab', id: `tab-${name}`, 'aria-selected': String(on), 'aria-controls': 'call-body', tabindex: on ? 0 : -1 });
		}));
		body.setAttribute('aria-labelledby', `tab-${current()}`);
	}

	const current = () => TABS.some(([name]) => name === state.tab) ? state.tab : 'messages';

	function step(by) {
		const at = TABS.findIndex(([name]) => name === current());
		go({ tab: TABS[(at + by + TABS.length) % TABS.length][0] }, true);
	}

	tabs.addEventListener('keydown', e => {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
		if (!by)
			return;
		e.preventDefault();
		step(by);
		tabs.querySelector('[aria-selected=true]').focus();
	});

	function drawBody(top = 0) {
		stopTab?.();
		stopTab = null;
		if (!x)
			return put(body, waiting());
		const made = TABS.find(([name]) => name === current())[2](x, id);
		put(body, made.el || made);
		made.shown?.();
		stopTab = made.stop || null;
		body.scrollTop = top;
	}

	async function load(now) {
		try {
			const top = x && id === now ? body.scrollTop : 0;
			x = await ask.get(`call/${segment(now)}`);
			drawBar();
			drawBody(top);
		} catch (e) {
			if (!isLate(e))
				put(body, failed(e.message));
		}
	}

	const again = sometimes(() => id && load(id), 1000);
	return {
		el, body, step,
		update(changed) {
			const other = state.call !== id;
			if (other) {
				[id, x] = [state.call, null];
				load(id);
			}
			if (other || changed('tab')) {
				drawTabs();
				drawBody();
			} else if (changed('form')) {
				drawBody();
			}
			if (other || changed('conv'))
				drawBar();
		},
		// Of one in flight the row says how far it is.
		live(call) {
			if (!call || call.id !== id)
				return;
			if (!call.in_flight || !x)
				return again();
			x.call = call;
			if (current() === 'messages')
				drawBody(body.scrollTop);
		},
		pair: () => x?.neighbours?.previous ? [String(x.neighbours.previous), id] : null,
		curl: () => copyCurl(id),
		turn: to => x?.neighbours?.[to] && go({ call: String(x.neighbours[to]) }),
		close: () => go({ call: '' }),
		stop: () => {
			stopTab?.();
			ask.stop();
		},
	};
}

