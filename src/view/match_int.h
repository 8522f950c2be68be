/* SPDX-License-Identifier: MIT */
/* What match.c and match_difference.c have in common: the parts of a request, without what is
 * volatile. */
#ifndef SPY_VIEW_MATCH_INT_H
#define SPY_VIEW_MATCH_INT_H

#include <jansson.h>

#include "view/match.h"

#define MATCH_QUERY_MAX 256

/* A target: its path, and the parameters of its query, sorted, but for volatile ones. Past
 * MATCH_QUERY_MAX they are one. Borrowed. */
struct match_target {
	struct span path;
	struct span query[MATCH_QUERY_MAX];
	size_t count;
};
void match_target_init(struct match_target *t, struct span target);

/* The body as JSON; NULL: it is none, or not whole. */
json_t *match_json(struct span body, struct limits *lim);
/* A body that is no JSON, without the boundary of a multipart form, which clients make anew. */
void match_bytes_init(const struct match_request *r, struct buf *out);

/* One letter for each type that is told apart: a number is a number. */
char match_kind(const json_t *v);
/* The text of a string or number, without what is volatile: the same for all that are equal. Empty
 * for other values. */
void match_value_init(const json_t *v, struct buf *out);

/* "messages[3].content", from which a step is taken back. */
void match_path_member(struct buf *path, const char *name);
void match_path_item(struct buf *path, size_t i);
void match_path_back(struct buf *path, size_t len);

#endif
