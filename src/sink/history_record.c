/* SPDX-License-Identifier: MIT */
/* What is remembered of a record: its texts and their digests. */
#include <nettle/sha2.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "json/write.h"
#include "sink/history_int.h"

#define TOOL_MAX (32u << 10)

bool history_is_answer(const struct message *m)
{
	return m->role && (strcmp(m->role, "assistant") == 0 || strcmp(m->role, "model") == 0);
}

bool history_is_system(const struct message *m)
{
	return m->role && (strcmp(m->role, "system") == 0 || strcmp(m->role, "developer") == 0);
}

size_t history_system_messages(const struct exchange *x)
{
	size_t n = 0;

	while (n < x->nmessages && history_is_system(&x->messages[n]))
		n++;
	return n;
}

/* A line that Claude Code puts before its prompt, another one in each version of it. */
static bool is_bookkeeping(struct span text)
{
	return span_starts(text, SPAN_LIT("x-anthropic-billing-header:"));
}

static void add_parts(struct buf *out, const struct message *m)
{
	for (size_t i = 0; i < m->nparts; i++) {
		struct span text = buf_span(&m->parts[i].text);

		if (m->parts[i].kind != PART_TEXT || is_bookkeeping(text))
			continue;
		if (out->len)
			buf_addc(out, '\n');
		buf_add(out, text);
	}
}

void history_system(const struct exchange *x, struct buf *out)
{
	size_t n = history_system_messages(x);

	add_parts(out, &x->system);
	for (size_t i = 0; i < n; i++)
		add_parts(out, &x->messages[i]);
}

char *history_message(const struct message *m)
{
	struct buf text;

	buf_init(&text, MESSAGE_KEPT);
	for (size_t i = 0; i < m->nparts && !text.full; i++) {
		if (text.len)
			buf_addc(&text, '\n');
		buf_add(&text, buf_span(&m->parts[i].text));
	}
	return buf_take(&text);
}

static struct tool_text tool_text(const struct tool *t)
{
	char *schema = t->schema ? json_write_lines(t->schema, 1) : NULL;
	struct tool_text ret;
	struct buf text;

	buf_init(&text, TOOL_MAX);
	buf_adds(&text, t->description ? t->description : "");
	buf_addc(&text, '\n');
	buf_adds(&text, schema ? schema : "");
	free(schema);
	ret.name = xstrndup(t->name ? t->name : "?",
			    strnlen(t->name ? t->name : "?", HISTORY_NAME_MAX));
	ret.text = buf_take(&text);
	return ret;
}

struct tool_text *history_tools(const struct exchange *x, size_t *ret_count)
{
	size_t count = x->ntools < TOOLS_KEPT ? x->ntools : TOOLS_KEPT;
	struct tool_text *tools = xcalloc(count + 1, sizeof(*tools));

	for (size_t i = 0; i < count; i++)
		tools[i] = tool_text(&x->tools[i]);
	*ret_count = count;
	return tools;
}

void history_tools_free(struct tool_text *tools, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(tools[i].name);
		free(tools[i].text);
	}
	free(tools);
}

static void digest_begin(struct sha256_ctx *ctx, const char *what, const struct exchange *x)
{
	const char *program = exchange_program(x);

	sha256_init(ctx);
	sha256_update(ctx, strlen(what) + 1, (const uint8_t *)what);
	sha256_update(ctx, strlen(program) + 1, (const uint8_t *)program);
}

static void digest_text(struct sha256_ctx *ctx, const char *text)
{
	if (text)
		sha256_update(ctx, strlen(text), (const uint8_t *)text);
	sha256_update(ctx, 1, (const uint8_t *)"");
}

static void digest_json(struct sha256_ctx *ctx, const json_t *v)
{
	char *text = v ? json_write_text(v) : NULL;

	digest_text(ctx, text);
	free(text);
}

struct digests history_digests(const struct exchange *x, const struct buf *system)
{
	struct sha256_ctx ctx;
	struct digests d;

	digest_begin(&ctx, "system", x);
	sha256_update(&ctx, system->len, (const uint8_t *)system->ptr);
	sha256_digest(&ctx, sizeof(d.system), d.system);
	digest_begin(&ctx, "tools", x);
	for (size_t i = 0; i < x->ntools; i++) {
		digest_text(&ctx, x->tools[i].name);
		digest_text(&ctx, x->tools[i].description);
		digest_json(&ctx, x->tools[i].schema);
	}
	sha256_digest(&ctx, sizeof(d.tools), d.tools);
	digest_begin(&ctx, "params", x);
	for (size_t i = 0; i < x->nparams; i++) {
		digest_text(&ctx, x->params[i].name);
		digest_json(&ctx, x->params[i].value);
	}
	sha256_digest(&ctx, sizeof(d.params), d.params);
	return d;
}
