/* SPDX-License-Identifier: MIT */
/* Spans, metrics and, where it is asked for, content of calls for a receiver of OpenTelemetry. All
 * is done on the output's thread. What cannot be sent at once is kept, bounded in bytes, and tried
 * again; what is given up is counted. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/caller.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "json/write.h"
#include "sink/otlp_config.h"
#include "sink/sink.h"
#include "telemetry/otlp_metrics.h"
#include "telemetry/tool_spans.h"

static const struct sink_setting settings[] = {
	{ "content", "yes: with what was said, and command lines" },
	{ "compression", "gzip or none (default)" },
	{ "retry", "for how many seconds a request is tried again (60)" },
	{ NULL, NULL },
};

#ifdef HAVE_CURL

/* Of each signal. */
#define KEPT_BYTES    (16u << 20)
#define REQUEST_ITEMS 512
#define REQUEST_BYTES (1u << 20)
#define ITEM_BYTES    (8u << 20)
#define MS	      1000000ull
/* Longest wait for a receiver when all is over. */
#define END_MS	 10000
#define PAUSE_US 20000

struct exporter {
	struct otlp_batch batch;
	unsigned failures; /* in a row */
	uint64_t failing_ns, next_ns;
	bool gave_up; /* and nothing was taken since: each further request is tried once */
};

struct sink {
	struct otlp_config config;
	struct otlp_options options;
	struct otlp_http *http;
	struct exporter exporters[OTLP_SIGNALS];
	struct tool_spans *tools;
	struct otlp_metrics *metrics;
	bool lossless;
	bool began; /* on its thread */
	struct caller_rights rights;
	uint64_t random;
	uint64_t start_ns;    /* wall clock */
	uint64_t measured_ns; /* when metrics were exported */
	uint64_t lost;	      /* records, to be told */
	uint64_t others_lost; /* tool calls, events, metrics: to be told */
	char problem[240];
	char host[65];
};

static int otlp_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	int err = otlp_config_read(&s->config, c, reterr);

	if (!err)
		err = otlp_http_open(&s->http, reterr);
	if (err) {
		otlp_config_done(&s->config);
		free(s);
		return err;
	}
	if (!c->recorded && gethostname(s->host, sizeof(s->host) - 1) != 0)
		s->host[0] = '\0';
	s->options = (struct otlp_options){ .newer = s->config.newer,
					    .content = s->config.content,
					    .service = s->config.service,
					    .host = s->host[0] ? s->host : NULL,
					    .attributes = s->config.attributes };
	for (enum otlp_signal i = 0; i < OTLP_SIGNALS; i++)
		otlp_batch_init(&s->exporters[i].batch, i, KEPT_BYTES);
	s->tools = tool_spans_new();
	s->metrics = otlp_metrics_new(&s->options);
	s->lossless = c->recorded;
	if (s->config.disabled)
		log_say("OTEL_SDK_DISABLED: no telemetry is sent");
	*ret = s;
	return 0;
}

/* Connections and files are the caller's from here on, not root's. */
static void begin(struct sink *s)
{
	if (s->began)
		return;
	s->began = true;
	caller_rights_take(&s->rights);
	s->start_ns = (uint64_t)wall_ns();
	s->measured_ns = now_ns();
	s->random = s->start_ns ^ (uint64_t)getpid() << 32;
}

