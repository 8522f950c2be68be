// SPDX-License-Identifier: MIT
// Charts by the distribution's Chart.js, which is asked for when the first one is to be seen. Without it there
// is none: the numbers stand in a table anyway.
import { color, h } from './dom.js';
import { info } from './api.js';

let loading = null;

function load() {
	loading ??= new Promise(done => {
		if (info.charts === false)
			return done(false);
		document.head.append(h('script', { src: '/chart.js', onload: () => done(typeof globalThis.Chart === 'function'), onerror: () => done(false) }));
	});
	return loading;
}

const HUES = ['chart1', 'chart2', 'chart3', 'chart4', 'chart5', 'chart6', 'chart7', 'chart8'];

// Draws into the box, which gets `hidden` where no chart can be had. Returns what ends it.
export async function chart(box, label, labels, sets, format, type = 'bar') {
	const there = await load();
	box.hidden = !there;
	if (!there || !box.isConnected)
		return () => {};
	const canvas = h('canvas', { role: 'img', 'aria-label': label });
	box.replaceChildren(canvas);
	const made = new globalThis.Chart(canvas, {
		type,
		data: { labels, datasets: sets.map((s, i) => ({ label: s.label, data: s.data, backgroundColor: color(HUES[i % 8]), borderColor: color(HUES[i % 8]), borderWidth: type === 'line' ? 1.5 : 0, pointRadius: 0, maxBarThickness: 40 })) },
		options: {
			animation: false, maintainAspectRatio: false, responsive: true, interaction: { mode: 'index', intersect: false },
			scales: {
				x: { stacked: type === 'bar', grid: { display: false }, ticks: { color: color('soft'), maxRotation: 0, autoSkipPadding: 16 } },
				y: { stacked: type === 'bar', beginAtZero: true, grid: { color: color('line') }, ticks: { color: color('soft'), callback: format } },
			},
			plugins: { legend: { display: sets.length > 1, labels: { color: color('ink'), boxWidth: 10 } }, tooltip: { callbacks: { label: c => `${c.dataset.label}: ${format(c.parsed.y)}` } } },
		},
	});
	return () => made.destroy();
}
