/* SPDX-License-Identifier: MIT */
#include "exchange/did.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "exchange/spender.h"

#define TEXT_SIZE 240

/* On one line: blanks of any kind are one. */
static char *one_line(const char *before, struct span text)
{
	char part[TEXT_SIZE];
	struct buf b;

	buf_init(&b, 2 * TEXT_SIZE);
	buf_adds(&b, before);
	utf8_cut(text, part, sizeof(part));
	for (const char *c = part; *c; c++)
		if (!strchr(" \t\r\n", *c))
			buf_addc(&b, *c);
		else if (b.len && b.ptr[b.len - 1] != ' ')
			buf_addc(&b, ' ');
	return buf_take(&b);
}

static char *of_failure(const struct exchange *x)
{
	const struct api_error *e = x->error;
	const char *why = e ? e->type ? e->type : e->code ? e->code : e->message : NULL;
	char status[16] = "";

	if (x->status)
		snprintf(status, sizeof(status), "%u ", x->status);
	return one_line(status, span_str(why ? why : x->status ? "" : "failed"));
}

static char *of_answer(const struct message *m)
{
	const struct part *said = NULL;

	for (size_t i = 0; i < m->nparts; i++)
		if (m->parts[i].kind == PART_TOOL_CALL ||
		    ((m->parts[i].kind == PART_TEXT || m->parts[i].kind == PART_REFUSAL) &&
		     m->parts[i].text.len))
			said = &m->parts[i];
	if (!said)
		return NULL;
	if (said->kind != PART_TOOL_CALL)
		return one_line("", buf_span(&said->text));

	AUTO_FREE char *name = one_line("tool: ", span_str(said->name ? said->name : "?"));
	AUTO_FREE char *named = xasprintf("%s ", name);

	return one_line(named, buf_span(&said->text));
}

char *exchange_did(const struct exchange *x)
{
	if (x->did)
		return xstrdup(x->did);
	if (exchange_failed(x))
		return of_failure(x);
	if (!x->response_seen)
		return xstrdup("no response");
	return x->nchoices ? of_answer(&x->choices[0].msg) : NULL;
}
