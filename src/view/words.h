/* SPDX-License-Identifier: MIT */
/* Texts that come again and again, each kept once and known by a number. Pure. */
#ifndef SPY_VIEW_WORDS_H
#define SPY_VIEW_WORDS_H

#include <stdint.h>

struct words;
struct words *words_new(void);
void words_free(struct words *w); /* accepts NULL */
/* Its number; 0 for NULL. Long texts are cut at a kilobyte, between two characters. */
uint32_t words_add(struct words *w, const char *text);
const char *words_text(const struct words *w, uint32_t number); /* NULL for 0 */

#endif
