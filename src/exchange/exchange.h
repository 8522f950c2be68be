/* SPDX-License-Identifier: MIT */
/* One request and its answer: what every provider fills and every sink prints; neither knows the
 * other. All strings are owned by the record, NUL-terminated, and NULL when unknown. Text that
 * grows while it streams is a struct buf. Credentials are masked before anyone is shown it:
 * redact.h. */
#ifndef SPY_EXCHANGE_EXCHANGE_H
#define SPY_EXCHANGE_EXCHANGE_H

#include <jansson.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/span.h"
#include "capture/ancestors.h"

/* A count that the provider did not state. Never shown as 0. */
#define COUNT_UNKNOWN (-1)

enum part_kind {
	PART_TEXT,
	PART_REASONING, /* thinking that the provider shows */
	PART_REFUSAL,
	PART_TOOL_CALL,	  /* id, name; text = arguments as they came, maybe cut or invalid JSON */
	PART_TOOL_RESULT, /* id of the call; text = result; is_error */
	PART_IMAGE,	  /* media_type, size, sha256; text = URL when it is one */
	PART_AUDIO,
	PART_FILE,
	PART_OTHER, /* type_raw says what; text = its JSON */
};

#define NO_SLOT	    (-1)
#define ASIDE_SLOT  (-2)		   /* beside the text, which goes on past it */
#define ASIDE_OF(n) (ASIDE_SLOT - 1 - (n)) /* the same, of what has the slot n */

struct part {
	enum part_kind kind;
	struct buf text;
	char *id, *name;
	char *type_raw; /* the provider's word for it, when kind does not say it all */
	char *media_type;
	uint64_t size;	 /* of the data itself (base64 undone), bytes; 0 unknown */
	char sha256[65]; /* of the data itself, hex; "" unknown */
	bool is_error;
	uint16_t half; /* of a character, behind the text; 0: none */
	bool spoiled;  /* something of its data could not be decoded */
	int slot;      /* answers: the provider's own number of this block or call, or NO_SLOT */

	/* For redact.c: so much of the text is masked, of so many bytes that came; what goes on. */
	size_t clean, taken;
	struct redact_stream *masking;
};

struct message {
	char *role; /* as the provider says: system, developer, user, assistant, tool, model ... */
	char *name;
	struct part *parts;
	size_t nparts;
};

/* Normal form of finish reasons; the provider's word stands beside it. */
enum finish {
	FINISH_NONE, /* not finished, or not told */
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_TOOL_CALL,
	FINISH_CONTENT_FILTER,
	FINISH_ERROR,
	FINISH_PAUSE,
	FINISH_OTHER,
};

struct choice {
	unsigned index;
	struct message msg;
	char *finish_raw;
	enum finish finish;
	/* Places in msg.parts of those with a slot, by slot and kind: builder.c's. */
	unsigned *by_slot;
	size_t nslots;
	size_t clean; /* for redact.c: parts that are masked */
};

struct tool {
	char *name; /* or its type, for tools that the provider runs */
	char *type; /* "function" ... */
	char *description;
	json_t *schema; /* of its arguments; may be NULL */
};

/* By which one record names another, whose number is not known yet. */
struct exchange_link {
	unsigned refs;
	uint64_t id; /* 0: none, or none yet */
};

/* What an answer names as the ground of what it says. */
struct citation {
	char *url, *title;
	char *text;	    /* that is cited */
	char *document;	    /* id, name or number of a file or of what was handed over */
	int64_t start, end; /* where, in the provider's own measure (characters, bytes, pages of the
			     * answer or of the source); COUNT_UNKNOWN: not told */
};

/* Anything else that steers the model: temperature, max_tokens ..., in order of the request. */
struct param {
	char *name;
	json_t *value;
};

/* Tokens. input and output are totals as billed (doc/RECORD.md, Usage): cached and written tokens
 * are part of input, reasoning is part of output. */
struct usage {
	int64_t input, cached_read, cache_write_5m, cache_write_1h;
	int64_t output, reasoning;
	int64_t audio_in, audio_out, image_in, image_out;
	int64_t total; /* as the provider states it */
	json_t *raw;   /* the provider's own object(s), last value of each field; NULL: none */
};

