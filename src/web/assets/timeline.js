// SPDX-License-Identifier: MIT
// Lanes of agents and sub-agents; what is brushed narrows all else. The same calls are in the lists.
import { button, color, h, put, sometimes, visible } from './dom.js';
import { asker, isLate, isWrong } from './api.js';
import { clock, duration, moment } from './format.js';
import { bars } from './bars.js';
import { go, scope, state } from './state.js';

const LANE = 16, GUTTER = { most: 210, share: 0.35 }, AXIS = 16, LANES = 400;
// Below the bars of calls to models, in the same lane: those of calls to tools.
const BAR = { top: 2, height: 9 }, TOOL = { top: 12, height: 3 };
const COLORS = { done: 'model', tools: 'tool', failed: 'error', cut: 'warn', live: 'user' };
const TOOL_COLORS = { failed: 'error' }, TOOL_COLOR = 'chart6';
const SAID = { done: 'done', tools: 'asks for tools', failed: 'failed', cut: 'has no answer, or not all of it', live: 'in flight' };
const STEPS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800].map(s => s * 1000);

export function timeline(root) {
	const ask = asker();
	let data = null, drag = null, hits = [], withTools = localStorage.getItem('timeline-tools') !== 'no', hidden = (localStorage.getItem('timeline') || (innerHeight < 640 ? 'no' : 'yes')) === 'no';
	const canvas = h('canvas', { role: 'img' });
	const box = h('div', { class: 'lanes', tabindex: 0, role: 'group', 'aria-label': 'Timeline: arrows go from bar to bar, Enter opens a call, + and - zoom, 0 shows all' }, canvas);
	const said = h('span', { class: 'soft' }), fold = button('', toggle, { class: 'small', title: 'Show or hide the timeline (t)' });
	const toolsButton = button([h('span', { class: 'lane-mark', 'aria-hidden': 'true' }, '▂'), ' tools'], toggleTools, { class: 'small lane-kind', title: 'Calls to tools and other agents, below those to models' });
	const tools = h('div', { class: 'lane-tools' }, fold, said, toolsButton, button('−', () => zoom(2), { class: 'small', 'aria-label': 'Zoom out' }),
		button('+', () => zoom(0.5), { class: 'small', 'aria-label': 'Zoom in' }), button('all', () => go({ from: '', to: '' }), { class: 'small', 'aria-label': 'Show all time' }));
	put(root, tools, box);

	let gutter = GUTTER.most;
	const wide = () => Math.max(60, canvas.clientWidth - gutter - 8);
	const x = ms => gutter + (ms - data.since_ms) / (data.until_ms - data.since_ms || 1) * wide();
	const at = px => data.since_ms + (px - gutter) / wide() * (data.until_ms - data.since_ms);

	const lanes = () => data ? data.lanes.slice(0, LANES) : [];
	const hand = bars(box, { lanes, place, label, open: id => go({ call: String(id) }), told: tell });

	function edges([began, took]) {
		const a = Math.max(gutter, x(began));
		return [a, Math.min(gutter + wide(), Math.max(x(began + (took || 0)), a + 2))];
	}

	function place(n, span) {
		const [a, b] = edges(span), row = span[6] ? TOOL : BAR;
		return { left: canvas.offsetLeft + Math.min(a, gutter + wide() - 2), top: AXIS + n * LANE + row.top, width: Math.max(2, b - a), height: row.height };
	}

	const nameOf = l => visible(String(l.depth && l.kind || l.name || '?').slice(0, 60));

	function label(l, [began, took, how, id, first, what, kind]) {
		const name = visible(String(what ?? '?').slice(0, 80));
		return [`#${id}`, kind ? `${kind} ${name}` : name, clock(began), took === null ? null : `took ${duration(took)}`,
			first === null || first === undefined ? null : `first token after ${duration(first)}`, SAID[how] || how, `of ${nameOf(l)}`].filter(Boolean).join(', ');
	}

	function toggleTools() {
		withTools = !withTools;
		localStorage.setItem('timeline-tools', withTools ? 'yes' : 'no');
		update();
	}

	function toggle() {
		hidden = !hidden;
		localStorage.setItem('timeline', hidden ? 'no' : 'yes');
		update();
	}

	function axis(g, high) {
		const span = data.until_ms - data.since_ms, step = STEPS.find(s => span / s <= Math.max(2, wide() / 90)) || span;
		const offset = new Date(data.since_ms).getTimezoneOffset() * 60e3;
		g.fillStyle = color('soft');
		g.strokeStyle = color('line');
		for (let t = Math.ceil((data.since_ms - offset) / step) * step + offset; t < data.until_ms && span / step < 200; t += step) {
			const px = Math.round(x(t)) + 0.5;
			g.beginPath();
			g.moveTo(px, AXIS);
			g.lineTo(px, high);
			g.stroke();
			const text = clock(t).slice(0, step >= 60e3 ? 5 : 8);
			if (px + 3 + g.measureText(text).width <= canvas.clientWidth)
				g.fillText(text, px + 3, 11);
		}
	}

	// In so many pixels; of a longer text its beginning.
	function fitted(g, text, room) {
		const all = visible(text.slice(0, 60));
		let list = [...all];
		if (g.measureText(all).width <= room)
			return all;
		while (list.length && g.measureText(`${list.join('')}…`).width > room)
			list = list.slice(0, -1);
		return list.length ? `${list.join('')}…` : '';
	}

	// Calls that fall on the same pixels are drawn once.
	function lane(g, l, n) {
		const y = AXIS + n * LANE, name = `${'  '.repeat(Math.min(6, l.depth || 0))}${l.depth ? '└ ' : ''}${l.depth && l.kind || l.name || '?'}`;
		g.fillStyle = color('ink');
		const room = gutter - 12, who = fitted(g, name, room), behind = g.measureText(`${who} `).width;
		g.fillText(who, 4, y + 12);
		g.fillStyle = color('soft');
		g.fillText(fitted(g, l.title || '', room - behind), 4 + behind, y + 12);
		const last = { model: [-2, ''], tool: [-2, ''] };
		for (const span of l.spans) {
			const [began, , how, id, first, , kind] = span, row = kind ? TOOL : BAR, before = kind ? last.tool : last.model;
			const [a, b] = edges(span), look = kind ? TOOL_COLORS[how] || TOOL_COLOR : COLORS[how] || 'soft';
			if (b < gutter || a > gutter + wide() || b <= before[0] && look === before[1])
				continue;
			const split = first === null || first === undefined ? a : Math.min(b, Math.max(a, x(began + first)));
			g.fillStyle = shades[look];
			g.globalAlpha = 0.4;
			g.fillRect(a, y + row.top, b - a, row.height);
			g.globalAlpha = 1;
			g.fillRect(split, y + row.top, Math.max(b - split, 1), row.height);
			hits.push([n, a, b, id, row, l, span]);
			before.splice(0, 2, b, look);
		}
	}

	let shades = {};
	function draw() {
		if (!data || hidden || !canvas.clientWidth)
			return;
		const high = AXIS + Math.max(1, lanes().length) * LANE + 4, ratio = Math.min(3, devicePixelRatio || 1);
		canvas.style.height = `${high}px`;
		canvas.width = Math.round(canvas.clientWidth * ratio);
		canvas.height = Math.round(high * ratio);
		gutter = Math.round(Math.min(GUTTER.most, canvas.clientWidth * GUTTER.share));
		const g = canvas.getContext('2d');
		g.scale(ratio, ratio);
		g.font = '11px ui-monospace, "DejaVu Sans Mono", monospace';
		shades = Object.fromEntries([...Object.values(COLORS), ...Object.values(TOOL_COLORS), TOOL_COLOR, 'soft'].map(n => [n, color(n)]));
		hits = [];
		axis(g, high);
		lanes().forEach((l, n) => lane(g, l, n));
		if (drag) {
			g.fillStyle = color('brush');
			g.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), high);
		}
		hand.draw();
		tell(hand.label());
	}

	function tell(bar) {
		const calls = data.lanes.reduce((n, l) => n + l.spans.length, 0);
		const range = data.lanes.length ? `${moment(data.since_ms)} – ${clock(data.until_ms)}, ${duration(data.until_ms - data.since_ms)}${data.more || data.lanes.length > LANES ? '; not all lanes or calls are drawn' : ''}` : 'no calls';
		said.textContent = said.title = bar || range;
		canvas.setAttribute('aria-label', `${data.lanes.length} lanes with ${calls} calls, ${range}`);
	}

	async function load() {
		if (hidden)
			return;
		try {
			// Not only what began within: a bar that reaches in is drawn, too.
			data = await ask.get('timeline', { ...scope(), since: state.since, until: '', since_ms: state.from, until_ms: state.to, tools: withTools ? '' : 0 });
			draw();
		} catch (e) {
			if (!isLate(e))
				said.textContent = isWrong(e) ? '' : e.message;
		}
	}

	function zoom(by, middle) {
		if (!data)
			return;
		const center = middle ?? hand.middle() ?? (data.since_ms + data.until_ms) / 2, left = (center - data.since_ms) * by, right = (data.until_ms - center) * by;
		if (left + right > 10)
			brush(center - left, center + right, true);
	}

	function move(by) {
		const d = data && (data.until_ms - data.since_ms) * by;
		if (d)
			brush(data.since_ms + d, data.until_ms + d, true);
	}

	const brush = (from, to, replace) => go({ from: String(Math.floor(from)), to: String(Math.ceil(to)) }, replace);

	canvas.addEventListener('pointerdown', e => {
		if (!data || e.button || e.offsetX < gutter)
			return;
		drag = { from: e.offsetX, to: e.offsetX };
		canvas.setPointerCapture(e.pointerId);
	});
	canvas.addEventListener('pointermove', e => {
		if (drag) {
			drag.to = Math.max(gutter, e.offsetX);
			return draw();
		}
		const hit = hitAt(e);
		canvas.style.cursor = hit ? 'pointer' : 'crosshair';
		canvas.title = hit ? label(hit[5], hit[6]) : '';
	});
	canvas.addEventListener('pointerup', e => {
		const was = drag;
		drag = null;
		if (!was || !data)
			return;
		const [a, b] = [Math.min(was.from, was.to), Math.max(was.from, was.to)];
		if (b - a > 4) {
			brush(at(a), at(b));
		} else if (hitAt(e)) {
			hand.take(hitAt(e)[3]);
			go({ call: String(hitAt(e)[3]) });
		}
		draw();
	});
	canvas.addEventListener('dblclick', () => go({ from: '', to: '' }));
	canvas.addEventListener('wheel', e => {
		if (!e.ctrlKey && !e.shiftKey || !data)
			return;
		e.preventDefault();
		zoom(e.deltaY + e.deltaX > 0 ? 1.25 : 0.8, at(e.offsetX));
	}, { passive: false });
	box.addEventListener('keydown', e => {
		const does = { ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25), '+': () => zoom(0.5), '=': () => zoom(0.5), '-': () => zoom(2), 0: () => go({ from: '', to: '' }) }[e.key];
		if (!does || e.ctrlKey || e.metaKey || e.altKey)
			return;
		e.preventDefault();
		e.stopPropagation();
		does();
	});

	function hitAt(e) {
		const n = Math.floor((e.offsetY - AXIS) / LANE), low = (e.offsetY - AXIS) % LANE >= TOOL.top;
		const there = hits.filter(([lane_, a, b]) => lane_ === n && e.offsetX >= a - 2 && e.offsetX <= b + 2);
		return there.find(([, , , , row]) => (row === TOOL) === low) || there[0];
	}

	new ResizeObserver(draw).observe(box);
	function update() {
		root.classList.toggle('folded', hidden);
		root.classList.toggle('whole', state.view === 'timeline');
		fold.textContent = hidden ? '▸ timeline' : '▾ timeline';
		fold.setAttribute('aria-expanded', String(!hidden));
		toolsButton.setAttribute('aria-pressed', String(withTools));
		load();
	}
	const soon = sometimes(load, 2000);
	return { update, draw, toggle, live: soon, show: () => hidden && toggle() };
}
