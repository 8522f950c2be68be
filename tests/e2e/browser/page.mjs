// SPDX-License-Identifier: MIT
// A page of `llm-spy serve` in a real browser: what test_web.py's scenarios share. Checks are lines of JSON.
import { createRequire } from 'node:module';

const need = createRequire(`${process.env.MODULES}/`);
const { chromium } = need('playwright-core');
const axe = need('axe-core').source;

export function ok(good, what, ...more) {
	console.log(JSON.stringify({ ok: Boolean(good), what, more: good ? [] : more.map(m => typeof m === 'string' ? m : JSON.stringify(m)) }));
	return good;
}

export async function open(url, options = {}) {
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
	context.setDefaultTimeout(60000);
	const page = await context.newPage();
	const wrong = [];
	page.on('console', m => m.type() === 'error' && wrong.push(`console: ${m.text()} ${m.location().url}`));
	page.on('pageerror', e => wrong.push(`error: ${e.stack}`));
	page.on('dialog', d => {
		wrong.push(`dialog: ${d.message()}`);
		d.dismiss();
	});
	await context.addInitScript(() => {
		window.__ran = 0;
		document.addEventListener('securitypolicyviolation', e => console.error(`CSP: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}`));
	});
	await page.goto(url);
	await page.waitForSelector('html[data-ready]');
	const base = new URL(url).origin;
	return {
		browser, page, base, wrong,
		async to(query) {
			await page.goto(`${base}/${query}`);
			await page.waitForSelector('html[data-ready]');
		},
		clean(what) {
			ok(!wrong.length, `${what}: no error in the console, no violation of the policy`, ...wrong.splice(0).slice(0, 8));
		},
		async axe(what) {
			await page.evaluate(axe);
			const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
			const said = found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => `${n.target} ${n.failureSummary}`).join(' | ')}`);
			ok(!said.length, `${what}: axe-core finds nothing`, ...said);
		},
	};
}

// The texts of what matches, once there is any.
export async function texts(page, selector) {
	await page.waitForSelector(selector, { state: 'attached' });
	return page.$$eval(selector, list => list.map(e => e.textContent));
}

export const rows = page => page.$$eval('.left .rows .row', list => list.map(e => e.textContent));
export const query = page => new URL(page.url()).searchParams;

export async function waitRows(page) {
	await page.waitForFunction(() => document.querySelector('.left .rows .row:not([data-waits])') || document.querySelector('.left .empty:not([hidden])'));
}