#define USAGE_UNKNOWN                                                                              \
	((struct usage){ .input = COUNT_UNKNOWN,                                                   \
			 .cached_read = COUNT_UNKNOWN,                                             \
			 .cache_write_5m = COUNT_UNKNOWN,                                          \
			 .cache_write_1h = COUNT_UNKNOWN,                                          \
			 .output = COUNT_UNKNOWN,                                                  \
			 .reasoning = COUNT_UNKNOWN,                                               \
			 .audio_in = COUNT_UNKNOWN,                                                \
			 .audio_out = COUNT_UNKNOWN,                                               \
			 .image_in = COUNT_UNKNOWN,                                                \
			 .image_out = COUNT_UNKNOWN,                                               \
			 .total = COUNT_UNKNOWN })

enum cost_source {
	COST_UNKNOWN,
	COST_STATED, /* by the provider, in its answer */
	COST_TABLE,  /* computed from a table of prices */
	COST_LOCAL,  /* nothing: it ran on this host */
};

/* What a call cost, USD. The parts are 0 when it is stated or local; else usd is their sum. */
struct cost {
	double usd;
	enum cost_source source;
	double input_usd;  /* read anew: neither cached nor written to a cache */
	double cached_usd; /* read from a cache */
	double write_usd;  /* written to a cache */
	double output_usd;
	double request_usd; /* for the call as such */
	char row[160];	    /* of the table: provider, model, source; "": none */
	bool partial;	    /* there were tokens that the row has no price for */
};

struct api_error {
	char *type, *code, *message;
};

#define GAPS_KEPT 8

/* Where bytes of one body are missing: `off` in the body before content coding was undone. */
struct body_gap {
	uint64_t off, len; /* len 0: unknown */
};

enum body_state {
	BODY_NONE,     /* no message was seen */
	BODY_OPEN,     /* still under way */
	BODY_COMPLETE, /* by its framing, or the API said that nothing follows */
	BODY_CUT,      /* ended early, or broken framing */
};

/* When lines of a body came (arrival.h): so many of them by a time, CLOCK_MONOTONIC. */
struct arrival {
	struct arrival_mark {
		uint64_t ns, lines;
	} * marks;
	size_t count;
	uint64_t lines; /* that came in all */
};

/* One body and its completeness ledger. Sizes in bytes. */
struct body {
	enum body_state state;
	uint64_t wire;	  /* captured, transfer coding undone, content coding not */
	uint64_t missing; /* known to be missing */
	int64_t expected; /* what framing promised, COUNT_UNKNOWN when it does not say */
	struct body_gap gaps[GAPS_KEPT];
	size_t ngaps;	  /* may exceed GAPS_KEPT */
	uint64_t decoded; /* bytes after the content coding was undone */
	struct buf text;  /* those that are kept, masked; full = cut by a limit */
	/* How many bytes were kept, since masks change the text's length, and a record that was
	 * read back may lack it; COUNT_UNKNOWN: text.len. And whether they were no UTF-8. */
	int64_t kept;
	bool binary;
	char wire_sha256[65]; /* of the captured bytes as they were on the wire; "" until ended */
	char sha256[65];      /* of the bytes after content coding was undone */
	char *media_type;     /* lower case, without parameters */
	char *coding;	      /* Content-Encoding, NULL when none */
	const char *coding_error; /* static text: why it could not be undone; NULL when it could */

	struct arrival arrival; /* of its text; empty in a record that was read back without it */

	size_t clean; /* for redact.c: so much of the text is masked, and what goes on */
	struct redact_stream *masking;
};

struct header {
	char *name, *value; /* value masked where it is a secret */
};

struct headers {
	struct header *items;
	size_t count;
	bool cut;     /* some are missing */
	bool unseen;  /* some refer to earlier ones, before the connection was joined */
	size_t clean; /* for redact.c: so many are masked */
};

enum exchange_kind {
	EXCHANGE_LLM,  /* a call to a model */
	EXCHANGE_MCP,  /* a call of an agent to its tools: JSON-RPC */
	EXCHANGE_ACP,  /* of an editor to an agent, or back: JSON-RPC */
	EXCHANGE_A2A,  /* of an agent to another agent: JSON-RPC, HTTP and JSON, gRPC */
	EXCHANGE_RPC,  /* other gRPC, or Connect: messages whose content is not understood */
	EXCHANGE_HTTP, /* anything else */
};

/* CLOCK_MONOTONIC, ns; 0 when it did not happen or was not seen. */
struct times {
	uint64_t request_first, request_last;
	uint64_t response_first; /* first byte of the head */
	uint64_t first_token;	 /* first visible output: text, reasoning or tool call */
	uint64_t response_last;
};

enum conversation_break {
	BREAK_MESSAGES,
	BREAK_SYSTEM, /* system prompt */
	BREAK_TOOLS,
};

