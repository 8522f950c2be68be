/* SPDX-License-Identifier: MIT */
/* Calls that a gateway passes on: a process on this host that answers a call and, before its answer
 * is complete, asks the same question itself. Both legs are told; each names the other's program,
 * so that sums can leave the first one out. */
#ifndef SPY_ASSEMBLE_RELAY_H
#define SPY_ASSEMBLE_RELAY_H

#include "assemble/assembly.h"

/* The request was read, and is about to be told. */
void relay_request(struct assembly *k);
/* Nothing more comes of it. */
void relay_over(struct assembly *k);
/* Two views turned out to be of one call. */
void relay_matched(const struct assembly *server, struct assembly *client);

#endif
