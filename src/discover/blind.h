/* SPDX-License-Identifier: MIT */
/* Processes with connections to port 443 whose TLS cannot be hooked or is not known. A verdict is
 * given anew each time; the last one counts, and of one that has ended, the last before. Used by
 * one thread at a time, but for blind_unseen. */
#ifndef SPY_DISCOVER_BLIND_H
#define SPY_DISCOVER_BLIND_H

#include "capture/filter.h"
#include "discover/scan_cache.h"
#include "discover/targets.h"
#include "report/carried.h"
#include "report/unseen.h"

struct blind;
/* Borrows both until blind_free. */
struct blind *blind_new(const struct filter_options *filter, struct scan_cache *files);
void blind_free(struct blind *b);

/* It has a connection. False: there is no room for it. */
bool blind_remember(struct blind *b, pid_t pid, bool udp, const char *peer);
bool blind_knows(const struct blind *b, pid_t pid);
void blind_judge(struct blind *b, pid_t pid);
/* What runs in it, for the case that it has ended when it turns out that it was not captured. */
void blind_look(struct blind *b, pid_t pid);
/* It had a connection that nothing has carried: a fact, which no later verdict takes back.
 * ts: what is hooked. */
void blind_uncarried(struct blind *b, const struct uncarried *u, const struct targets *ts);
void blind_forget_gone(struct blind *b);
/* Whoever is blind by now needs no word of its own: how many they are. */
size_t blind_settle(struct blind *b);
/* Says who has been blind since the last call but one: what was just begun may load its TLS yet. */
void blind_tell(struct blind *b);
/* How often there was no room for one. */
uint64_t blind_unjudged(const struct blind *b);
/* Who is blind, added to ret. */
void blind_unseen(struct blind *b, struct unseen *ret);

#endif