/* Where a call stands in its conversation (conversation/conversation.h). */
struct conversation {
	char id[17];	       /* "": it is not known to belong to any */
	unsigned turn;	       /* from 1, of those that were seen */
	unsigned turns_before; /* that were not: at least so many */
	bool retry;	       /* the turn was tried before */
	char parent[17];       /* conversation that this one branched off; "": none */
	unsigned parent_turn;  /* the last turn that both share */
	char *title;	       /* the client's own, else the user's first sentence; one line */
	char *session; /* as the client calls it; other conversations may belong to it too */
	/* So many messages, from repeated_from on, were shown with an earlier turn. It is 0, or the
	 * number of system messages at the front where those changed. */
	size_t repeated_from, repeated;
	bool same_system, same_tools; /* as in the earlier turn */
	/* The request does not begin with all of the earlier turn's, though the conversation goes
	 * on, so that less of it can be read from cache: by which change, at which message. */
	bool broke;
	enum conversation_break broke_by;
	size_t broke_at;
	int64_t lost_cache; /* tokens that could no longer be read from cache */
};

/* Which agent makes the call, in the words of the client; strings are NULL where it does not say.
 * And the tool call of another agent that began this one, or that this call to a tool serves. */
struct agent {
	char *session; /* a run, with its sub-agents */
	char *id;      /* within it */
	char *parent;  /* id of the agent that began this one */
	char *kind;    /* "subagent", "compaction" ... */
	char *thread, *turn;
	char *parent_call;	      /* id of the tool call; NULL: not known */
	char parent_conversation[17]; /* "": not known */
	bool inferred;		      /* by equal texts: the client does not say so */
};

/* Codex names a thread where others name an agent: its sub-agents share a session. */
static inline const char *agent_name(const struct agent *a)
{
	return a->id ? a->id : a->thread;
}

/* Where a process runs, as its cgroup's path tells; strings are NULL when unknown. */
struct container {
	char *runtime; /* as struct cgroup_place has it (capture/cgroup_path.h); NULL: in none */
	char *id;      /* of the container, hex */
	char *name;
	char *pod;  /* of Kubernetes: "namespace/name", else its uid */
	char *unit; /* systemd's: "app.service" */
};

/* The process at the other end of a connection. */
struct other_end {
	uint32_t tgid, uid;
	uint64_t cgroup;
	char *process, *exe, *cmdline, *script, *user;
};

/* The program at the other leg of a call that a gateway on this host passed on. */
struct leg {
	uint32_t tgid; /* 0: there is none, or it is not known */
	char *program, *user;
};

/* What a rule of --alert found in a call. Both are ours, and tell nothing of a secret. */
struct alert {
	char *rule;  /* its name */
	char *where; /* "message 3" ...; NULL */
};

struct alerts {
	struct alert *items;
	size_t count;
};

/* A key is told from others, and from none can it be made again (exchange/key_print.h). */
struct key_print {
	char id[17];	  /* hex; "": none, or not known */
	const char *hint; /* static: how it begins, or the header field that it came with; NULL */
};

/* A piece of visible output as it arrives. */
struct exchange_delta {
	uint64_t id;	 /* of the exchange */
	uint32_t seq;	 /* from 0 for each exchange; after a gap, only its end shows the whole */
	unsigned choice; /* its index, as the provider numbers it */
	size_t part;	 /* number of the part in the choice's message */
	enum part_kind kind;
	uint64_t ts_ns;	  /* CLOCK_MONOTONIC */
	struct span text; /* borrowed; empty for a tool call that has no arguments yet */
	struct span name; /* borrowed: of the tool, of a tool call; else empty */
	size_t choices;	  /* how many there are so far */
};

/* Whether all tokens of a call are known: it follows from its answer, or was written down, where
 * the answer is not here. */
enum tokens { TOKENS_FOLLOW, TOKENS_KNOWN, TOKENS_UNKNOWN };

struct exchange {
	uint64_t id;	 /* its number among those that are shown, from 1; 0: none, or none yet */
	uint64_t serial; /* running number of all of a run, from 1; 0: it was read back */
	enum exchange_kind kind;
	struct times t;
	int64_t wall_offset; /* wall clock minus monotonic, ns */