/* xorshift: receivers that come back are not to be met by all at once. */
static uint64_t next_random(struct sink *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

/* ---- sending ---- */

static void give_up(struct sink *s, struct exporter *e, size_t count, const char *why)
{
	size_t records = otlp_batch_drop(&e->batch, count);

	s->lost += records;
	s->others_lost += count - records;
	snprintf(s->problem, sizeof(s->problem), "%s", why);
}

static void on_taken(struct sink *s, struct exporter *e, size_t count, uint64_t rejected,
		     const char *reason)
{
	size_t records = otlp_batch_drop(&e->batch, count);

	rejected = rejected < count ? rejected : count;
	e->failures = 0;
	e->next_ns = 0;
	e->gave_up = false;
	if (!rejected)
		return;
	/* Which they were is not told: records first. */
	records = rejected < records ? rejected : records;
	s->lost += records;
	s->others_lost += rejected - records;
	snprintf(s->problem, sizeof(s->problem), "%llu rejected by the receiver%s%s",
		 (unsigned long long)rejected, *reason ? ": " : "", reason);
}

static void on_failure(struct sink *s, struct exporter *e, size_t count, uint64_t retry_after_ms,
		       const char *why)
{
	uint64_t now = now_ns();

	if (!e->failures++)
		e->failing_ns = now;
	e->next_ns = now + MS * otlp_back_off_ms(e->failures, next_random(s), retry_after_ms);
	if (!e->gave_up && now - e->failing_ns < s->config.retry_ms * MS)
		return;
	e->gave_up = true;
	e->failures = 0;
	e->next_ns = 0;
	give_up(s, e, count, why);
}

static void judge(struct sink *s, struct exporter *e, size_t count, const struct otlp_answer *a)
{
	const struct otlp_reply reply = { a->status, buf_span(&a->body) };
	char reason[OTLP_REASON_SIZE], why[240];
	uint64_t rejected;
	enum otlp_verdict verdict = otlp_judge(&reply, &rejected, reason);

	if (a->status)
		snprintf(why, sizeof(why), "the receiver answered %u%s%s", a->status,
			 *reason ? ": " : "", reason);
	else
		snprintf(why, sizeof(why), "%s", a->problem);
	if (verdict == OTLP_TAKEN)
		on_taken(s, e, count, rejected, reason);
	else if (verdict == OTLP_LATER)
		on_failure(s, e, count, a->retry_after_ms, why);
	else
		give_up(s, e, count, why);
	log_debug("otlp", "%zu items: %s", count, verdict == OTLP_TAKEN ? "taken" : why);
}

static bool may_send(const struct exporter *e)
{
	return e->batch.count && now_ns() >= e->next_ns;
}

static void send_one(struct sink *s, enum otlp_signal signal)
{
	struct exporter *e = &s->exporters[signal];
	struct otlp_answer answer;
	struct buf body;
	size_t count;

	buf_init(&body, 2 * KEPT_BYTES);
	count = otlp_batch_write(&e->batch, REQUEST_ITEMS, REQUEST_BYTES, PACKAGE_VERSION,
				 s->config.newer ? NULL : SEMCONV_SCHEMA, &body);
	otlp_http_post(s->http, &s->config.targets[signal], buf_span(&body), &answer);
	buf_done(&body);
	judge(s, e, count, &answer);
}

/* ---- keeping ---- */

/* A recording can wait. */
static void make_room(struct sink *s, enum otlp_signal signal, size_t bytes)
{
	struct exporter *e = &s->exporters[signal];

	while (s->lossless && e->batch.count && e->batch.bytes + bytes > e->batch.max) {
		if (may_send(e))
			send_one(s, signal);
		else
			usleep(PAUSE_US);
	}
}

/* Takes the value over. */
static void keep(struct sink *s, enum otlp_signal signal, const char *resource, json_t *value,
		 bool is_record)
{
	struct exporter *e = &s->exporters[signal];
	struct buf text;

	buf_init(&text, ITEM_BYTES);
	json_write(value, &text);
	json_decref(value);
	make_room(s, signal, text.len + strlen(resource) + sizeof(struct otlp_item));
	if (!text.full &&
	    otlp_batch_add(&e->batch, xstrdup(resource), buf_take(&text), is_record)) {
		if (e->batch.count >= REQUEST_ITEMS || e->batch.bytes >= REQUEST_BYTES)
			if (may_send(e))
				send_one(s, signal);
		return;
	}
	snprintf(s->problem, sizeof(s->problem), "%s",
		 text.full ? "too large to be sent" : "the receiver is too slow, or not there");
	buf_done(&text);
	s->lost += is_record;
	s->others_lost += !is_record;
}

struct tool_span {
	struct sink *sink;
	const char *resource;
};

static void keep_tool_span(void *arg, json_t *span)
{
	const struct tool_span *t = arg;

	keep(t->sink, OTLP_TRACES, t->resource, span, false);
}

static void keep_spans(struct sink *s, const struct exchange *x, const char *resource,
		       const struct otlp_ids *ids)
{
	struct tool_span t = { s, resource };

	if (!s->config.on[OTLP_TRACES])
		return;
	keep(s, OTLP_TRACES, resource, otlp_span(x, ids, &s->options), true);
	tool_spans_see(s->tools, x, ids, &s->options, keep_tool_span, &t);
}

static int otlp_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	AUTO_FREE char *resource = NULL;
	struct otlp_ids ids;
	json_t *process;

	if (s->config.disabled)
		return 0;
	begin(s);
	process = otlp_resource(x, &s->options);
	resource = json_write_text(process);
	json_decref(process);
	otlp_ids(x, &ids);
	tool_spans_parent(s->tools, x, &ids);
	keep_spans(s, x, resource, &ids);
	if (s->config.on[OTLP_LOGS] && x->kind == EXCHANGE_LLM)
		keep(s, OTLP_LOGS, resource, otlp_content(x, &ids, &s->options), false);
	if (s->config.on[OTLP_METRICS])
		otlp_metrics_add(s->metrics, x);
	return 0;
}

