/* SPDX-License-Identifier: MIT */
/* POST of a request to a receiver of OTLP, by libcurl. It waits for the answer. */
#ifndef SPY_SINK_OTLP_HTTP_H
#define SPY_SINK_OTLP_HTTP_H

#include "base/buf.h"
#include "base/error.h"

struct otlp_target {
	char *url;
	char *headers;	   /* "name=value,...", percent-encoded; NULL */
	char *certificate; /* file of authorities to trust; NULL: the system's */
	long timeout_ms;
	bool gzip;
};

struct otlp_answer {
	unsigned status; /* 0: there was none, and problem says why */
	uint64_t retry_after_ms;
	struct buf body;
	char problem[160];
};

struct otlp_http;
/* Once, while there is one thread. 0, or -errno. */
int otlp_http_open(struct otlp_http **ret, struct error *reterr);
void otlp_http_free(struct otlp_http *h); /* accepts NULL */
/* The answer's body is valid until the next call. */
void otlp_http_post(struct otlp_http *h, const struct otlp_target *t, struct span body,
		    struct otlp_answer *ret);

#endif
