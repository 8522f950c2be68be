/* SPDX-License-Identifier: MIT */
#include "run/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "kernel/features.h"

/* Linux 5.8 and later; the headers of a build may be older. */
#define CAPABILITY_BPF 39

static bool may_trace(void)
{
	uint64_t has = kernel_capabilities();

	return geteuid() == 0 || has >> CAP_SYS_ADMIN & 1 || has >> CAPABILITY_BPF & 1;
}

/* A word that a shell takes as it is. */
static bool is_plain(const char *word)
{
	return *word && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789_./:=,@%+-") == strlen(word);
}

/* The same command line, as far as it can be pasted. */
static char *command_line(char **argv)
{
	struct buf b;

	buf_init(&b, 160);
	buf_adds(&b, "sudo llm-spy");
	for (size_t i = 1; argv[0] && argv[i]; i++)
		if (!is_plain(argv[i]) || buf_addf(&b, " %s", argv[i]) != 0) {
			buf_reset(&b);
			buf_adds(&b, "sudo llm-spy ...");
			break;
		}
	return buf_take(&b);
}

int privileges_check(char **argv, struct error *reterr)
{
	AUTO_FREE char *line = NULL;

	if (may_trace())
		return 0;
	line = command_line(argv);
	return error_set(reterr, -EPERM, "needs root: %s (details: llm-spy doctor)", line);
}
