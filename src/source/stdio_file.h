/* SPDX-License-Identifier: MIT */
/* A pipe or a Unix socket that processes write to: who is at its ends, as the kernel has told, and
 * the events that are held until it is known whether they are wanted, and whose they are. */
#ifndef SPY_SOURCE_STDIO_FILE_H
#define SPY_SOURCE_STDIO_FILE_H

#include <linux/types.h>

#include "base/buf.h"
#include "base/list.h"
#include "capture/chunk.h"
#include "probes/event.h"
#include "source/stdio_ends.h"

/* A process at an end of a file, as it was when it wrote or read. */
struct end {
	struct chunk as;	       /* process, thread, user and cgroup; tid 0: not told */
	uint32_t parents[SPY_PARENTS]; /* nearest first; 0: no more, or not told */
};

/* 0: not known. */
uint32_t end_process(const struct end *e);
/* Of a process of which nothing else was told. */
struct end end_of_process(pid_t pid);
/* The agent's child that `e` is or descends from, as the kernel has told; 0: it has told of none.
 */
uint32_t end_child(uint32_t agent, const struct end *e);

/* WAITING: it speaks JSON-RPC, and the kernel has not told yet who reads it. */
enum verdict { LOOKING, WAITING, WANTED };

/* An event of a file that is not WANTED yet. */
struct held {
	struct held *next;
	struct chunk chunk;
	uint8_t bytes[];
};

struct link;
struct file {
	struct list of_all;
	struct fd_file own, peer;
	uint64_t first_seen_ns; /* 0: nothing was written yet */
	enum verdict verdict;
	uint64_t waits_ns; /* since when */
	bool asks;	   /* its first message is a request */
	bool expected;	   /* a server's output: other lines may precede its first message */
	struct end writer, reader;
	struct buf first;
	struct held *held, **held_end;
	size_t held_bytes;
	struct link *link;  /* NULL: not known yet. With the next two, set by link_take */
	struct file **slot; /* its place there */
	enum dir dir;
};

struct files {
	int map;	 /* spy_files */
	struct list all; /* the latest first */
	size_t count, waiting, held_bytes;
};

void files_init(struct files *s, int map);
void files_done(struct files *s);
/* NULL: there is none. */
struct file *file_find(struct files *s, uint64_t ino);
/* The oldest of too many gives way. */
struct file *file_add(struct files *s, uint64_t ino);
/* That of a chunk, added when it is new. */
struct file *file_of(struct files *s, const struct chunk *c);
void file_free(struct files *s, struct file *f);
/* Nothing more of it comes, but what is under way; it is freed. */
void file_refuse(struct files *s, struct file *f);
void file_judge(struct files *s, struct file *f, enum verdict v);

void file_hold(struct files *s, struct file *f, const struct chunk *c); /* a copy */
void file_drop_held(struct files *s, struct file *f);
/* More is held, of all files, than should be. */
bool files_are_full(const struct files *s);

/* Which end of the file a process is; NULL: neither, as far as was told. */
const struct end *file_end(const struct file *f, uint32_t tgid);
/* Both ends, as the kernel has told; false: it has not. */
bool file_ends(const struct file *f, struct stdio_ends *ret);

#endif
