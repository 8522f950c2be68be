// SPDX-License-Identifier: MIT
// The search box: terms, whether they are right while one types, words that fit, and chips.
import { button, h, later, put } from './dom.js';
import { asker, isLate } from './api.js';
import { plural } from './format.js';
import { go, scope, state } from './state.js';
import { FIELDS, quoted, split, without, WORDS } from './terms.js';

export function searchBox(root) {
	const checks = asker(), words = asker();
	let options = [], chosen = -1, told = '';
	const input = h('input', {
		type: 'text', id: 'q', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'words', 'aria-autocomplete': 'list', 'aria-describedby': 'q-error',
		'aria-label': 'Filter', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', placeholder: 'Filter:  model:gpt*  status:>=400  tok:>10k  has:error  -neg  "text"  /regex/',
		oninput: typed, onkeydown: key, onblur: () => setTimeout(hide, 150),
	});
	const list = h('ul', { id: 'words', role: 'listbox', 'aria-label': 'Words that fit', hidden: true });
	const error = h('p', { id: 'q-error', class: 'bad', role: 'status' });
	const chips = h('div', { class: 'chips' });
	put(root, h('div', { class: 'q-box' }, input, list), chips, error);

	// ---- words that fit ----

	function termNow() {
		const at = input.selectionStart;
		return split(input.value).find(t => t.at <= at && at <= t.end) || { text: '', at, end: at };
	}

	// Terms that are right: the server took them, or offered them.
	const right = new Set();
	const take = q => split(q).forEach(t => right.add(t.text));

	// Of the calls that the other terms select, as far as no texts need be searched for.
	function others(now) {
		return split(input.value).filter(t => t.at !== now.at && right.has(t.text) && /^-?\w+:/.test(t.text)).map(t => t.text).join(' ');
	}

	async function valuesOf(field, typed_, now) {
		const fixed = (WORDS[field] || []).filter(w => w.startsWith(typed_)).map(value => ({ value, about: '' }));
		const d = await words.get('words', { ...scope(), q: others(now), word: field, prefix: typed_ });
		return [...fixed, ...d.values.map(v => ({ value: v.value, about: plural(v.calls, 'call') }))];
	}

	async function fitting() {
		const t = termNow(), minus = t.text.startsWith('-') ? '-' : '', text = t.text.slice(minus.length), colon = text.indexOf(':');
		if (colon < 0) {
			words.stop();
			return FIELDS.filter(([name]) => name.startsWith(text.toLowerCase())).map(([name, about]) => ({ word: `${minus}${name}:`, about }));
		}
		const field = text.slice(0, colon), behind = text.slice(colon + 1);
		if (!FIELDS.some(([name]) => name === field)) {
			words.stop();
			return [];
		}
		// Of alternatives, the last one is typed.
		const before = behind.startsWith('"') ? '' : behind.slice(0, behind.lastIndexOf(',') + 1), typed_ = behind.slice(before.length).replace(/^"|"$/g, '');
		return (await valuesOf(field, typed_, t)).filter(v => v.value !== typed_).slice(0, 12)
			.map(v => ({ word: `${minus}${field}:${before}${quoted(field, v.value)} `, about: v.about }));
	}

	async function suggest() {
		try {
			options = document.activeElement === input ? await fitting() : [];
		} catch (e) {
			// Another character was typed, which is answered then; without an answer, there is nothing to offer.
			if (isLate(e))
				return;
			options = [];
		}
		chosen = -1;
		put(list, options.map((o, i) => h('li', {
			id: `word-${i}`, role: 'option', 'aria-selected': 'false', onmousedown: e => {
				e.preventDefault();
				accept(i);
			},
		}, h('b', null, o.word), ' ', h('span', { class: 'soft' }, o.about))));
		list.hidden = !options.length || document.activeElement !== input;
		input.setAttribute('aria-expanded', String(!list.hidden));
		input.removeAttribute('aria-activedescendant');
	}

	function hide() {
		words.stop();
		list.hidden = true;
		input.setAttribute('aria-expanded', 'false');
	}

	function choose(by) {
		if (list.hidden)
			return suggest();
		chosen = (chosen + by + options.length + (chosen < 0 && by < 0 ? 1 : 0)) % options.length;
		[...list.children].forEach((li, i) => li.setAttribute('aria-selected', String(i === chosen)));
		list.children[chosen].scrollIntoView({ block: 'nearest' });
		input.setAttribute('aria-activedescendant', `word-${chosen}`);
	}

	function accept(i) {
		const t = termNow(), word = options[i].word;
		if (!word.endsWith(':'))
			take(word);
		input.setRangeText(word, t.at, t.end, 'end');
		typed();
	}

	// ---- right or wrong ----

	function wrong(said) {
		input.setAttribute('aria-invalid', String(!said.ok));
		error.textContent = said.ok ? '' : `${said.error}${said.at === null || said.at === undefined ? '' : ` (at ${said.at + 1})`}`;
	}

	// What is right takes effect while one types.
	const check = later(async () => {
		const q = input.value.trim();
		try {
			const said = q ? await checks.get('check', { q }) : { ok: true };
			wrong(said);
			if (said.ok)
				take(q);
			if (said.ok && q !== state.q && q === input.value.trim()) {
				told = q;
				go({ q }, true);
			}
		} catch (e) {
			if (!isLate(e))
				wrong({ ok: false, error: e.message });
		}
	}, 250);

	function typed() {
		check();
		suggest();
	}

	function enter() {
		hide();
		check();
		document.querySelector('.list')?.focus();
	}

	function key(e) {
		const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
		if (move) {
			e.preventDefault();
			choose(move);
		} else if (e.key === 'Tab' && !e.shiftKey && !list.hidden && (chosen >= 0 || termNow().text)) {
			// Where nothing is typed, it goes on to the next control.
			e.preventDefault();
			accept(Math.max(0, chosen));
		} else if (e.key === 'Enter' && chosen >= 0 && !list.hidden) {
			e.preventDefault();
			accept(chosen);
		} else if (e.key === 'Enter') {
			e.preventDefault();
			enter();
		} else if (e.key === 'Escape') {
			e.stopPropagation();
			if (!list.hidden)
				hide();
			else
				input.blur(), document.querySelector('.list')?.focus();
		}
	}

	function drawChips() {
		const terms = split(state.q).map((t, i) => button([h('span', { class: 'chip-text' }, t.text), ' ×'], () => go({ q: without(state.q, i) }), {
			class: t.text.startsWith('-') ? 'chip negated' : 'chip', 'aria-label': `Remove ${t.text}`,
		}));
		if (state.session)
			terms.push(button(`one session of an agent ×`, () => go({ session: '' }), { class: 'chip', 'aria-label': 'Remove the session' }));
		if (state.from || state.to)
			terms.push(button('brushed time ×', () => go({ from: '', to: '' }), { class: 'chip', 'aria-label': 'Remove the brushed time' }));
		put(chips, terms);
		chips.hidden = !terms.length;
	}

	return {
		update() {
			// Of a chip, a link or back: it wins over what is being typed.
			if (state.q !== told) {
				told = input.value = state.q;
				check();
			}
			drawChips();
		},
		focus() {
			input.focus();
			input.select();
			suggest();
		},
	};
}
