/* SPDX-License-Identifier: MIT */
/* What could not be seen, for people: processes, or files. What runs has a note for each; of what
 * has ended those alike are put together, and there is a ceiling on them as on files. */
#ifndef SPY_REPORT_UNSEEN_H
#define SPY_REPORT_UNSEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define UNSEEN_ENDED_MAX 128
#define UNSEEN_FILES_MAX 128

struct unseen_note {
	pid_t pid;	       /* 0: a file, or several processes */
	uint64_t processes;    /* how many; 0: a file */
	bool ended;	       /* the process */
	bool proven;	       /* by a connection that was not captured */
	unsigned char told;    /* blind.c's */
	char *name;	       /* of the program, or the file */
	uint64_t dev, ino;     /* of a file; dev 0: any, of a file below overlays */
	char *reason, *remedy; /* remedy: NULL when there is none */
};

/* Zeroed at first. */
struct unseen {
	struct unseen_note *items;
	size_t count;
	uint64_t changes; /* rises with each; a copy's too, with each of what was copied */
};

/* Replaces what was noted of the same process. */
void unseen_add(struct unseen *n, pid_t pid, const char *name, const char *reason,
		const char *remedy);
/* Beyond the ceiling, the oldest one of a file goes. */
void unseen_add_file(struct unseen *n, const char *name, uint64_t dev, uint64_t ino,
		     const char *reason, const char *remedy);
void unseen_drop_file(struct unseen *n, const char *name);
void unseen_drop(struct unseen *n, pid_t pid); /* of a process that runs, if there is one */
/* If there is one, it stays, though the number may be another's from now on. */
void unseen_ended(struct unseen *n, pid_t pid);
void notes_put(struct unseen *n, const struct unseen_note *from); /* as it is */
void unseen_copy(struct unseen *to, const struct unseen *from);	  /* puts all */
size_t unseen_running(const struct unseen *n);			  /* processes that run */
void unseen_done(struct unseen *n);

#endif
