/* SPDX-License-Identifier: MIT */
#include "sink/fanout.h"

#include "report/spend.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_request(void *arg, const struct exchange *x)
{
	struct fanout *s = arg;

	if (s->ops->request && sink_shows(s->mode, x))
		s->ops->request(s->sink, x);
}

static void on_delta(void *arg, const struct exchange *x, const struct choice *c,
		     const struct part *p, struct span text)
{
	struct fanout *s = arg;

	if (s->ops->delta && sink_shows(s->mode, x))
		s->ops->delta(s->sink, x, c, p, text);
}

static void on_end(void *arg, const struct exchange *x)
{
	struct fanout *s = arg;

	if (!sink_shows(s->mode, x))
		return;
	s->ops->end(s->sink, x);
	s->twice += x->hidden;
	if (x->twin_of)
		return; /* the client's record counts */
	spend_add(s->totals, x);
	s->shown++;
	s->llm += x->kind == EXCHANGE_LLM;
	s->incomplete += !exchange_complete(x);
	s->errors += x->error != NULL || x->status >= 400;
	s->request_bytes += x->request_body.wire;
	s->response_bytes += x->response_body.wire;
}

const struct assembler_out fanout_events = {
	.request = on_request,
	.delta = on_delta,
	.end = on_end,
};

/* Our own file: readable by nobody else, whatever stood there before. */
static FILE *create_private(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	FILE *f;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || (S_ISREG(st.st_mode) && fchmod(fd, 0600) != 0)) {
		close(fd);
		return NULL;
	}
	f = fdopen(fd, "w");
	if (!f)
		close(fd);
	return f;
}

static bool wants_color(enum color_when when, bool tty)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	return tty && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int fanout_open(struct fanout *s, const struct options *o, struct error *reterr)
{
	struct sink_options so = {
		.mode = o->mode, .bodies = o->bodies, .live = true, .full = o->full
	};
	struct winsize w;
	bool tty;

	*s = (struct fanout){ .ops = o->format, .mode = o->mode, .out = stdout };
	if (o->output && strcmp(o->output, "-") != 0) {
		s->out = create_private(o->output);
		if (!s->out)
			return error_set(reterr, -errno, "%s cannot be written: %s", o->output,
					 strerror(errno));
	}
	tty = isatty(fileno(s->out));
	so.color = wants_color(o->color, tty);
	so.utf8 = tty && strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (tty && ioctl(fileno(s->out), TIOCGWINSZ, &w) == 0)
		so.width = w.ws_col;
	s->sink = s->ops->new (s->out, &so);
	s->totals = spend_new();
	return 0;
}

int fanout_close(struct fanout *s)
{
	int err = 0;

	if (s->sink) {
		s->ops->flush(s->sink);
		s->ops->free(s->sink);
	}
	if (s->out && (fflush(s->out) != 0 || ferror(s->out)))
		err = errno ? -errno : -EIO;
	if (s->out && s->out != stdout)
		fclose(s->out);
	spend_free(s->totals);
	return err;
}

bool fanout_alive(const struct fanout *s)
{
	return !ferror(s->out);
}
