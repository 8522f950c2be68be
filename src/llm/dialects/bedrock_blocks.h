/* SPDX-License-Identifier: MIT */
/* Content blocks of Bedrock's Converse: they have no type, it is the name of their only member. */
#ifndef SPY_LLM_DIALECTS_BEDROCK_BLOCKS_H
#define SPY_LLM_DIALECTS_BEDROCK_BLOCKS_H

#include "exchange/builder.h"

struct block {
	enum part_kind kind;
	const char *word;  /* the part's type_raw; NULL: kind is specific enough */
	const char *media; /* family of its media type; NULL: it has none */
	const json_t *v;   /* content of the block's member */
	bool is_data;	   /* v is base64, to be digested and not shown */
};

struct block converse_block(const json_t *v);
bool converse_is_block(const json_t *v);
/* All members of the part except the text, and the text. */
void converse_set_block(struct part *p, const struct block *b);
void converse_add_text(struct part *p, const struct block *b);

/* The text of a tool's result, the message's last part, and what is binary in it. */
void converse_result(struct exchange *x, struct message *m, const struct block *b);

/* What is not known of a block; NULL: it is the answer's. */
void converse_block_rest(struct exchange *x, struct message *m, const json_t *v);
void converse_rest(struct exchange *x, struct message *m, const json_t *v,
		   const char *const *known);
/* A source of the answer. */
void converse_citation(struct exchange *x, const json_t *v);

#endif
