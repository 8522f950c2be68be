/* SPDX-License-Identifier: MIT */
#include "top/prompt.h"

#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe_text.h"
#include "base/typed.h"
#include "base/xalloc.h"
#include "select/amount.h"
#include "top/filter.h"

static const struct {
	const char *sign, *hint;
} prompts[] = {
	[PROMPT_NONE] = { "", "" },
	[PROMPT_FILTER] = { "/", "model=gpt* errors=only since=1h, or any text; Esc: as before" },
	[PROMPT_JUMP] = { ":", "number of a call, or how a conversation begins" },
	[PROMPT_EXPORT] = { "write to: ", "NAME.md, .html, .har or .jsonl" },
};

/* ---- what is wrong ---- */

static void check_filter(struct top_prompt *p)
{
	struct top_filter f;
	struct error why = { 0 };

	if (top_filter_read(&f, p->typed, &why) != 0)
		snprintf(p->wrong, sizeof(p->wrong), "%s", why.text);
	else
		top_filter_done(&f);
}

static void check_jump(struct top_prompt *p)
{
	const char *typed = p->typed + (*p->typed == '#');

	if (typed[strspn(typed, "0123456789abcdef")])
		snprintf(p->wrong, sizeof(p->wrong),
			 "a number such as 17, or 0 to 9 and a to f of a conversation");
}

static void check_export(struct top_prompt *p)
{
	const char *dot = strrchr(p->typed, '.');
	static const char *const endings[] = { ".md", ".html", ".har", ".jsonl" };

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(*endings); i++)
		if (strcmp(dot, endings[i]) == 0)
			return;
	snprintf(p->wrong, sizeof(p->wrong), "it has to end in .md, .html, .har or .jsonl");
}

static void check(struct top_prompt *p)
{
	p->wrong[0] = '\0';
	switch (p->of) {
	case PROMPT_FILTER:
		check_filter(p);
		break;
	case PROMPT_JUMP:
		check_jump(p);
		break;
	case PROMPT_EXPORT:
		check_export(p);
		break;
	case PROMPT_NONE:
		break;
	}
}

/* ---- keys ---- */

void top_prompt_begin(struct top_prompt *p, enum top_prompt_of of, const char *text)
{
	p->of = of;
	snprintf(p->typed, sizeof(p->typed), "%s", text);
	check(p);
}

enum top_prompt_key top_prompt_type(struct top_prompt *p, int key)
{
	switch (key) {
	case '\r':
	case '\n':
	case KEY_ENTER:
		return PROMPT_ENTERED;
	case '\x1b':
		p->wrong[0] = '\0';
		return PROMPT_LEFT;
	default:
		typed_key(p->typed, sizeof(p->typed), key == KEY_BACKSPACE ? '\b' : key);
	}
	check(p);
	return PROMPT_TYPED;
}

/* ---- drawing ---- */

static const char *fitted(struct buf *line, const char *text, bool utf8, unsigned columns)
{
	buf_reset(line);
	safe_text_add(line, span_str(text), utf8, columns);
	buf_addc(line, '\0');
	return line->ptr;
}

void top_prompt_draw(const struct top_prompt *p, const struct top_screen *screen, bool utf8)
{
	unsigned y = top_screen_rows() - 1, width = top_screen_columns(), x;
	enum top_look look = p->wrong[0] ? LOOK_FAILED : LOOK_STRONG;
	const char *beside = p->wrong[0] ? p->wrong : *p->typed ? "" : prompts[p->of].hint;
	struct buf line;

	buf_init(&line, 4096);
	x = top_screen_put(screen, y, 0, look, prompts[p->of].sign);
	x = top_screen_put(screen, y, x, look,
			   fitted(&line, p->typed, utf8, width > x + 4 ? width - x - 4 : 0));
	x = top_screen_put(screen, y, x, look, "_");
	if (width > x + 6)
		top_screen_put(screen, y, x + 2, p->wrong[0] ? LOOK_FAILED : LOOK_META,
			       fitted(&line, beside, utf8, width - x - 6));
	buf_done(&line);
}
