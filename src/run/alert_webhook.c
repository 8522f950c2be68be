/* SPDX-License-Identifier: MIT */
#include "run/alert_webhook.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/caller.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "json/write.h"
#include "sink/otlp_http.h"

#ifdef HAVE_CURL

#define TRIES	   3
#define TIMEOUT_MS 5000
#define PAUSE_NS   1000000000ull /* before the second try, and twice that before the third */
#define END_NS	   10000000000ull

struct alert_webhook {
	struct otlp_http *http;
	struct otlp_target target;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t news;
	char *queue[ALERT_WEBHOOK_QUEUE]; /* a ring */
	size_t first, count;
	uint64_t end_ns; /* nothing is sent after that; 0: not yet */
	uint64_t lost;
	char problem[160];
};

int alert_webhook_new(struct alert_webhook **ret, const char *url, struct error *reterr)
{
	struct alert_webhook *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t attributes;
	int err = otlp_http_open(&w->http, reterr);

	if (err) {
		free(w);
		return err;
	}
	w->target = (struct otlp_target){ .url = xstrdup(url), .timeout_ms = TIMEOUT_MS };
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->news, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret = w;
	return 0;
}

/* ---- the thread ---- */

static void wait_until(struct alert_webhook *w, uint64_t ns)
{
	struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
			      .tv_nsec = (long)(ns % 1000000000) };

	while (now_ns() < ns && !(w->end_ns && now_ns() > w->end_ns))
		if (pthread_cond_timedwait(&w->news, &w->lock, &t) == ETIMEDOUT)
			break;
}

static bool is_over(const struct alert_webhook *w)
{
	return w->end_ns && (!w->count || now_ns() > w->end_ns);
}

/* NULL: it was taken. Called without the lock. */
static bool post(struct alert_webhook *w, const char *body, char problem[160], bool *ret_again)
{
	struct otlp_answer a;

	otlp_http_post(w->http, &w->target, span_str(body), &a);
	*ret_again = !a.status || a.status == 429 || a.status >= 500;
	if (a.status >= 200 && a.status < 300)
		return true;
	/* What libcurl says may quote the URL. */
	if (a.status)
		snprintf(problem, 160, "the receiver answered %u", a.status);
	else
		snprintf(problem, 160, "there was no answer");
	return false;
}

static void send_one(struct alert_webhook *w, const char *body)
{
	bool sent = false, again = true;
	char problem[160] = "";

	for (unsigned n = 0; n < TRIES && !sent && again; n++) {
		if (n)
			wait_until(w, now_ns() + n * PAUSE_NS);
		if (w->end_ns && now_ns() > w->end_ns)
			break;
		pthread_mutex_unlock(&w->lock);
		sent = post(w, body, problem, &again);
		pthread_mutex_lock(&w->lock);
	}
	w->lost += !sent;
	if (!sent && *problem)
		memcpy(w->problem, problem, sizeof(problem));
}

static void *work(void *arg)
{
	struct alert_webhook *w = arg;
	struct caller_rights rights;

	caller_rights_take(&rights);
	pthread_mutex_lock(&w->lock);
	while (!is_over(w)) {
		char *body;

		if (!w->count) {
			pthread_cond_wait(&w->news, &w->lock);
			continue;
		}
		body = w->queue[w->first];
		w->first = (w->first + 1) % ALERT_WEBHOOK_QUEUE;
		w->count--;
		send_one(w, body);
		free(body);
	}
	pthread_mutex_unlock(&w->lock);
	caller_rights_give_back(&rights);
	return NULL;
}

/* ---- the others ---- */

int alert_webhook_start(struct alert_webhook *w, struct error *reterr)
{
	sigset_t all, before;
	int err;

	/* Signals are for the main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->started = !err;
	return err ? error_set(reterr, -err, "cannot start a thread: %s", strerror(err)) : 0;
}

void alert_webhook_send(struct alert_webhook *w, const json_t *body)
{
	pthread_mutex_lock(&w->lock);
	if (w->count < ALERT_WEBHOOK_QUEUE) {
		w->queue[(w->first + w->count) % ALERT_WEBHOOK_QUEUE] = json_write_text(body);
		w->count++;
	} else {
		w->lost++;
		snprintf(w->problem, sizeof(w->problem), "too many at once");
	}
	pthread_cond_signal(&w->news);
	pthread_mutex_unlock(&w->lock);
}

uint64_t alert_webhook_finish(struct alert_webhook *w, char ret_problem[160])
{
	pthread_mutex_lock(&w->lock);
	w->end_ns = now_ns() + END_NS;
	pthread_cond_signal(&w->news);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	w->started = false;
	memcpy(ret_problem, w->problem, sizeof(w->problem));
	return w->lost + w->count;
}

void alert_webhook_free(struct alert_webhook *w)
{
	char problem[160];

	if (!w)
		return;
	if (w->started)
		alert_webhook_finish(w, problem);
	for (size_t i = 0; i < w->count; i++)
		free(w->queue[(w->first + i) % ALERT_WEBHOOK_QUEUE]);
	otlp_http_free(w->http);
	pthread_cond_destroy(&w->news);
	pthread_mutex_destroy(&w->lock);
	free(w->target.url);
	free(w);
}

#else

int alert_webhook_new(struct alert_webhook **ret, const char *url, struct error *reterr)
{
	return error_set(
		reterr, -ENOTSUP,
		"this llm-spy was built without libcurl, and sends no alerts to a webhook");
}

int alert_webhook_start(struct alert_webhook *w, struct error *reterr)
{
	return 0;
}

void alert_webhook_send(struct alert_webhook *w, const json_t *body)
{
}

uint64_t alert_webhook_finish(struct alert_webhook *w, char ret_problem[160])
{
	return 0;
}

void alert_webhook_free(struct alert_webhook *w)
{
}

#endif
