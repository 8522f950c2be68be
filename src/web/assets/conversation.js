// SPDX-License-Identifier: MIT
// One conversation, its turns as cards.
import { button, choice, h, put, sometimes } from './dom.js';
import { asker, isLate, path, segment } from './api.js';
import { oneLine, plural } from './format.js';
import { failed, waiting } from './empty.js';
import { go, state } from './state.js';
import { turn } from './turn.js';

const SHOWS = [['new', 'New', 'Only messages that no earlier turn had'], ['all', 'All', 'The whole request of each turn'], ['diff', 'Diff', 'What changed in the request since the turn before']];
const FORMS = [['rendered', 'Rendered', 'Lists and listings set apart'], ['raw', 'Raw', 'As it was sent']];
const AT_ONCE = 12, PAGE = 50;

export function conversationPane() {
	const ask = asker();
	const bar = h('div', { class: 'pane-bar' }), body = h('div', { class: 'pane-body', tabindex: 0, role: 'region', 'aria-label': 'Turns' });
	const el = h('section', { class: 'pane conversation', 'aria-label': 'Conversation' }, bar, body);
	let id = null, data = null, shown = 0, end = null, cursor = -1, asking = false;
	const seen = new IntersectionObserver(entries => entries.some(e => e.isIntersecting) && more(), { root: body, rootMargin: '1500px' });

	function drawBar() {
		put(bar, h('h2', { title: data?.title || '' }, oneLine(data?.title, 140) || 'Conversation'),
			h('div', { class: 'pane-tools' },
				h('span', { class: 'soft' }, `${(id || '').slice(0, 6)}${data ? ` · ${plural(data.total, 'turn')}` : ''}`),
				choice('Messages', SHOWS, state.show, show => go({ show }, true)), choice('Form', FORMS, state.form, form => go({ form }, true)),
				h('a', { href: path(`conversation/${segment(id)}/html`), download: '' }, 'html'), h('a', { href: path(`conversation/${segment(id)}/md`), download: '' }, 'md'),
				button('×', () => go({ conv: '' }), { class: 'close', 'aria-label': 'Close the conversation', title: 'Close (Esc)' })));
	}

	const turns = () => data.turns_shown;

	// Turns are asked for in pages, as one comes near their end.
	async function page(offset) {
		return ask.get(`conversation/${segment(id)}`, { offset, limit: PAGE });
	}

	async function fetchMore() {
		if (asking || turns().length >= data.total)
			return;
		asking = true;
		try {
			const of = data, got = await page(turns().length);
			if (of === data && got.turns_shown.length) {
				turns().push(...got.turns_shown);
				more();
			}
		} catch (e) {
			if (!isLate(e))
				end.replaceChildren(failed(e.message));
		} finally {
			asking = false;
		}
	}

	function more() {
		if (!data)
			return;
		const until = Math.min(turns().length, shown + AT_ONCE);
		for (; shown < until; shown++)
			end.before(turn(turns()[shown], turns()[shown - 1], state.show, state.form));
		seen.unobserve(end);
		if (shown < data.total)
			seen.observe(end);
		if (shown >= turns().length)
			fetchMore();
		mark();
	}

	function draw() {
		drawBar();
		const until = Math.max(AT_ONCE, shown);
		shown = 0;
		end = h('div', { class: 'end' });
		put(body, end);
		do
			more();
		while (shown < Math.min(until, turns().length));
	}

	function mark() {
		for (const t of body.querySelectorAll('.turn'))
			t.classList.toggle('open', t.dataset.call === state.call);
	}

	async function load(now) {
		try {
			const got = await ask.get(`conversation/${segment(now)}`, { limit: PAGE });
			asking = false;
			const top = id === now && data ? body.scrollTop : 0;
			const atEnd = top > 0 && body.scrollTop + body.clientHeight > body.scrollHeight - 40;
			[id, data] = [now, got];
			draw();
			body.scrollTop = atEnd ? body.scrollHeight : top;
		} catch (e) {
			if (!isLate(e))
				put(body, failed(e.message));
		}
	}

	const again = sometimes(() => id && load(id), 1500);
	return {
		el, body,
		update(changed) {
			if (state.conv !== id) {
				[id, data, shown, cursor] = [state.conv, null, 0, -1];
				drawBar();
				put(body, waiting());
				load(id);
			} else if (data && (changed('show') || changed('form'))) {
				draw();
			} else if (changed('call')) {
				mark();
			}
		},
		live(call) {
			if (!call || call.conversation === id)
				again();
		},
		command(name) {
			const step = { down: 1, up: -1 }[name], cards = [...body.querySelectorAll('.turn')];
			if (step || name === 'first' || name === 'last') {
				cursor = name === 'first' ? 0 : name === 'last' ? cards.length - 1 : Math.max(0, Math.min(cards.length - 1, cursor + step));
				cards[cursor]?.scrollIntoView({ block: 'start' });
				cards.forEach((t, i) => t.classList.toggle('cursor', i === cursor));
			} else if (name === 'enter' && cards[cursor]) {
				go({ call: cards[cursor].dataset.call });
			}
		},
		// The turn to compare with the one before it: the one in hand, else the last.
		pair() {
			const list = data ? turns() : [], at = cursor > 0 ? cursor : list.length - 1;
			return at > 0 ? [list[at - 1].call.id, list[at].call.id] : null;
		},
		close: () => go({ conv: '' }),
		stop: () => {
			ask.stop();
			seen.disconnect();
		},
	};
}
