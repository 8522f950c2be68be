// SPDX-License-Identifier: MIT
// Light or dark: as the system has it, or as one chose.
const NAMES = ['auto', 'light', 'dark'];

export const theme = () => NAMES.includes(localStorage.getItem('theme')) ? localStorage.getItem('theme') : 'auto';

export function apply() {
	document.documentElement.dataset.theme = theme();
}

export function next() {
	localStorage.setItem('theme', NAMES[(NAMES.indexOf(theme()) + 1) % NAMES.length]);
	apply();
}

apply();
