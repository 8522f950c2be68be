/* SPDX-License-Identifier: MIT */
/* Entries of Mistral's conversations: messages, calls of functions, what they gave back, and tools
 * that the provider ran. Source: docs.mistral.ai/agents (read November 2026). */
#ifndef SPY_LLM_DIALECTS_MISTRAL_ENTRIES_H
#define SPY_LLM_DIALECTS_MISTRAL_ENTRIES_H

#include <jansson.h>
#include <stdbool.h>

/* An entry, or a piece of one in a stream. */
bool mistral_is_entry(const json_t *v);
/* As a message of Chat Completions, a new value. `at`: its place among the entries. */
json_t *mistral_as_chat(const json_t *entry, int at);

#endif
