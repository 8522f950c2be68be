// SPDX-License-Identifier: MIT
// The timeline's bars by keyboard: a button stands on the bar in hand, and arrows take it to other bars.
import { h } from './dom.js';

const [BEGAN, ID] = [0, 3];

// of: {lanes() that are drawn, place(lane, span) in pixels, label(lane, span), open(id), told(label or null)}
export function bars(box, of) {
	let lane = 0, at = 0, id = null, button = null;

	const spans = () => of.lanes()[lane]?.spans || [];
	const span = () => spans()[at];
	const focused = () => button !== null && document.activeElement === button;

	// What is in hand stays in hand, wherever it is drawn now; else the latest of the first lane.
	function find() {
		const lanes = of.lanes();
		if (span()?.[ID] === id && id !== null)
			return;
		for (let n = 0; n < lanes.length && id !== null; n++) {
			const i = lanes[n].spans.findIndex(s => s[ID] === id);
			if (i >= 0) {
				[lane, at] = [n, i];
				return;
			}
		}
		lane = Math.max(0, lanes.findIndex(l => l.spans.length));
		at = Math.max(0, spans().length - 1);
		id = span()?.[ID] ?? null;
	}

	function nearest(list, began) {
		let best = 0;
		list.forEach((s, i) => {
			if (Math.abs(s[BEGAN] - began) < Math.abs(list[best][BEGAN] - began))
				best = i;
		});
		return best;
	}

	function toLane(by) {
		const lanes = of.lanes(), began = span()[BEGAN];
		let n = lane + by;
		while (lanes[n] && !lanes[n].spans.length)
			n += by;
		if (lanes[n])
			[lane, at] = [n, nearest(lanes[n].spans, began)];
	}

	function toSpan(to) {
		at = Math.max(0, Math.min(spans().length - 1, to));
	}

	const MOVES = {
		ArrowLeft: () => toSpan(at - 1), ArrowRight: () => toSpan(at + 1), Home: () => toSpan(0), End: () => toSpan(Infinity),
		ArrowUp: () => toLane(-1), ArrowDown: () => toLane(1),
	};

	function key(e) {
		const move = e.shiftKey || e.ctrlKey || e.metaKey || e.altKey ? null : MOVES[e.key];
		if (!move)
			return;
		e.preventDefault();
		e.stopPropagation();
		move();
		id = span()[ID];
		stand(true);
	}

	// What gets the focus is read out, so another bar is another button.
	function make() {
		return h('button', {
			type: 'button', class: 'bar-at', onkeydown: key, onclick: () => of.open(id),
			onfocus: () => of.told(of.label(of.lanes()[lane], span())), onblur: () => of.told(null),
		});
	}

	function stand(moved) {
		const was = button;
		if (moved || !button)
			button = make();
		const { left, top, width, height } = of.place(lane, span());
		Object.assign(button.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` });
		button.setAttribute('aria-label', of.label(of.lanes()[lane], span()));
		if (!button.isConnected)
			box.append(button);
		if (moved) {
			button.focus({ preventScroll: true });
			button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
		}
		if (was && was !== button)
			was.remove();
	}

	return {
		draw() {
			find();
			if (!span()) {
				button?.remove();
				button = null;
			} else {
				stand(false);
			}
			// With no bar to stand on, the box itself takes the keys.
			box.tabIndex = button ? -1 : 0;
		},
		take(wanted) {
			id = wanted;
			find();
		},
		middle: () => focused() ? span()[BEGAN] : undefined,
		label: () => focused() ? of.label(of.lanes()[lane], span()) : null,
	};
}
