/* SPDX-License-Identifier: MIT */
/* What could not be seen, for people: processes, or files. */
#ifndef SPY_BASE_NOTES_H
#define SPY_BASE_NOTES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct note {
	pid_t pid;    /* 0: a file */
	char *name;   /* of the program, or the file */
	uint64_t dev, ino; /* of a file; dev 0: any, of a file below overlays */
	char *reason, *remedy; /* remedy: NULL when there is none */
};

/* Zeroed at first. */
struct notes {
	struct note *items;
	size_t count;
};

/* Replaces what was noted of the same process. */
void notes_add(struct notes *n, pid_t pid, const char *name, const char *reason, const char *remedy);
void notes_add_file(struct notes *n, const char *name, uint64_t dev, uint64_t ino, const char *reason,
		    const char *remedy);
void notes_drop(struct notes *n, pid_t pid); /* of a process, if there is one */
void notes_copy(struct notes *to, const struct notes *from); /* adds all */
void notes_done(struct notes *n);

#endif
