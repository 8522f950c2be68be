// SPDX-License-Identifier: MIT
// A list of any length: rows of one height, of which only those in sight exist. They are asked for in
// pages, ahead of the way one scrolls; a page that grew old is shown until its new state is here.
import { h, put, sometimes, later } from './dom.js';
import { isLate } from './api.js';
import { failed } from './empty.js';

export const ROW = 24; // as --row in list.css
const PAGE = 200, AHEAD = 3, KEPT = 40;
const TALLEST = 16e6; // pixels; browsers clamp elements that are higher
let lists = 0;

// options: {label, columns: [{id, label, title, sort, cell(row) -> text or element, class(row)}],
//   page(offset, limit) -> promise of {total, rows}, key(row), open(row, move), sort() -> {by, desc},
//   onSort(by), empty() -> element}
export class VirtualList {
	constructor(options) {
		this.o = options;
		this.id = `list${++lists}`;
		this.forget();
		this.total = null;
		this.cursor = -1;
		this.openKey = null;
		this.rows = new Map(); // index -> element
		this.waits = new Set(); // of pages
		this.el = h('div', { class: 'list' }, this.head(), this.body = h('div', { role: 'rowgroup', class: 'rows' }));
		for (const [name, value] of Object.entries({ role: 'grid', tabindex: 0, 'aria-label': options.label }))
			this.el.setAttribute(name, value);
		this.box = h('div', { class: 'list-box' }, this.el, this.none = h('div', { class: 'empty', hidden: true }));
		this.lastTop = 0;
		this.el.addEventListener('scroll', () => this.draw(), { passive: true });
		this.el.addEventListener('click', e => this.clicked(e));
		this.el.addEventListener('keydown', e => this.key(e));
		this.sizes = new ResizeObserver(() => this.draw());
		this.sizes.observe(this.el);
		this.refresh = sometimes(() => this.renew(), 1000);
		this.openSoon = later(row => this.o.open(row, true), 120);
	}

	forget() {
		this.generation = (this.generation || 0) + 1;
		this.pages = new Map(); // number -> {rows, old}
		this.asked = new Set();
	}

	destroy() {
		this.generation++;
		this.openSoon.cancel();
		this.sizes.disconnect();
	}

	// ---- data ----

	reset() {
		this.forget();
		this.cursor = -1;
		this.total = null;
		this.el.scrollTop = 0;
		return this.ask(0).then(() => this.draw());
	}

	renew() {
		this.asked.clear();
		for (const p of this.pages.values())
			p.old = true;
		this.generation++;
		this.draw();
		if (!this.total)
			this.ask(0);
		return Promise.allSettled([...this.waits]);
	}

	row(index) {
		return this.pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
	}

	ask(n) {
		if (this.asked.has(n))
			return Promise.resolve();
		this.asked.add(n);
		const waits = this.fetch(n, this.generation).finally(() => this.waits.delete(waits));
		this.waits.add(waits);
		return waits;
	}

	async fetch(n, mine) {
		try {
			const got = await this.o.page(n * PAGE, PAGE);
			if (mine !== this.generation)
				return;
			this.take(n, got);
		} catch (e) {
			if (mine !== this.generation || isLate(e))
				return;
			this.say(failed(e.message));
		}
	}

	take(n, got) {
		const grown = this.total === null ? 0 : got.total - this.total;
		if (grown > 0 && this.growsAtTop() && this.el.scrollTop > 0) {
			this.el.scrollTop += grown * ROW; // what one reads stays where it is
			if (this.cursor >= 0)
				this.cursor += grown;
		}
		this.total = got.total;
		this.pages.set(n, { rows: got.rows, old: false });
		for (const k of this.pages.keys())
			if (this.pages.size > KEPT && Math.abs(k - n) > KEPT / 2)
				this.pages.delete(k), this.asked.delete(k);
		this.el.setAttribute('aria-rowcount', got.total + 1);
		this.body.style.height = `${Math.min(TALLEST, got.total * ROW)}px`;
		if (got.total)
			this.say(null);
		else
			this.say(this.o.empty());
		this.draw(true);
	}

	growsAtTop() {
		return this.o.growsAtTop?.() ?? false;
	}

	say(what) {
		this.none.hidden = !what;
		put(this.none, what);
	}

	// ---- what is in sight ----

	head() {
		this.heads = h('div', { role: 'row', class: 'row head', 'aria-rowindex': 1 });
		this.drawHead();
		return h('div', { role: 'rowgroup', class: 'head-group' }, this.heads);
	}

	drawHead() {
		const { by, desc } = this.o.sort?.() || {};
		put(this.heads, this.o.columns.map(c => {
			const now = c.sort && c.sort === by;
			const label = c.sort ? h('button', { type: 'button', title: c.title, onclick: () => this.o.onSort(c.sort) },
				c.label, now ? (desc ? ' ▾' : ' ▴') : '') : h('span', { title: c.title }, c.label);
			return h('div', { role: 'columnheader', class: `c-${c.id}`, 'aria-sort': now ? (desc ? 'descending' : 'ascending') : null }, label);
		}));
	}

