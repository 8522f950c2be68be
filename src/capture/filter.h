/* SPDX-License-Identifier: MIT */
/* Passes on only chunks of the selected processes, live or from a recording, before they are
 * recorded or parsed. Filters of the BPF programs are repeated here, for recordings. */
#ifndef SPY_CAPTURE_FILTER_H
#define SPY_CAPTURE_FILTER_H

#include <sys/types.h>

#include "capture/chunk.h"

struct proc_text;

/* A name is compared with the recorded one, which may be another host's; where none is recorded,
 * its number on this host counts. */
struct filter_user {
	const char *name; /* NULL: it was given as a number */
	uint32_t uid;
	bool known; /* uid is one */
};

/* The kernel compares each process with so many. */
#define FILTER_CGROUPS_MAX 16

/* Alternatives of one kind; different kinds all have to agree. None of a kind: any. */
struct filter_options {
	const pid_t *pids;
	size_t npids;
	const char *const *names; /* shell patterns for names of programs, scripts or threads */
	size_t nnames;
	const struct filter_user *users;
	size_t nusers;
	const char *const *containers; /* beginnings of ids; shell patterns for names and pods */
	size_t ncontainers;
	const char *const *units; /* shell patterns */
	size_t nunits;
	/* Paths below the cgroup v2 file system, with what is below them: "/user.slice". The kernel
	 * filters by them too. */
	const char *const *cgroups;
	size_t ncgroups;
};

/* Whether anything is left out, and whether by more than numbers of processes. */
bool filter_is_on(const struct filter_options *o);
bool filter_asks_more(const struct filter_options *o);
bool filter_has_pid(const struct filter_options *o, pid_t pid);
bool filter_has_uid(const struct filter_options *o, uint32_t uid); /* without a recorded name */
bool filter_has_name(const struct filter_options *o, struct span name);
/* All but the pid; comm: the thread's name, "": unknown. */
bool filter_has_process(const struct filter_options *o, const struct proc_text *p, uint32_t uid,
			const char *comm);

struct filter;
/* `o` is borrowed until filter_free. */
struct filter *filter_new(const struct filter_options *o, chunk_fn next, void *arg);
void filter_free(struct filter *f);		       /* accepts NULL */
int filter_chunk(void *filter, const struct chunk *c); /* a chunk_fn */
/* For a source that may describe a process after its first events: these wait for that, and what
 * comes after them too, since views of one call are told together. As long and as many as
 * held_chunks.h says; then the process counts as one of which only thread and user are known. */
void filter_await_descriptions(struct filter *f);
/* Passes on what has waited for long enough; an error is returned by what is called next. Returns
 * the time until when all has passed. */
uint64_t filter_tick(struct filter *f, uint64_t now_ns);
/* Nothing comes any more: what still waits is passed on. */
int filter_finish(struct filter *f);
/* A name that was asked for and is nobody's, neither on this host nor so far in what passed; NULL.
 */
const char *filter_unknown_user(const struct filter *f);

#endif
