/* SPDX-License-Identifier: MIT */
/* Reads recordings (source/record.h, doc/RECORDING.md). */
#ifndef SPY_SOURCE_REPLAY_H
#define SPY_SOURCE_REPLAY_H

#include "base/buf.h"
#include "base/error.h"
#include "capture/chunk.h"
#include "source/source.h"

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

/* A file as a source, or standard input for "-". fn receives everything before any damage. */
struct replay_file;
int replay_file_open(struct replay_file **ret, const char *path, chunk_fn fn, void *arg,
		     struct error *reterr);
void replay_file_free(struct replay_file *f); /* accepts NULL */
struct source *replay_file_source(struct replay_file *f);
/* What is wrong with the file, once its source returned an error; borrowed. */
const struct error *replay_file_error(const struct replay_file *f);
/* All of it, without a loop. */
int replay_file_all(const char *path, chunk_fn fn, void *arg, struct error *reterr);

#endif