static void keep_metric(void *arg, const char *resource, const json_t *metric)
{
	keep(arg, OTLP_METRICS, resource, json_incref((json_t *)metric), false);
}

static void measure(struct sink *s)
{
	s->measured_ns = now_ns();
	otlp_metrics_take(s->metrics, s->start_ns, (uint64_t)wall_ns(), keep_metric, s);
}

static int otlp_tick(struct sink *s, uint64_t now, struct error *reterr)
{
	if (!s->began)
		return 0;
	if (now - s->measured_ns >= s->config.interval_ms * MS)
		measure(s);
	for (enum otlp_signal i = 0; i < OTLP_SIGNALS; i++)
		if (may_send(&s->exporters[i]))
			send_one(s, i);
	return 0;
}

/* ---- the end ---- */

static void send_rest(struct sink *s, enum otlp_signal signal, uint64_t deadline)
{
	struct exporter *e = &s->exporters[signal];

	while (e->batch.count && (now_ns() < deadline || !e->failures)) {
		if (may_send(e))
			send_one(s, signal);
		else
			usleep(PAUSE_US);
	}
	if (e->batch.count)
		give_up(s, e, e->batch.count, "the receiver did not take it before the end");
}

static void otlp_finish(struct sink *s)
{
	uint64_t wait = s->config.retry_ms < END_MS ? s->config.retry_ms : END_MS;
	uint64_t deadline = now_ns() + wait * MS;

	if (!s->began)
		return;
	measure(s);
	for (enum otlp_signal i = 0; i < OTLP_SIGNALS; i++)
		send_rest(s, i, deadline);
	caller_rights_give_back(&s->rights);
}

static uint64_t otlp_lost(struct sink *s, struct error *reterr)
{
	uint64_t lost = s->lost;

	if (!lost && !s->others_lost)
		return 0;
	if (s->others_lost)
		error_set(reterr, -EIO, "%s (also %llu tool calls, events or metrics lost)",
			  s->problem, (unsigned long long)s->others_lost);
	else
		error_set(reterr, -EIO, "%s", s->problem);
	s->lost = s->others_lost = 0;
	return lost;
}

static void otlp_free(struct sink *s)
{
	if (!s)
		return;
	otlp_http_free(s->http);
	otlp_config_done(&s->config);
	for (enum otlp_signal i = 0; i < OTLP_SIGNALS; i++)
		otlp_batch_done(&s->exporters[i].batch);
	tool_spans_free(s->tools);
	otlp_metrics_free(s->metrics);
	free(s);
}

#else

static int otlp_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without libcurl");
}

static int otlp_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	return -ENOTSUP;
}

#endif

const struct sink_ops sink_otlp = {
	.name = "otlp",
	.help = "spans and metrics for OpenTelemetry, sent over HTTP",
	.settings = settings,
	.open = otlp_open,
	.end = otlp_end,
#ifdef HAVE_CURL
	.tick = otlp_tick,
	.finish = otlp_finish,
	.lost = otlp_lost,
	.free = otlp_free,
#endif
};
