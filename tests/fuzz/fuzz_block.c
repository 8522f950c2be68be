/* SPDX-License-Identifier: MIT */
/* A record, read from JSON, or else any text as arguments, answer and prompt: no row of its block
 * is wider than the page, none holds a control character, and there are not more rows than there
 * may be. Two texts differ by what their difference says. */
#include <stdio.h>
#include <stdlib.h>

#include "base/safe_text.h"
#include "base/utf8.h"
#include "exchange/builder.h"
#include "exchange/json.h"
#include "json/read.h"
#include "sink/block.h"
#include "sink/diff.h"
#include "tests/fuzz/fuzz.h"

/* More than any record takes of which each text is cut. */
#define ROWS_MAX 20000

static void check(struct span s, unsigned width)
{
	unsigned columns = 0, rows = 0;

	while (s.len) {
		uint32_t code = 0;
		size_t n = utf8_next(s, &code);

		if (!n || (code < 0x20 && code != '\n') ||
		    (code != '\n' && safe_text_is_unsafe(code)))
			abort();
		columns = code == '\n' ? 0 : columns + safe_text_columns(code);
		rows += code == '\n';
		if (columns > width || rows > ROWS_MAX)
			abort();
		s = span_from(s, n);
	}
}

static void show(const struct exchange *x, struct history *h, unsigned width)
{
	const struct block_style style = { .width = width, .utf8 = width % 2, .full = false };
	const struct block b = { .x = x, .history = h };
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	block_write(f, &style, &b);
	fclose(f);
	check(span_of(out, len), width);
	free(out);
	history_add(h, x);
}

static struct exchange *made_of(struct span s)
{
	struct exchange *x = builder_new(1, 1 << 20, NULL, NULL);
	struct span half = span_first(s, s.len / 2);
	struct part *p;

	x->request_seen = x->response_seen = true;
	x->usage = USAGE_UNKNOWN;
	x->counted = COUNT_UNKNOWN;
	memcpy(x->conversation.id, "0123456789abcdef", 17);
	message_text(x, request_message(x, SPAN_LIT("user")), PART_TEXT, s);
	message_text(x, request_message(x, SPAN_LIT("assistant")), PART_TEXT, half);
	message_text(x, request_message(x, SPAN_LIT("tool")), PART_TOOL_RESULT, s);
	set_string(&request_tool(x)->description, half);
	message_text(x, &x->system, PART_TEXT, half);
	answer_text(x, 0, PART_TEXT, s);
	p = answer_part(x, 0, PART_TOOL_CALL, 1);
	set_string(&p->name, SPAN_LIT("Edit"));
	buf_add(&p->text, s);
	return x;
}

static void check_diff(struct span a, struct span b)
{
	struct diff d;

	diff_make(&d, a, b);
	if (d.count > DIFF_LINES_MAX || d.count > d.added + d.removed)
		abort();
	if (span_eq(a, b) && d.count)
		abort();
	diff_done(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);
	struct history *h = history_new(1 << 20);
	json_t *v = size ? json_read_own(s) : NULL;
	struct error e = { 0 };
	struct exchange *x = v ? exchange_from_json(v, &e) : NULL;
	struct exchange *made = made_of(s);

	for (unsigned turn = 0; turn < 2; turn++) {
		if (x)
			show(x, h, 80 + turn);
		show(made, h, 30 + (unsigned)size % 100);
	}
	check_diff(s, span_first(s, size / 2));
	check_diff(span_first(s, size / 2), span_from(s, size / 2));
	check_diff(s, s);
	exchange_unref(x);
	exchange_unref(made);
	json_decref(v);
	history_free(h);
	return 0;
}
