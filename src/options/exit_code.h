/* SPDX-License-Identifier: MIT */
#ifndef SPY_OPTIONS_EXIT_CODE_H
#define SPY_OPTIONS_EXIT_CODE_H

/* As in the man page. With a COMMAND, its own status is passed on instead. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_FAILED = 1, /* failed while running, damaged recording ... */
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3, /* tracing could not start */
	EXIT_BLIND = 4,	 /* --strict: a process with TLS was not seen */
	EXIT_ALERT = 5,	 /* --alert-exit: there was an alert */
	/* As shells have it. */
	EXIT_NOT_RUN = 126,   /* the COMMAND is there and cannot be run */
	EXIT_NOT_FOUND = 127, /* there is no such COMMAND */
};

#endif
