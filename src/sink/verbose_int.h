/* SPDX-License-Identifier: MIT */
/* Shared by the files of the sink `verbose`. */
#ifndef SPY_SINK_VERBOSE_INT_H
#define SPY_SINK_VERBOSE_INT_H

#include "sink/sink.h"
#include "sink/term.h"

/* Number of streams shown while they arrive; others are shown when they end. */
#define LIVE_MAX 4

/* Tool calls of one stream whose arguments are incomplete; they are shown when complete. */
#define CALLS_HELD 16

struct live {
	uint64_t id; /* of the exchange; 0: free */
	struct held_tool_call {
		unsigned choice;
		size_t part;
		char *name;
		struct buf arguments;
	} calls[CALLS_HELD];
	size_t ncalls;
	size_t part; /* number of the current part, and its choice */
	unsigned choice;
	uint32_t next_seq;
	bool any; /* some output was shown */
	bool gap; /* some was left out: the end shows the whole */
};

struct sink {
	struct term t;
	struct sink_config o;
	struct live live[LIVE_MAX];
	uint64_t owner;	 /* exchange whose text was written last, 0: none */
	uint64_t asked;	 /* requests shown whose exchange has not ended */
	uint64_t *shown; /* ids of these, `asked` of them */
};

enum mark { MARK_REQUEST, MARK_RESPONSE, MARK_DONE, MARK_ERROR, MARK_HTTP, MARK_TOOL, MARK_WARN };

/* text.c */
void verbose_head(struct sink *s, enum mark m, const char *title, const struct exchange *x,
		  uint64_t ns);
void verbose_field(struct sink *s, const char *name, const char *value);
void verbose_warn(struct sink *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *verbose_mark(const struct sink *s, enum mark m);

/* text_llm.c */
void verbose_llm_request(struct sink *s, const struct exchange *x);
void verbose_llm_response(struct sink *s, const struct exchange *x);
void verbose_llm_tail(struct sink *s, struct live *l, const struct exchange *x);
void verbose_llm_delta(struct sink *s, struct live *l, const struct exchange_delta *d);
void verbose_llm_live_done(struct live *l);
void verbose_llm_envelope(struct sink *s, const struct exchange *x);
void verbose_parts(struct sink *s, const struct message *m, unsigned indent);

/* verbose_rpc.c */
void verbose_mcp(struct sink *s, const struct exchange *x);
void verbose_rpc(struct sink *s, const struct exchange *x);

/* verbose_http.c */
void verbose_http(struct sink *s, const struct exchange *x);
void verbose_raw_request(struct sink *s, const struct exchange *x);
void verbose_raw_response(struct sink *s, const struct exchange *x);
void verbose_ledger(struct sink *s, const struct exchange *x);

#endif
