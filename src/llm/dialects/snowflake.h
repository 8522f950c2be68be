/* SPDX-License-Identifier: MIT */
/* Snowflake's own form of Chat Completions, where calls of tools and what they gave back stand in
 * content_list. Source: docs.snowflake.com, Cortex REST API, COMPLETE (read November 2026). */
#ifndef SPY_LLM_DIALECTS_SNOWFLAKE_H
#define SPY_LLM_DIALECTS_SNOWFLAKE_H

#include <jansson.h>

/* A request, an answer or an event of a stream as one of Chat Completions, a new value. */
json_t *snowflake_as_chat(const json_t *body);

#endif
