/* SPDX-License-Identifier: MIT */
/* Files whose TLS was hooked: which implementations are in them. Pure. */
#ifndef SPY_REPORT_TLS_FILES_H
#define SPY_REPORT_TLS_FILES_H

#include <stddef.h>
#include <stdint.h>

/* Past so many, the oldest goes. */
#define TLS_FILES_MAX 128

struct tls_file {
	uint64_t dev, ino; /* dev 0: any, of a file below overlays */
	char *name;	   /* its path */
	char *found;	   /* "OpenSSL by symbols": implementations, and how they were found */
};

/* Zeroed at first. */
struct tls_files {
	struct tls_file *items;
	size_t count;
	uint64_t changes; /* rises with each */
};

/* Copies it; replaces what was put of the same file. */
void tls_files_put(struct tls_files *t, const struct tls_file *from);
void tls_files_copy(struct tls_files *to, const struct tls_files *from); /* puts all */
void tls_files_done(struct tls_files *t);

#endif