	/* process and connection */
	uint32_t tgid, tid, uid;
	uint64_t cgroup;
	char *process, *exe, *cmdline, *comm;
	char *script; /* what people call the program, where `process` is its interpreter */
	char *user;   /* name of uid on the host where it was captured */
	struct container container;
	struct ancestors ancestors;		  /* when it was described */
	uint64_t conn_first_seen_ns, conn_object; /* with tgid: names the connection */
	char *server_name;			  /* SNI */
	char *local, *peer;			  /* "127.0.0.1:443", "[::1]:443" */
	bool cleartext;				  /* no TLS */
	bool is_server; /* the process answered this call rather than making it */

	/* Both ends of the connection are traced: this call is seen twice. The client's record
	 * tells of it; that of its server, twin_of it (an id; else 0), counts in no sum, and is
	 * hidden, unless it knows more. */
	struct other_end *other; /* NULL: not traced */
	uint64_t twin_of;
	struct exchange *twin; /* a reference to that record, until twin_of is known */
	bool hidden;
	bool ended; /* the record is frozen */
	enum tokens tokens;
	size_t bytes; /* of memory, of what is frozen; else 0 */

	struct leg via;	     /* the gateway that passed this call on: it counts in no sum, for the
			      * gateway's own call does */
	struct leg made_for; /* of a gateway's call: whose call it passed on */

	/* HTTP */
	bool request_seen, response_seen; /* their heads */
	const char *protocol;		  /* static: "http/1.1" ..., "stdio": pipes */
	char *method, *target, *host;	  /* target masked; host: authority, else SNI */
	unsigned port;			  /* that the authority names, 0: none */
	unsigned status;		  /* 0 = none seen */
	struct headers request_headers, response_headers;
	struct body request_body, response_body;
	bool from_middle; /* tracing began inside this connection, before this exchange's request */
	bool hooked_late; /* that is because its TLS was hooked after it had moved data */
	bool lost_events; /* the kernel lost events while it was under way */

	/* model call */
	const char *provider, *provider_label; /* static: "openai", "OpenAI" */
	bool provider_given;		       /* the person says so: --as */
	const char *api;		       /* static: dialect, "openai.chat" */
	bool stream;			       /* the answer came as a stream */
	bool stream_requested;
	char *model_asked, *model_answered;
	char *request_id, *response_id; /* from headers; from the body */
	struct key_print key;		/* of the request */
	struct alerts alerts;		/* that were given because of this call */
	struct alerts suspects;		/* alert/'s: what may be one, until that is judged */
	bool judged;			/* alert/'s: the request was */
	struct message system;		/* role "system"; nparts 0 when none */
	struct message *messages;
	size_t nmessages;
	struct tool *tools;
	size_t ntools;
	struct param *params;
	size_t nparams;
	bool request_parsed;  /* the request body was read as this api's */
	bool request_partial; /* only its beginning could be read (cut or gap) */
	struct choice *choices;
	size_t nchoices;
	struct citation *citations;
	size_t ncitations;
	char **searches; /* queries with which the provider looked for them */
	size_t nsearches;
	bool response_partial;
	uint64_t stream_events; /* that carried output */
	struct usage usage;
	int64_t counted; /* tokens that the provider counted and did not use: of a call for that */
	/* Of its own cache, as the provider tells: why less was read than might have been, and how
	 * many tokens. */
	char *cache_miss;
	int64_t cache_missed;
	char *service_tier; /* at which it was answered, as the provider says */
	struct cost cost;
	struct api_error *error; /* NULL when none */
	struct conversation conversation;
	struct agent agent;

	/* EXCHANGE_MCP, EXCHANGE_ACP, EXCHANGE_A2A: the method, and the tool, prompt or resource it
	 * is about. EXCHANGE_RPC: the method with its service. */
	char *rpc_method, *rpc_name;
	bool rpc_failed;    /* the tool or the task failed */
	char *rpc_id;	    /* of the request */
	char *rpc_task;	    /* id of a task that it makes, or is about */
	char *rpc_state;    /* of that task, or "input_required": lower case, with '_' */
	char *rpc_context;  /* A2A: what the other agent calls the conversation */
	char *rpc_mismatch; /* header field that says something else than the body */
	/* A call that ended with input_required goes on in another one. What both have in common,
	 * 0: nothing; and the number of the one before (an id; else 0). */
	uint64_t rpc_round, rpc_answers;
	uint64_t rpc_continues;
	struct exchange_link *rpc_self, *rpc_before; /* until their numbers are known */
	uint64_t rpc_messages[2];		     /* EXCHANGE_RPC: number sent, and received */

	char *did; /* exchange_did's, of a record that was read without its texts; else NULL */

	char **owned; /* what static texts are in a record that was read back */
	size_t nowned;

	struct {
		size_t messages, tools, params, citations, searches;
	} clean; /* for redact.c: so many are masked */

