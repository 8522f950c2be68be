/* SPDX-License-Identifier: MIT */
/* What the files of the web server share. */
#ifndef SPY_WEB_WEB_INT_H
#define SPY_WEB_WEB_INT_H

#ifdef HAVE_MICROHTTPD

#include <pthread.h>

#include "sink/http_server.h"
#include "view/book_query.h"
#include "view/rate_limits.h"
#include "web/auth.h"
#include "web/web.h"

struct web {
	struct web_config config;
	struct limits limits; /* views keep them */
	struct web_auth auth;
	char url[HTTP_URL_SIZE], full_url[HTTP_URL_SIZE + WEB_TOKEN_DIGITS + 16];

	/* The thread that serves. */
	struct MHD_Daemon *daemon;
	pthread_t server;
	struct view *whole; /* where it reads whole records */
	struct book_texts *texts;
	struct waiting *waiting;     /* requests for which records are searched: search.c's */
	struct listeners *listeners; /* events.c's */
	int news;		     /* eventfd: the reader has read something */

	/* The thread that reads what is kept, as it grows. */
	pthread_t reader;
	struct view *kept;	/* the caller's */
	struct live_store *own; /* where a file is put, so that its records can be found */
	struct archive *copy;	/* of that; NULL: what is kept is an archive */
	size_t read;		/* since the last news */
	int end;		/* eventfd */

	bool serves, reads; /* the threads were started */

	/* Of both, under the lock. */
	pthread_mutex_t lock;
	struct book *book;
	struct rate_limits *rates;
	bool loaded;	     /* all that was there at the beginning is in the book */
	struct error damage; /* why no more could be read */
};

/* ---- what is asked ---- */

struct request {
	struct web *web;
	struct MHD_Connection *connection;
	const char *segment; /* of the path, where its row has "*"; NULL */
	struct buf out;	     /* the answer */
	char *file;	     /* its name, where it is to be saved; NULL */
};

/* A parameter; NULL: it is not there. */
const char *request_text(const struct request *r, const char *name);
/* 0, or -EINVAL with a reason; *ret stays where it is not there. */
int request_number(const struct request *r, const char *name, uint64_t max, uint64_t *ret,
		   struct error *reterr);
/* The number of an exchange in the path. */
int request_id(const struct request *r, uint64_t *ret, struct error *reterr);
/* The answer is this value, which is taken. */
void answer_json(struct request *r, json_t *v);

/* Fills the answer: 0; or -errno with a reason: -EINVAL, -ENOENT, -ENOTSUP or anything else. */
typedef int (*web_fn)(struct request *r, struct error *reterr);

struct route {
	const char *path; /* "*" stands for one segment */
	web_fn fn;
	const char *type;
};

/* NULL: there is none. Where its path has "*", ret_segment gets what stands for it, to be freed. */
const struct route *route_find(const char *path, char **ret_segment);

#define ROUTE(path, fn, type) int fn(struct request *r, struct error *reterr);
#include "web/routes.def"
#undef ROUTE

struct asset {
	const char *path, *type;
	const char *text; /* "": it was not there when this was built */
};

const struct asset *asset_find(const char *path); /* NULL: there is none */

/* ---- what is kept ---- */

/* A whole record, to be given back; NULL with a reason. The second one may be called under the
 * lock, and does not tell whose twin the record is. */
struct exchange *web_whole(struct web *w, uint64_t id, struct error *reterr);
struct exchange *web_record(struct web *w, uint64_t id, struct error *reterr);

/* ---- the reader's thread ---- */
void *web_read(void *arg);

#endif
#endif
