// SPDX-License-Identifier: MIT
// Pictures of views for README, for scripts/make-screenshots: shots.mjs URL FOLDER JSON
import { open } from './page.mjs';

const [url, folder, said] = process.argv.slice(2);
const { conversation, call } = JSON.parse(said);
const p = await open(url, { viewport: { width: 1200, height: 700 } });

async function shot(name, query, wait, colorScheme = 'light') {
	await p.page.emulateMedia({ colorScheme });
	await p.to(query);
	await p.page.waitForSelector(wait);
	await p.page.waitForFunction(() => document.querySelector('#totals').textContent.includes('call'));
	await p.page.waitForTimeout(1000);
	await p.page.screenshot({ path: `${folder}/web-${name}.png` });
}

await shot('agents', `?conv=${conversation}`, '.turn:nth-of-type(4)');
await shot('call', `?view=conversations&conv=${conversation}&call=${call}&tab=timing`, '.waterfall', 'dark');
await shot('spend', '?view=spend&by=model', '.chart canvas, .page table');
await p.browser.close();
