/* SPDX-License-Identifier: MIT */
/* Shared by openai_media.c and its streams. */
#ifndef SPY_LLM_DIALECTS_OPENAI_MEDIA_H
#define SPY_LLM_DIALECTS_OPENAI_MEDIA_H

#include "exchange/builder.h"

/* Zeroed: nothing came yet. */
struct media_stream {
	unsigned pictures; /* so many are done */
	bool sounding;
	struct sha256_ctx sound;
};

void media_event(struct exchange *x, void *state, struct span name, const json_t *data);
bool media_is_last(const json_t *data);

/* Members that are read, that say nothing, or that are numbers of each word and token. */
extern const char *const media_members[];
void task_usage(struct exchange *x, const json_t *body);
/* A picture; the answer around it, which may be itself, tells its format. */
void media_picture(struct part *p, const json_t *v, const json_t *around);
/* A piece of a transcript that names who spoke. */
void media_segment(struct exchange *x, const json_t *v);

#endif
