/* SPDX-License-Identifier: MIT */
#include "run/alerts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "alert/alerts.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/safe_text.h"
#include "base/xalloc.h"
#include "exchange/spender.h"
#include "json/text.h"
#include "run/alert_past.h"
#include "run/alert_runner.h"
#include "run/alert_webhook.h"

#define TEXT_MAX 1024

struct run_alerts {
	const struct options *o;
	struct alerting *alerting;
	struct alert_webhook *webhook;
	int runner; /* -1: none */
	uint64_t given, not_run;
	char *archive; /* that the run writes to; NULL */
	bool past_told;
};

/* ---- what is said ---- */

/* What an alert says, each once. Texts of traffic are safe for a terminal, and one line. */
struct facts {
	char time[32], program[128], user[64], host[160], model[160], id[24], pid[16];
	const char *rule, *where, *provider, *conversation;
};

static void put(char *ret, size_t size, const char *text)
{
	struct buf safe;

	buf_init(&safe, size - 1);
	if (text)
		safe_text_add(&safe, span_str(text), true, (unsigned)(size / 4));
	snprintf(ret, size, "%s", safe.ptr ? safe.ptr : "");
	buf_done(&safe);
}

static void put_time(char *ret, size_t size, const struct exchange *x)
{
	time_t seconds = (time_t)(exchange_began_ns(x) / 1000000000);
	struct tm tm;

	*ret = '\0';
	if (seconds && localtime_r(&seconds, &tm))
		strftime(ret, size, "%Y-%m-%dT%H:%M:%S%z", &tm);
}

static void gather(struct facts *f, const struct alert *a, const struct exchange *x)
{
	struct spender s;

	exchange_spender(x, &s);
	*f = (struct facts){ .rule = a->rule,
			     .where = a->where ? a->where : "",
			     .provider = x->provider ? x->provider : "",
			     .conversation = x->conversation.id };
	put_time(f->time, sizeof(f->time), x);
	put(f->program, sizeof(f->program), s.program);
	put(f->user, sizeof(f->user), s.user);
	put(f->host, sizeof(f->host), x->host);
	put(f->model, sizeof(f->model), x->model_asked ? x->model_asked : x->model_answered);
	if (!s.user)
		snprintf(f->user, sizeof(f->user), "uid %u", s.uid);
	snprintf(f->pid, sizeof(f->pid), "%u", s.pid);
	if (x->id)
		snprintf(f->id, sizeof(f->id), "%" PRIu64, x->id);
}

/* "aws-key in message 1 of call 7: agent.py[20158], alice, to api.anthropic.com, at 19:47:31" */
static void write_text(const struct facts *f, struct buf *out)
{
	buf_adds(out, f->rule);
	if (*f->where)
		buf_addf(out, " (%s)", f->where);
	if (*f->id)
		buf_addf(out, ", call %s", f->id);
	buf_addf(out, ": %s[%s], %s", f->program, f->pid, f->user);
	if (*f->host)
		buf_addf(out, ", to %s", f->host);
	if (*f->time)
		buf_addf(out, ", at %.8s", f->time + 11);
}

struct row {
	const char *name, *value;
};
#define ROWS 11

static void rows_of(const struct facts *f, const char *text, struct row rows[ROWS])
{
	const struct row all[ROWS] = {
		{ "rule", f->rule },
		{ "where", f->where },
		{ "time", f->time },
		{ "call", f->id },
		{ "program", f->program },
		{ "pid", f->pid },
		{ "user", f->user },
		{ "provider", f->provider },
		{ "host", f->host },
		{ "model", f->model },
		{ "conversation", f->conversation },
	};

	memcpy(rows, all, sizeof(all));
}

/* ---- what is done ---- */

/* LLM_SPY_RULE=aws-key and so on. */
static void run_command(struct run_alerts *a, const struct row rows[ROWS], const char *text)
{
	struct buf b;

	buf_init(&b, ALERT_VARIABLES_MAX);
	for (size_t i = 0; i < ROWS; i++) {
		buf_adds(&b, "LLM_SPY_");
		for (const char *c = rows[i].name; *c; c++)
			buf_addc(&b, (char)(*c - 'a' + 'A'));
		buf_addf(&b, "=%s", rows[i].value);
		buf_addc(&b, '\0');
	}
	buf_addf(&b, "LLM_SPY_TEXT=%s", text);
	buf_addc(&b, '\0');
	if (b.full || !alert_runner_run(a->runner, buf_span(&b)))
		a->not_run++;
	buf_done(&b);
}