	/* Private to exchange/share.c. */
	unsigned refs;
	struct limits
		*lim; /* whose memory `charged` bytes are given back with the last reference */
	size_t charged;
	struct exchange *snapshot; /* NULL: none, or the record has changed since */
	unsigned snapshot_parts;
};

/* A record by itself: for one under construction see exchange/builder.h. The caller holds the one
 * reference to it. */
struct exchange *exchange_new(uint64_t id, size_t text_max);

/* ---- sharing (exchange/share.c) ----
 * A record changes until it ends, on one thread. It is frozen then, and whoever holds a reference
 * may read it on any thread. */

/* One reference more to a frozen record or a snapshot; safe on every thread. */
struct exchange *exchange_ref(const struct exchange *x);
/* Drops one, and frees the record with the last; accepts NULL. */
void exchange_unref(struct exchange *x);
enum exchange_parts {
	EXCHANGE_CONTENT = 1, /* system, messages, tools, params, choices */
	EXCHANGE_BODIES = 2,  /* texts of the bodies */
};
/* A frozen copy of a record that still changes, with a reference for the caller. Copies are shared
 * until exchange_changed(). parts: what of the costly parts it has at least; others may be empty.
 */
struct exchange *exchange_snapshot(struct exchange *x, unsigned parts);
void exchange_changed(struct exchange *x);
/* It has ended. */
void exchange_freeze(struct exchange *x);
/* A copy of its own, which the caller may change. */
struct exchange *exchange_copy(const struct exchange *from, unsigned parts);
/* The record takes so much of the limit `memory`, until its last reference is dropped. */
void exchange_charge(struct exchange *x, struct limits *lim, size_t bytes);
/* Bytes of memory that the record takes, nearly: for queues that are bounded in bytes. */
size_t exchange_bytes(const struct exchange *x);

/* Tells of `x` that its other end is what `at` was seen at; `at` NULL: that it is not known. */
void exchange_set_other_end(struct exchange *x, const struct exchange *at);

void message_clear(struct message *m); /* frees its parts */

/* The reference to x, made where there is none. */
struct exchange_link *exchange_link_of(struct exchange *x);
struct exchange_link *exchange_link_hold(struct exchange_link *r);
void exchange_link_drop(struct exchange_link *r); /* accepts NULL */

/* A copy that lives as long as `x`, for members that otherwise point to static text. */
const char *exchange_own(struct exchange *x, const char *text);

/* Bytes of the body that were kept as text when it was read. */
uint64_t body_kept(const struct body *b);

/* Total of missing bytes in both bodies, and whether anything of the exchange is known to be
 * missing at all (gap, cut, unseen head, limit, broken coding). */
uint64_t exchange_missing(const struct exchange *x);
bool exchange_complete(const struct exchange *x);

/* Wall-clock time of a moment of x->t, ns since 1970; 0 when it is not known. */
int64_t exchange_wall_ns(const struct exchange *x, uint64_t monotonic_ns);

/* When it began, as far as is known; likewise. */
int64_t exchange_began_ns(const struct exchange *x);

/* What people call the program: its script, else its process; "?" when neither is known. */
const char *exchange_program(const struct exchange *x);
/* The model that answered, else the one that was asked for; NULL: neither is known. */
const char *exchange_model(const struct exchange *x);
/* What a call is to: a model, a method or a host; NULL: it is not known. */
const char *exchange_callee(const struct exchange *x);
/* The container's name, else its id; NULL: it is in none. */
const char *exchange_container(const struct exchange *x);

/* Whether it went over a pair of pipes or Unix sockets, not over HTTP. */
bool exchange_is_stdio(const struct exchange *x);

/* What the request sets under that name; NULL: nothing. */
const json_t *exchange_param(const struct exchange *x, const char *name);

/* Whether the call only asks how many tokens a prompt has: it costs nothing and is no turn. */
bool exchange_counts(const struct exchange *x);

/* Whether it took tokens that the record does not know, or not all of them: no count came, or the
 * stream that states running counts ended before the last. What was refused took none. */
bool exchange_tokens_unknown(const struct exchange *x);

const char *exchange_kind_name(enum exchange_kind k);
const char *exchange_kind_label(enum exchange_kind k); /* for people: "MCP" */
const char *part_kind_name(enum part_kind k);
const char *finish_name(enum finish f);
const char *body_state_name(enum body_state s);
const char *conversation_break_name(enum conversation_break b);
const char *cost_source_name(enum cost_source s);

#endif
