/* SPDX-License-Identifier: MIT */
/* Shared by the dialects of OpenAI's family. */
#ifndef SPY_LLM_DIALECTS_OPENAI_H
#define SPY_LLM_DIALECTS_OPENAI_H

#include "exchange/builder.h"

/* A usage object of Chat Completions and of all APIs that count the same way; the last one
 * counts. */
void openai_usage(struct exchange *x, const json_t *v);
/* What both sides' tokens were, under any name that OpenAI's APIs have for that. */
void openai_usage_details(struct usage *u, const json_t *v);

void openai_timings(struct exchange *x, const json_t *v);

enum finish openai_finish(struct span raw);

/* Members of an answer or a chunk beside its choices that are not known. */
void openai_rest(struct exchange *x, const json_t *body);
/* Sources by which a text of an answer is annotated. */
void openai_annotations(struct exchange *x, const json_t *list);
void openai_annotation(struct exchange *x, const json_t *v);

/* Pages that stand beside the choices. */
void openai_search_results(struct exchange *x, const json_t *body);
void openai_message_sources(struct exchange *x, const json_t *message);
void openai_pages(struct exchange *x, const json_t *list);

/* ---- openai_binary.c ---- */

/* What a part of that form holds; PART_OTHER: no binary content. */
extern const char *const openai_binary_members[]; /* as openai_message_members */
enum part_kind openai_binary_kind(const json_t *v);
void openai_binary_read(struct part *p, const json_t *v);
/* A text that is a URL, a URL of data, or base64. */
void openai_binary_data(struct part *p, const json_t *v);
/* Adds the part of it; false: it is no binary content. */
bool openai_binary(struct exchange *x, struct message *m, const json_t *v);
/* What a tool gave back, as `p`, whose slot is before `slot`, and, from there on, what is binary in
 * it. */
void openai_answer_result(struct exchange *x, int slot, struct part *p, const json_t *content);

/* ---- Chat Completions: openai_chat_request.c ---- */

void openai_chat_request(struct exchange *x, const json_t *body);
void openai_chat_message(struct exchange *x, const json_t *v);
/* Texts of thinking: a text, or a list or object that has them under one of several names. */
void openai_each_thought(const json_t *v, void (*say)(void *arg, struct span text), void *arg);
/* Under which members vendors have thinking: of several the first counts, since the others repeat
 * it. Ends with NULL. */
extern const char *const openai_thoughts[];
/* Whether there is some that only the provider can read. */
bool openai_is_encrypted(const json_t *list);
/* Members of a message that are read, of requests and answers alike, or that say nothing new. */
extern const char *const openai_message_members[];
/* The same of a call and its function. */
extern const char *const openai_call_members[];
/* The function of a call, or what a tool of another type has in its place. */
const json_t *openai_call_function(const json_t *call);
/* Some gateways send every member, empty. */
bool openai_empty_call(const json_t *function);

/* One tool call of an answer or a piece of one: openai_chat_calls.c. `function` is its function. */
void openai_answer_call(struct exchange *x, unsigned index, const json_t *call,
			const json_t *function);

/* The nth part of that type, made when it is new, beside the text, which goes on past it. */
struct part *openai_aside(struct exchange *x, unsigned index, enum part_kind kind, const char *type,
			  size_t n);
/* Calls of the provider's own tools, with what they gave back. */
void openai_executed(struct exchange *x, unsigned index, const json_t *list);

/* ---- Responses: openai_responses_request.c ---- */

void responses_request(struct exchange *x, const json_t *body);
/* A text, an item or a list of items. */
void responses_input(struct exchange *x, const json_t *input);
/* Members of calls and their outputs, of other items, and of their parts: as
 * openai_message_members.
 */
extern const char *const responses_call_members[], *const responses_item_members[],
							   *const responses_part_members[];
/* "function_call" and the like. */
bool responses_is_call(struct span type);
/* The member of a call's item that a reader wants to see; NULL: none. */
const json_t *responses_call_input(const json_t *item);
/* Name of the call; the provider's own tools have only their kind. */
void responses_read_call(struct part *p, const json_t *item);
/* What a call of the provider's own tools gave back, as it is in the call's item; NULL: nothing. */
const json_t *responses_call_result(const json_t *item);
bool responses_failed(const json_t *item);
/* The picture that a call made. */
void responses_picture(struct part *p, const json_t *item);

/* ---- Realtime: openai_realtime.c ---- */

/* The session that holds, of the messages that tell of one; and what it asks for. */
const json_t *realtime_session_of(const json_t *messages);
void realtime_session(struct exchange *x, const json_t *v);
/* ?model=... of the path, if no session was captured. */
void realtime_query(struct exchange *x);

/* Events of a stream with the state of their own dialect. */
struct response_items;
void responses_event(struct exchange *x, struct response_items *items, struct span name,
		     const json_t *data);

#endif
