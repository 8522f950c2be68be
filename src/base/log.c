/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

bool log_debug_on;

static void say(const char *kind, const char *stage, const char *fmt, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	/* What we say may quote names from the host: keep it to one printable line. */
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "llm-spy: %s%s: %s\n", kind, stage, line);
}

void log_warn(const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", stage, fmt, ap);
	va_end(ap);
}

void log_debug(const char *stage, const char *fmt, ...)
{
	va_list ap;

	if (!log_debug_on)
		return;
	va_start(ap, fmt);
	say("debug: ", stage, fmt, ap);
	va_end(ap);
}
