// SPDX-License-Identifier: MIT
// The list, and beside it what was opened: a conversation, a call, a difference.
import { h, put } from './dom.js';
import { info } from './api.js';
import { go, scopeChanged, state } from './state.js';
import { calls } from './calls.js';
import { sessions } from './sessions.js';
import { conversations } from './conversations.js';
import { spend } from './spend.js';
import { coverage } from './coverage.js';
import { limits } from './limits.js';
import { flight } from './flight.js';
import { conversationPane } from './conversation.js';
import { callPane } from './call.js';
import { diffPane } from './diffview.js';

export const VIEWS = [['sessions', 'Agents'], ['calls', 'Calls'], ['conversations', 'Conversations'], ['timeline', 'Timeline'], ['spend', 'Spend'], ['coverage', 'Coverage'], ['limits', 'Limits']];
const MAKERS = { sessions, calls, conversations, timeline: calls, spend, coverage, limits };
// What is open, from left to right: [name, whether it is, maker].
const OPEN = [
	['conv', () => state.conv, conversationPane], ['call', () => state.call, callPane], ['diff', () => state.a && state.b, diffPane],
];

export function panes(root) {
	const left = h('section', { class: 'pane left', 'aria-label': 'List' });
	const flying = flight();
	let view = null, name = null;
	const open = new Map();

	function drawView(changed) {
		const wanted = Object.hasOwn(MAKERS, state.view) ? state.view : 'sessions';
		const other = wanted !== name;
		if (other) {
			view?.list?.destroy();
			view?.stop?.();
			name = wanted;
			view = MAKERS[wanted]();
			put(left, view.list && name !== 'conversations' ? flying.el : null, view.el);
			view.list ? view.list.reset() : view.load();
			if (info.follows)
				flying.load();
		} else if (scopeChanged(changed) || changed('sort') || changed('desc') || view.again?.(changed)) {
			view.list?.drawHead();
			view.list ? view.list.reset() : view.load();
		}
		if (!other && scopeChanged(changed) && changed('view'))
			view.list?.reset();
		view.list?.show(view.opened());
	}

	function drawOpen(changed) {
		for (const [key, is, make] of OPEN) {
			const had = open.get(key);
			if (!is()) {
				had?.stop();
				had?.el.remove();
				open.delete(key);
				continue;
			}
			const pane = had || make();
			open.set(key, pane);
			pane.update(had ? changed : () => true);
		}
		const list = OPEN.map(([key]) => open.get(key)?.el).filter(Boolean);
		if (list.length !== root.children.length - 1 || list.some((el, i) => root.children[i + 1] !== el))
			put(root, left, list);
		root.dataset.open = list.length;
	}

	// From left to right, what can have the focus.
	const places = () => [view?.list?.el || view?.el, ...OPEN.map(([key]) => open.get(key)?.body)].filter(Boolean);
	const here = () => {
		const all = places(), at = all.findIndex(el => el.closest('.pane').contains(document.activeElement));
		return at < 0 ? 0 : at;
	};
	const opened = () => [...OPEN].reverse().map(([key]) => open.get(key)).find(Boolean);

	function side(by) {
		const all = places(), to = all[Math.max(0, Math.min(all.length - 1, here() + by))];
		to?.focus();
	}

	function close() {
		const last = opened();
		if (!last)
			return false;
		last.close();
		(opened()?.body || places()[0])?.focus();
		return true;
	}

	function scroll(name_, el) {
		const by = { down: 60, up: -60, first: -1e9, last: 1e9 }[name_];
		if (by)
			el?.scrollBy({ top: by });
	}

	// j, k, g, G and Enter go to the pane that has the focus.
	function hand(command) {
		const at = here(), place = places()[at];
		if (!at)
			return view.list ? view.list.command(command) : scroll(command, view.el);
		const pane = [...open.values()].find(p => p.body === place);
		return pane?.command ? pane.command(command) : scroll(command, place);
	}

	const call = () => open.get('call');
	const commands = {
		left: () => side(-1), right: () => side(1), escape: close,
		tabBefore: () => call()?.step(-1), tabNext: () => call()?.step(1), previousTurn: () => call()?.turn('previous'), nextTurn: () => call()?.turn('next'),
		calls: () => view.calls?.(), curl: () => call()?.curl(), form: () => go({ form: state.form === 'raw' ? 'rendered' : 'raw' }, true),
		diff: () => {
			const pair = (call() || open.get('conv'))?.pair();
			if (pair)
				go({ a: pair[0], b: pair[1] });
		},
	};

	return {
		update(changed) {
			drawView(changed);
			drawOpen(changed);
		},
		run: command => commands[command] ? commands[command]() : hand(command),
		flight(rows) {
			flying.live(rows);
			const now = rows.find(c => c.id === state.call);
			if (now)
				open.get('call')?.live(now);
		},
		live(c) {
			flying.ended(c);
			view?.live?.(c);
			for (const p of open.values())
				p.live?.(c);
		},
		theme: () => view?.theme?.(),
		focus: () => places()[0]?.focus({ preventScroll: true }),
	};
}
