// SPDX-License-Identifier: MIT
// A sentence at the foot, which goes by itself; screen readers say it.
let timer = null;

export function notice(text) {
	const el = document.getElementById('notice');
	el.textContent = text;
	clearTimeout(timer);
	timer = setTimeout(() => {
		el.textContent = '';
	}, 6000);
}
