/* SPDX-License-Identifier: MIT */
/* How a page looks, on a light screen, on a dark one and on paper. Calls are written as they end;
 * `order` puts each under its conversation: the four digits of a conversation's number, to the base
 * of 16, are classes, so that some sixty rules do for 65,536 of them and no element has a style of
 * its own. */
#include "sink/html_text.h"

#define DIGIT(d, n) "." d n "{--" d ":" n "}"
/* Five of them. */
#define FIVE(d, n, o, p, q, r) DIGIT(d, n) DIGIT(d, o) DIGIT(d, p) DIGIT(d, q) DIGIT(d, r)
#define DIGITS(d)                                                                                  \
	FIVE(d, "1", "2", "3", "4", "5")                                                           \
	FIVE(d, "6", "7", "8", "9", "10") FIVE(d, "11", "12", "13", "14", "15")

const char html_style[] =
	":root{color-scheme:light dark;--page:#fbfaf8;--ink:#1c1b19;--soft:#66625b;--line:#e2ded6;"
	"--box:#fff;--code:#f3f1ec;--user:#1d5fa8;--model:#2c6e49;--tool:#8a5a00;--bad:#b3261e}"
	"@media(prefers-color-scheme:dark){:root{--page:#171613;--ink:#e8e5df;--soft:#a09a8f;"
	"--line:#35322c;--box:#1f1d1a;--code:#26241f;--user:#8ab8ec;--model:#86c9a2;--tool:#e0b565;"
	"--bad:#f2938c}}"
	"*{box-sizing:border-box}"
	"body{margin:0;background:var(--page);color:var(--ink);"
	"font:16px/1.55 system-ui,-apple-system,'Segoe UI',sans-serif}"
	"main{display:flex;flex-direction:column;max-width:54rem;margin:0 auto;"
	"padding:2rem 1.25rem 4rem;reading-flow:flex-visual}"
	".top{order:-3}h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}"
	"footer{order:-2;color:var(--soft);margin:0 0 1.25rem}"
	".toc{order:-1;margin:0;padding:.4rem 0;border-top:1px solid var(--line);display:flex;"
	"gap:.75rem;justify-content:space-between;color:inherit;text-decoration:none}"
	".toc:hover b{text-decoration:underline}.toc b{font-weight:600;overflow-wrap:anywhere}"
	".toc small{white-space:nowrap}"
	"small,.when,.facts,.note{color:var(--soft);font-size:.85rem}"
	"article{order:calc(1 + var(--a,0)*4096 + var(--b,0)*256 + var(--c,0)*16 + var(--d,0));"
	"padding:0 0 .5rem;scroll-margin-top:1rem}"
	"h2{font-size:1.3rem;line-height:1.3;margin:2.5rem 0 .25rem;padding-top:1.5rem;"
	"border-top:3px solid var(--line);overflow-wrap:anywhere}"
	"h3{font-size:1rem;margin:1.5rem 0 0;overflow-wrap:anywhere}"
	"h3 a{color:var(--soft);text-decoration:none}"
	".when,.facts,.bad{margin:.15rem 0 .75rem;overflow-wrap:anywhere}"
	".facts{font-variant-numeric:tabular-nums}.bad{color:var(--bad)}"
	"pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:4}"
	".say{border-left:3px solid var(--line);padding:.1rem 0 .1rem .9rem;margin:.75rem 0}"
	".user{border-color:var(--user)}.model{border-color:var(--model)}"
	"h4{margin:0 0 "
	".2rem;font-size:.78rem;letter-spacing:.04em;color:var(--soft);font-weight:600}"
	".user h4{color:var(--user)}.model h4{color:var(--model)}"
	".prose{font:inherit;margin:.25rem 0 .6rem}.note{margin:.1rem 0 .3rem}"
	".listing{background:var(--code);border-radius:6px;padding:.6rem .75rem;margin:.5rem 0;"
	"font:.82rem/1.5 ui-monospace,'Cascadia Code','DejaVu Sans Mono',monospace}"
	".thought{color:var(--soft);font-style:italic}pre.bad{font-size:.92rem}"
	"details{background:var(--box);border:1px solid var(--line);border-radius:6px;"
	"margin:.5rem 0;overflow:hidden}"
	"summary{cursor:pointer;padding:.35rem .7rem;font-size:.88rem;overflow-wrap:anywhere}"
	"summary code{font:.85em ui-monospace,'Cascadia Code','DejaVu Sans Mono',monospace;"
	"color:var(--soft)}summary b{color:var(--tool)}.failed summary b{color:var(--bad)}"
	"details pre{background:var(--code);border-top:1px solid var(--line);"
	"padding:.6rem .75rem;font:.82rem/1.5 ui-monospace,'Cascadia Code','DejaVu Sans Mono',"
	"monospace}"
	"::selection{background:#f6d98b;color:#1c1b19}"
	"@page{margin:18mm 15mm}"
	"@media print{:root{color-scheme:light;--page:#fff;--ink:#000;--soft:#444;--line:#bbb;"
	"--box:#fff;--code:#f6f6f6;--user:#1d5fa8;--model:#2c6e49;--tool:#8a5a00;--bad:#b3261e}"
	"body{font-size:10.5pt}main{max-width:none;padding:0}"
	"details::details-content{content-visibility:visible;display:block;height:auto}"
	"h2,h3,h4,summary{break-after:avoid}.toc{break-inside:avoid}}" DIGITS("a") DIGITS("b")
		DIGITS("c") DIGITS("d");