	range() {
		const top = this.el.scrollTop, high = this.el.clientHeight;
		const first = Math.max(0, Math.floor(top / ROW) - 6);
		return [first, Math.min(this.total || 0, first + Math.ceil(high / ROW) + 12)];
	}

	draw(all) {
		if (this.total === null || !this.el.clientHeight)
			return;
		const [first, end] = this.range();
		for (const [i, el] of this.rows)
			if (i < first || i >= end || all)
				el.remove(), this.rows.delete(i);
		const fresh = document.createDocumentFragment();
		for (let i = first; i < end; i++)
			if (!this.rows.get(i) || this.rows.get(i).dataset.waits && this.row(i)) {
				this.rows.get(i)?.remove();
				const el = this.make(i);
				this.rows.set(i, el);
				fresh.append(el);
			}
		this.body.append(fresh);
		this.askAround(first, end);
	}

	askAround(first, end) {
		const down = this.el.scrollTop >= this.lastTop;
		this.lastTop = this.el.scrollTop;
		const from = Math.floor(first / PAGE) - (down ? 0 : AHEAD), to = Math.floor((end - 1) / PAGE) + (down ? AHEAD : 0);
		for (let n = Math.max(0, from); n <= to && n * PAGE < this.total; n++)
			if (!this.pages.get(n) || this.pages.get(n).old)
				this.ask(n);
	}

	make(i) {
		const row = this.row(i);
		const el = h('div', { role: 'row', class: 'row', id: `${this.id}-${i}`, 'aria-rowindex': i + 2, 'aria-selected': 'false' });
		el.style.top = `${i * ROW}px`;
		el.dataset.index = i;
		if (!row) {
			el.dataset.waits = '1';
			el.append(h('div', { role: 'gridcell', class: 'waits' }, '…'));
			return el;
		}
		const more = this.o.rowClass?.(row);
		if (more)
			el.className += ` ${more}`;
		for (const c of this.o.columns)
			el.append(h('div', { role: 'gridcell', class: `c-${c.id} ${c.class?.(row) || ''}` }, c.cell(row)));
		this.mark(el, i, row);
		return el;
	}

	mark(el, i, row) {
		el.classList.toggle('cursor', i === this.cursor);
		const isOpen = this.openKey !== null && row !== undefined && this.o.key(row) === this.openKey;
		el.classList.toggle('open', isOpen);
		el.setAttribute('aria-selected', String(isOpen || i === this.cursor));
	}

	marks() {
		for (const [i, el] of this.rows)
			this.mark(el, i, this.row(i));
		if (this.cursor >= 0)
			this.el.setAttribute('aria-activedescendant', `${this.id}-${this.cursor}`);
	}

	// Which row is open beside the list.
	show(key) {
		this.openKey = key === '' ? null : key;
		if (this.openKey === null)
			this.openSoon.cancel();
		if (this.openKey !== null && this.cursor < 0)
			for (const [i] of this.rows)
				if (this.row(i) !== undefined && this.o.key(this.row(i)) === key)
					this.cursor = i;
		this.marks();
	}

	// ---- the hand ----

	move(to) {
		if (!this.total)
			return;
		this.cursor = Math.max(0, Math.min(this.total - 1, to));
		const top = this.cursor * ROW, high = this.el.clientHeight - this.heads.offsetHeight;
		if (top < this.el.scrollTop)
			this.el.scrollTop = top;
		else if (top + ROW > this.el.scrollTop + high)
			this.el.scrollTop = top + ROW - high;
		this.draw();
		this.marks();
		if (this.openKey !== null && this.row(this.cursor))
			this.openSoon(this.row(this.cursor));
	}

	enter() {
		const row = this.row(this.cursor);
		if (row)
			this.o.open(row, false);
	}

	clicked(e) {
		const el = e.target.closest('.row[data-index]');
		if (!el || String(getSelection()))
			return;
		this.cursor = Number(el.dataset.index);
		this.marks();
		this.enter();
	}

	command(name) {
		const page = Math.max(1, Math.floor(this.el.clientHeight / ROW) - 2);
		const to = { down: this.cursor + 1, up: Math.max(0, this.cursor - 1), first: 0, last: (this.total || 1) - 1, pageDown: this.cursor + page, pageUp: this.cursor - page }[name];
		if (to !== undefined)
			this.move(to);
		else if (name === 'enter')
			this.enter();
	}

	key(e) {
		if (e.target !== this.el || e.ctrlKey || e.metaKey || e.altKey)
			return;
		const name = { ArrowDown: 'down', ArrowUp: 'up', Home: 'first', End: 'last', PageDown: 'pageDown', PageUp: 'pageUp', Enter: 'enter' }[e.key];
		if (!name)
			return;
		e.preventDefault();
		this.command(name);
	}
}

// Pages of rows that are all here.
export function fromArray(load) {
	let rows = null;
	return {
		page: async (offset, limit) => {
			if (offset === 0 || !rows)
				rows = await load();
			return { total: rows.length, rows: rows.slice(offset, offset + limit) };
		},
	};
}
