// SPDX-License-Identifier: MIT
import { add, button, h, put } from './dom.js';
import { info, learn } from './api.js';
import * as live from './live.js';
import { address, go, scopeChanged, state, subscribe } from './state.js';
import { help, listen } from './keys.js';
import { notice } from './notice.js';
import { panes, VIEWS } from './panes.js';
import { searchBox } from './search.js';
import * as theme from './theme.js';
import { timeline } from './timeline.js';
import { totals } from './totals.js';
import { follow } from './turn.js';

const at = id => document.getElementById(id);
const SINCE = [['', 'all time'], ['15m', 'last 15 minutes'], ['1h', 'last hour'], ['today', 'today'], ['24h', 'last 24 hours'], ['7d', 'last 7 days'], ['30d', 'last 30 days']];
const closed = { conv: '', call: '', a: '', b: '', sort: '', desc: '' };

const search = searchBox(at('search'));
const sum = totals(at('totals'));
const lanes = timeline(at('timeline'));
const main = panes(at('panes'));
const liveButton = button('', live.pause, { id: 'live' });
const themeButton = button('', nextTheme, { id: 'theme' });

function nextTheme() {
	theme.next();
	drawTheme();
}

function drawTheme() {
	themeButton.textContent = { auto: '◐', light: '☀', dark: '☾' }[theme.theme()];
	themeButton.title = `Colors: ${theme.theme()} (T)`;
	themeButton.setAttribute('aria-label', `Colors: ${theme.theme()}`);
	lanes.draw();
	main.theme();
}

function drawLive() {
	const l = live.live;
	liveButton.hidden = !info.follows;
	liveButton.className = l.paused ? 'paused' : l.connected ? 'on' : 'off';
	liveButton.textContent = l.paused ? `❚❚ paused${l.missed ? ` · ${l.missed} new` : ''}` : l.connected ? '● live' : '○ no connection';
	liveButton.title = 'Pause and go on (Space)';
	liveButton.setAttribute('aria-pressed', String(l.paused));
}

function drawViews() {
	put(at('views'), VIEWS.map(([name, label], i) => h('a', {
		href: address({ ...closed, view: name }), 'aria-current': name === state.view ? 'page' : null, title: `${label} (${i + 1})`, onclick: e => follow(e, { ...closed, view: name }),
	}, label)));
	const where = state.call ? `#${state.call}` : state.conv ? state.conv.slice(0, 6) : VIEWS.find(([n]) => n === state.view)?.[1] || '';
	document.title = `${where} · llm-spy${info.host ? ` ${info.host}` : ''}`;
}

function sinceBox() {
	const known = SINCE.some(([v]) => v === state.since) ? SINCE : [...SINCE, [state.since, `since ${state.since}`]];
	const box = h('select', { id: 'since', 'aria-label': 'Time', onchange: () => go({ since: box.value, from: '', to: '' }) },
		known.map(([value, label]) => h('option', { value }, label)));
	box.value = state.since;
	return box;
}

function drawTools() {
	put(at('tools'), liveButton, sinceBox(), themeButton, button('?', help, { 'aria-label': 'Keys', title: 'Keys (?)' }));
}

function update(changed) {
	drawViews();
	if (changed('since'))
		drawTools();
	search.update();
	if (scopeChanged(changed))
		sum.load();
	if (scopeChanged(changed) || changed('view'))
		lanes.update();
	main.update(changed);
}

function run(name, key) {
	const own = {
		search: () => search.focus(), help, pause: live.pause, theme: nextTheme, timeline: () => lanes.toggle(),
		view: () => go({ ...closed, view: VIEWS[Number(key) - 1][0] }),
	};
	return own[name] ? own[name]() : main.run(name);
}

function follows() {
	live.on('flight', d => main.flight(d?.rows || []));
	live.on('ended', c => {
		main.live(c);
		lanes.live();
		sum.live(null);
	});
	live.on('totals', t => sum.live(t));
	live.on('reset', () => main.live(null));
	live.start(drawLive);
}

function sourceOf() {
	const s = info.source || {}, name = String(s.name || '').split('/').pop();
	return [info.host, s.kind === 'live' ? null : name].filter(Boolean).join(' · ');
}

// While the server still reads, lists grow.
async function whole() {
	if (info.damage)
		notice(info.damage);
	if (info.loaded !== false)
		return;
	setTimeout(async () => {
		await learn().catch(() => {});
		main.live(null);
		lanes.live();
		sum.live(null);
		whole();
	}, 1000);
}

async function begin() {
	at('home').addEventListener('click', e => follow(e, { ...closed, view: 'sessions', q: '', since: '', from: '', to: '', session: '' }));
	document.querySelector('.skip').addEventListener('click', e => {
		e.preventDefault();
		main.focus();
	});
	try {
		await learn();
	} catch (e) {
		put(at('panes'), h('p', { class: 'bad none', role: 'alert' }, e.message));
		return;
	}
	add(at('source'), sourceOf());
	drawTheme();
	drawTools();
	subscribe(update);
	update(() => true);
	listen(run);
	follows();
	whole();
	document.documentElement.dataset.ready = 'yes';
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawTheme);
	addEventListener('unhandledrejection', e => notice(String(e.reason?.message || e.reason)));
}

begin();
