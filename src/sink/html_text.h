/* SPDX-License-Identifier: MIT */
/* Traffic in HTML: text and nothing else, in elements and between double quotes alike. */
#ifndef SPY_SINK_HTML_TEXT_H
#define SPY_SINK_HTML_TEXT_H

#include "base/buf.h"

/* With its lines. */
void html_text(struct buf *out, struct span text);
/* On one line, of at most `max` columns. */
void html_inline(struct buf *out, struct span text, unsigned max);

/* The style sheet, and what the page's policy calls it: 'sha256-...', base64. */
extern const char html_style[];
#define HTML_STYLE_DIGEST 64
void html_style_digest(char ret[HTML_STYLE_DIGEST]);

#endif
