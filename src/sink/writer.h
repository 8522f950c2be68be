/* SPDX-License-Identifier: MIT */
/* Where text outputs write: standard output or a private file, through a stream whose bytes are
 * committed record by record. A reader that stops reading blocks a commit until it is abandoned;
 * what fails in a file is cut off behind the last whole record, so that a later one may succeed. */
#ifndef SPY_SINK_WRITER_H
#define SPY_SINK_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/span.h"

struct writer;
/* path NULL: standard output. force: what is in the file goes. */
int writer_open(struct writer **ret, const char *path, bool force, struct error *reterr);
/* Closes without committing; accepts NULL. */
void writer_free(struct writer *w);

/* What is written to it is kept until the next commit; past a MiB it goes out early. */
FILE *writer_stream(struct writer *w);
/* It is a regular file of ours: what fails in it is cut off. */
bool writer_is_file(const struct writer *w);
int writer_fd(const struct writer *w);
/* A record ends here. Writes out all that came since the last commit. 0 or -errno: then none of it
 * counts as written; -EPIPE and the like last, -ENOSPC and -EDQUOT may pass. */
int writer_commit(struct writer *w);
/* Any thread: whole lines that are no records. They are written with the next commit that leaves a
 * line ended. */
void writer_note(struct writer *w, struct span lines);
/* What makes a file whole that ends behind the last record; borrowed until the next call. In a
 * regular file it is written with each commit, and the next record takes its place; elsewhere
 * writer_end() writes it. */
void writer_set_closing(struct writer *w, struct span closing);
/* No record comes any more. 0 or -errno. */
int writer_end(struct writer *w);
/* False once nobody can read any more what is written to a pipe or a terminal. */
bool writer_has_reader(const struct writer *w);
/* Another thread: whoever waits for a reader gives up with -ETIMEDOUT. */
void writer_abandon(struct writer *w);
/* Bytes that were written so far, for whoever watches whether a reader still reads. */
uint64_t writer_bytes(const struct writer *w);

#endif
