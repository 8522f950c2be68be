/* SPDX-License-Identifier: MIT */
/* Plays what was kept back as the provider. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "cli/replay_calls.h"
#include "cli/replay_http.h"
#include "run/loop.h"

#define HOSTS_MAX      8
#define DIFFERENCE_MAX 1500

struct serving {
	struct kept *k;
	struct limits limits;
	struct replay_calls calls;
	struct error damage; /* of the file, behind what could be read */
	size_t answered, refused;
};

/* ---- what is served ---- */

static int add_call(void *arg, const struct exchange *x, struct error *reterr)
{
	struct serving *s = arg;

	replay_calls_add(&s->calls, x);
	return 0;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void say_lacks(const struct replay_calls *c)
{
	for (int i = REPLY_FINE + 1; i < REPLY_LACKS; i++)
		if (c->lacks[i])
			log_say("not served: %zu call%s %s", c->lacks[i], plural(c->lacks[i]),
				reply_lack_text((enum reply_lack)i));
	if (c->lacks[REPLY_NO_BODY] || c->lacks[REPLY_NO_REQUEST])
		log_say("a recording has all bodies, an archive with bodies=yes, and jsonl with "
			"--bodies");
	if (c->past)
		log_say("not served: %zu call%s past --limit memory", c->past, plural(c->past));
	if (c->cut)
		log_say("%zu answer%s end%s where the record does, and the connection with it",
			c->cut, plural(c->cut), c->cut == 1 ? "s" : "");
}

static int load(struct serving *s, struct error *reterr)
{
	struct view_query q = s->k->query;
	int err;

	q.whole = q.once = true;
	err = view_each(s->k->view, &q, add_call, s, reterr);
	if (err && !s->calls.count)
		return err;
	/* As in a list, what stands before any damage counts. */
	if (err)
		s->damage = *reterr;
	replay_calls_sort(&s->calls);
	say_lacks(&s->calls);
	return s->calls.count ? 0
			      : error_set(reterr, -ENODATA, "there is nothing to serve in %s",
					  kept_path(s->k->o));
}

/* "http://127.0.0.1:8080 stands for https://api.openai.com", for each host. */
static void say_hosts(const struct serving *s, const char *url)
{
	const struct exchange *said[HOSTS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->calls.count && n < HOSTS_MAX; i++) {
		const struct exchange *x = s->calls.items[i].x;
		bool known = !x->host;

		for (size_t j = 0; j < n && !known; j++)
			known = strcmp(said[j]->host, x->host) == 0;
		if (known)
			continue;
		said[n++] = x;
		log_say("%s stands for %s://%s", url, x->cleartext ? "http" : "https", x->host);
	}
}

/* ---- answers ---- */

static char *difference(const struct serving *s, const struct exchange *asked,
			const struct exchange *near)
{
	struct match_request a = replay_request(asked), b = replay_request(near);
	struct limits lim = s->limits;
	struct buf text;

	buf_init(&text, DIFFERENCE_MAX);
	match_difference(&a, &b, &lim, &text);
	return buf_take(&text);
}

static void refuse(struct serving *s, const struct exchange *asked, const struct match *m,
		   struct buf *refusal)
{
	const struct exchange *near = replay_calls_nearest(&s->calls, m, span_str(asked->target));
	AUTO_FREE char *differs = difference(s, asked, near);
	AUTO_FREE char *why = xasprintf("this request is not in the capture; the nearest one there "
					"is #%llu, from which it differs %s",
					(unsigned long long)near->id, differs);

	s->refused++;
	log_say("%s %.200s: %s", asked->method, asked->target, why);
	reply_refusal(near->api, why, refusal);
}

static const struct exchange *on_asked(void *arg, const struct exchange *asked, struct buf *refusal)
{
	struct serving *s = arg;
	struct match_request r = replay_request(asked);
	const struct exchange *x;
	bool again = false;
	struct match m;

	match_init(&m, &r, &s->limits);
	x = replay_calls_take(&s->calls, &m, &again);
	if (!x)
		refuse(s, asked, &m, refusal);
	else if (again)
		log_say("%s %.200s: #%llu is answered once more, as the last that asked this",
			asked->method, asked->target, (unsigned long long)x->id);
	s->answered += x != NULL;
	match_done(&m);
	return x;
}

/* ---- its life ---- */

static int open_signals(void)
{
	sigset_t ends;

	loop_block_ends(&ends);
	return signalfd(-1, &ends, SFD_CLOEXEC);
}

static int serve(struct replay_http *h, struct error *reterr)
{
	int fd = open_signals(), n = 0;
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };

	while (fd >= 0 && !fds[0].revents && (n >= 0 || errno == EINTR)) {
		int ms;

		replay_http_serve(h);
		fds[1] = (struct pollfd){ .fd = replay_http_fd(h, &ms), .events = POLLIN };
		n = poll(fds, 2, ms);
	}
	if (fd < 0 || n < 0)
		error_set(reterr, -errno, "cannot wait: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return fd < 0 || n < 0 ? reterr->code : 0;
}

static int finish(const struct serving *s, struct error *reterr)
{
	log_say("%zu request%s answered, %zu not in the capture", s->answered, plural(s->answered),
		s->refused);
	if (s->damage.code) {
		*reterr = s->damage;
		return reterr->code;
	}
	return s->refused ? error_set(reterr, -ENOENT, "not all requests were in the capture") : 0;
}

static int open_and_serve(struct serving *s, struct error *reterr)
{
	const struct options *o = s->k->o;
	struct replay_http_config c = {
		.address = o->listen, .port = o->port, .paced = o->paced, .lim = &s->limits
	};
	struct replay_http *h = NULL;
	int err = replay_http_open(&h, &c, on_asked, s, reterr);

	if (err)
		return err;
	say_hosts(s, replay_http_url(h));
	log_say("%zu call%s served; equal requests are answered in their order, then with the last "
		"answer again",
		s->calls.count, s->calls.count == 1 ? " is" : "s are");
	/* Whoever waits for it knows by this line that it listens. */
	printf("%s\n", replay_http_url(h));
	fflush(stdout);
	err = serve(h, reterr);
	replay_http_free(h);
	return err ? err : finish(s, reterr);
}

int replay_server_run(struct kept *k, struct error *reterr)
{
	struct serving s = { .k = k, .limits = k->o->limits };
	int err;

	replay_calls_init(&s.calls, &s.limits);
	err = load(&s, reterr);
	if (!err)
		err = open_and_serve(&s, reterr);
	replay_calls_done(&s.calls);
	return err;
}
