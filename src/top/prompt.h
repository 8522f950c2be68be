/* SPDX-License-Identifier: MIT */
/* A line that is typed at the bottom, of which is said at once what is wrong with it. */
#ifndef SPY_TOP_PROMPT_H
#define SPY_TOP_PROMPT_H

#include "top/screen.h"

#define TOP_TYPED 256

enum top_prompt_of { PROMPT_NONE, PROMPT_FILTER, PROMPT_JUMP, PROMPT_EXPORT };

struct top_prompt {
	enum top_prompt_of of;
	char typed[TOP_TYPED];
	char wrong[320]; /* "": nothing is */
};

enum top_prompt_key { PROMPT_TYPED, PROMPT_ENTERED, PROMPT_LEFT };

void top_prompt_begin(struct top_prompt *p, enum top_prompt_of of, const char *text);
/* PROMPT_ENTERED, also where something is wrong, and PROMPT_LEFT: it stays as it is. */
enum top_prompt_key top_prompt_type(struct top_prompt *p, int key);
void top_prompt_draw(const struct top_prompt *p, const struct top_screen *screen, bool utf8);

#endif
