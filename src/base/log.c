/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <langinfo.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/safe_text.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 1024

bool log_debug_on;

bool log_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void log_lines(struct span lines)
{
	fwrite(lines.ptr, 1, lines.len, stderr);
	fflush(stderr);
}

/* What we say may quote names from the host: one line that a terminal shows as it is. */
static void say(const char *kind, const char *stage, const char *fmt, va_list ap)
{
	char text[LINE_MAX_BYTES];
	struct span s;
	struct buf line;

	vsnprintf(text, sizeof(text), fmt, ap);
	s = span_str(text);
	s.len = utf8_whole(s);
	buf_init(&line, 6 * LINE_MAX_BYTES);
	buf_addf(&line, "llm-spy: %s%s%s", kind, stage, *stage ? ": " : "");
	safe_text_add(&line, s, log_utf8(), UINT_MAX);
	buf_addc(&line, '\n');
	log_lines(buf_span(&line));
	buf_done(&line);
}

void log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", "", fmt, ap);
	va_end(ap);
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
