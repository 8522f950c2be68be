/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <langinfo.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/safe_text.h"
#include "base/utf8.h"

#define LINE_MAX_BYTES 1024

bool log_debug_on;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_fn sink; /* NULL: standard error */
static void *sink_arg;

bool log_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Who reads a file or a pipe may be elsewhere. */
bool log_takes_utf8(void)
{
	return log_utf8() || !isatty(STDERR_FILENO);
}

void log_set_sink(log_fn fn, void *arg)
{
	pthread_mutex_lock(&lock);
	sink = fn;
	sink_arg = arg;
	pthread_mutex_unlock(&lock);
}

static void give(enum log_kind kind, struct span lines)
{
	pthread_mutex_lock(&lock);
	if (sink) {
		sink(sink_arg, kind, lines);
	} else {
		fwrite(lines.ptr, 1, lines.len, stderr);
		fflush(stderr);
	}
	pthread_mutex_unlock(&lock);
}

void log_lines(struct span lines)
{
	give(LOG_SAID, lines);
}

/* What we say may quote names from the host: one line that a terminal shows as it is. */
static void say(enum log_kind kind, const char *stage, const char *fmt, va_list ap)
{
	static const char *const names[] = { "", "warning: ", "debug: " };
	char text[LINE_MAX_BYTES];
	struct span s;
	struct buf line;

	vsnprintf(text, sizeof(text), fmt, ap);
	s = span_str(text);
	s.len = utf8_whole(s);
	buf_init(&line, 6 * LINE_MAX_BYTES);
	buf_addf(&line, "llm-spy: %s%s%s", names[kind], stage, *stage ? ": " : "");
	safe_text_add(&line, s, log_takes_utf8(), UINT_MAX);
	buf_addc(&line, '\n');
	give(kind, buf_span(&line));
	buf_done(&line);
}

void log_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_SAID, "", fmt, ap);
	va_end(ap);
}

void log_warn(const char *stage, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_WARNING, stage, fmt, ap);
	va_end(ap);
}

void log_debug(const char *stage, const char *fmt, ...)
{
	va_list ap;

	if (!log_debug_on)
		return;
	va_start(ap, fmt);
	say(LOG_DEBUG, stage, fmt, ap);
	va_end(ap);
}
