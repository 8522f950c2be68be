/* SPDX-License-Identifier: MIT */
/* Reads recordings (source/record.h, doc/RECORDING.md). */
#ifndef SPY_SOURCE_REPLAY_H
#define SPY_SOURCE_REPLAY_H

#include "base/buf.h"
#include "base/error.h"
#include "capture/chunk.h"

/* Incremental and pure: takes the file's bytes in any pieces. */
struct replay {
	struct buf in;	/* not read yet */
	uint64_t off;	/* offset in the file of the first byte of `in` */
	uint64_t count; /* chunk records so far */
	bool begun, ended;
	uint64_t last_ns; /* latest time in the recording */
};

void replay_init(struct replay *r);
void replay_done(struct replay *r);
/* 0; -EPROTO with a message if the file is foreign or damaged; or fn's negative return. */
int replay_feed(struct replay *r, struct span s, chunk_fn fn, void *arg, struct error *reterr);
/* At the end of the file: an error if the recording should have continued. */
int replay_finish(const struct replay *r, struct error *reterr);

/* Reads a whole file, or standard input for "-". fn receives everything before any damage. */
int replay_file(const char *path, chunk_fn fn, void *arg, struct error *reterr);

#endif
