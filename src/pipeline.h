/* SPDX-License-Identifier: MIT */
/* The pure part of the way of a byte, in one piece: chunks in, exchanges out; beside it what each
 * process said, and how that looks. */
#ifndef SPY_PIPELINE_H
#define SPY_PIPELINE_H

#include "assemble/assembler.h"
#include "exchange/numbering.h"
#include "http/traffic_class.h"
#include "report/process_stats.h"
#include "stream/stream.h"

struct pipeline_stats {
	const struct stream_stats *stream;
	uint64_t opaque_conns; /* connections that spoke no HTTP we know */
	uint64_t opaque_bytes;
	uint64_t protocol_errors; /* HTTP whose framing broke */
};

struct pipeline;
struct pipeline *pipeline_new(struct limits *lim);
void pipeline_free(struct pipeline *p);
/* Who observes the exchanges, beside the statistics of processes; before the first chunk. */
void pipeline_observe(struct pipeline *p, const struct observer *ops, void *arg);
/* The source can wait: exchanges are observed whole, in the order in which they began (in_order.h).
 */
void pipeline_set_in_order(struct pipeline *p);
/* Which exchanges are shown, and so get a number (numbering.h); without, all are. */
void pipeline_set_shown(struct pipeline *p, shown_fn fn, const void *arg);
/* Of which exchanges the bodies are shown (tell.h); without, of all. */
void pipeline_set_shows_bodies(struct pipeline *p, shown_fn fn, const void *arg);
void pipeline_set_before_masks(struct pipeline *p, const struct before_masks *b);
void pipeline_set_prices(struct pipeline *p,
			 const struct prices *prices); /* as assembler_set_prices */

struct named_hosts;
void pipeline_set_named_hosts(struct pipeline *p, const struct named_hosts *named); /* likewise */

/* A chunk_fn, and 0 always. The time of a chunk ends waits: before it is fed, other exchanges than
 * its own may be delivered and freed, also those of other connections. */
int pipeline_chunk(void *pipeline, const struct chunk *c);
/* Call about once a second: ends waits while no chunks come. */
void pipeline_tick(struct pipeline *p, uint64_t now_ns);
/* Time of the newest chunk so far: where a recording ends, for pipeline_finish. */
uint64_t pipeline_newest_ns(const struct pipeline *p);
/* End of input: delivers all that is held. What was under way has ended now. */
void pipeline_finish(struct pipeline *p, uint64_t now_ns);
struct pipeline_stats pipeline_stats(const struct pipeline *p);
const struct process_stats *pipeline_process_stats(const struct pipeline *p);

/* Who is told how a TLS connection looks: as soon as it is known to be plain, else when enough of
 * it was seen or it ends, and now and then if it goes on for long. bytes: what the verdict rests
 * on, missing ones too. */
typedef void (*traffic_class_fn)(void *arg, uint32_t tgid, enum traffic_class looks,
				 uint64_t bytes);
void pipeline_on_class(struct pipeline *p, traffic_class_fn fn, void *arg);

#endif
