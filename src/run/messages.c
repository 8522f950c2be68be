/* SPDX-License-Identifier: MIT */
#include "run/messages.h"

#include "base/log.h"

#define KEPT_MAX (64u << 10)

static void take(void *arg, enum log_kind kind, struct span lines)
{
	struct messages *m = arg;

	m->warnings += kind == LOG_WARNING;
	if (m->log)
		fanout_note(m->log, lines);
	else if (lines.len <= m->kept.max - m->kept.len)
		buf_add(&m->kept, lines);
}

void messages_hold(struct messages *m, struct fanout *log)
{
	m->held = true;
	m->log = log;
	buf_init(&m->kept, KEPT_MAX);
	log_set_sink(take, m);
}

void messages_release(struct messages *m)
{
	if (!m->held)
		return;
	m->held = false;
	log_set_sink(NULL, NULL);
	if (m->kept.len)
		log_lines(buf_span(&m->kept));
	buf_done(&m->kept);
}