static void post(struct run_alerts *a, const struct row rows[ROWS], const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "text", json_from_text(text));
	for (size_t i = 0; i < ROWS; i++)
		json_object_set_new(o, rows[i].name,
				    *rows[i].value ? json_from_text(rows[i].value) : json_null());
	alert_webhook_send(a->webhook, o);
	json_decref(o);
}

static void on_alert(void *arg, const struct alert *alert, const struct exchange *x)
{
	struct run_alerts *a = arg;
	struct row rows[ROWS];
	struct facts f;
	struct buf text;

	a->given++;
	gather(&f, alert, x);
	buf_init(&text, TEXT_MAX);
	write_text(&f, &text);
	rows_of(&f, text.ptr, rows);
	log_warn("alert", "%s", text.ptr);
	if (a->runner >= 0)
		run_command(a, rows, text.ptr);
	if (a->webhook)
		post(a, rows, text.ptr);
	buf_done(&text);
}

/* A live run asks once, as it starts: what comes later it has seen itself. */
static void on_day(void *arg, struct alerting *alerting, int64_t since_ns, int64_t until_ns)
{
	struct run_alerts *a = arg;

	if (a->o->replay || !a->past_told)
		alert_past_tell(a->archive, alerting, since_ns, until_ns);
	a->past_told = true;
}

/* ---- the face ---- */

int run_alerts_open(struct run_alerts **ret, const struct options *o, struct error *reterr)
{
	struct run_alerts *a;
	int err = 0;

	*ret = NULL;
	if (!o->alert)
		return 0;
	a = xcalloc(1, sizeof(*a));
	a->o = o;
	a->runner = -1;
	a->alerting = alerting_new(o->alert, o->replay != NULL, on_alert, a);
	a->archive = alert_past_archive(o);
	if (a->archive)
		alerting_set_past(a->alerting, on_day, a);
	if (o->on_alert) {
		a->runner = alert_runner_start(o->on_alert, reterr);
		err = a->runner < 0 ? a->runner : 0;
	}
	if (!err && o->alert_webhook)
		err = alert_webhook_new(&a->webhook, o->alert_webhook, reterr);
	if (err) {
		run_alerts_free(a);
		return err;
	}
	*ret = a;
	return 0;
}

int run_alerts_start(struct run_alerts *a, struct error *reterr)
{
	if (a && a->archive && !a->o->replay)
		alerting_begin_day(a->alerting, wall_ns());
	return a && a->webhook ? alert_webhook_start(a->webhook, reterr) : 0;
}

void run_alerts_before_masks(struct run_alerts *a, struct before_masks *ret)
{
	if (!a)
		return;
	ret->request = alerting_before_masks;
	ret->arg = a->alerting;
}

void run_alerts_observe(struct run_alerts *a, struct pipeline *p)
{
	if (a)
		pipeline_observe(p, &alerting_observer, a->alerting);
}

void run_alerts_finish(struct run_alerts *a)
{
	char problem[160] = "";
	uint64_t unsent;

	if (!a)
		return;
	if (a->not_run)
		log_warn("alert",
			 "--on-alert was not run for %" PRIu64 " alert%s: too many came at once",
			 a->not_run, a->not_run == 1 ? "" : "s");
	if (a->runner >= 0 && !alert_runner_finish(a->runner))
		log_warn("alert", "a command of --on-alert is still at work");
	unsent = a->webhook ? alert_webhook_finish(a->webhook, problem) : 0;
	if (unsent)
		log_warn("alert", "%" PRIu64 " alert%s could not be sent to the webhook: %s",
			 unsent, unsent == 1 ? "" : "s", problem);
}

bool run_alerts_fail(const struct run_alerts *a)
{
	return a && a->o->alert_exit && a->given;
}

void run_alerts_free(struct run_alerts *a)
{
	if (!a)
		return;
	alert_webhook_free(a->webhook);
	if (a->runner >= 0)
		close(a->runner);
	alerting_free(a->alerting);
	free(a->archive);
	free(a);
}
