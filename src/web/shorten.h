/* SPDX-License-Identifier: MIT */
/* Records for a page: long texts are shortened, and can be asked for one by one. Pure. */
#ifndef SPY_WEB_SHORTEN_H
#define SPY_WEB_SHORTEN_H

#include <jansson.h>

/* Bytes of one text that are shown, and of all before they are shortened further. */
#define SHORT_TEXT  ((size_t)64 << 10)
#define SHORT_ALL   ((size_t)4 << 20)
#define SHORT_LEAST 512

/* Each object of which a text is shortened gets a member `shortened`: the bytes of each, by the way
 * to it from there ("text", "input/0"). *left: of SHORT_ALL. */
void shorten(json_t *v, size_t *left);
/* The text at a place such as "/request/messages/3/parts/0/text" (RFC 6901); NULL: there is none.
 */
const json_t *shorten_find(const json_t *v, const char *at);

#endif
