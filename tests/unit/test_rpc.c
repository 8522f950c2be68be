/* SPDX-License-Identifier: MIT */
/* JSON-RPC over a pair of pipes: what a pipe is taken for, its messages however they are cut, and
 * the exchanges that these make. */
#include <stdio.h>

#include "base/buf.h"
#include "capture/chunk.h"
#include "http/rpc.h"
#include "pipeline.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

/* ---- what it is taken for ---- */

#define INITIALIZE "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"

static const struct {
	const char *text;
	enum rpc_look look;
	bool asks;
} looks[] = {
	{ "", RPC_LOOK_MORE, false },
	{ " \r\n", RPC_LOOK_MORE, false },
	{ INITIALIZE "{\"protocolVersion\":\"2025-06-18\"}}", RPC_LOOK_MORE, false },
	{ INITIALIZE "{\"protocolVersion\":\"2025-06-18\"}}\n", RPC_LOOK_YES, true },
	{ INITIALIZE "{\"protocolVersion\":1}}\r\nmore", RPC_LOOK_YES, true },
	{ INITIALIZE "{\"processId\":1,\"capabilities\":{}}}\n", RPC_LOOK_NO, false },
	{ "{\"method\":\"ping\",\"id\":3,\"jsonrpc\":\"2.0\"}\n", RPC_LOOK_YES, true },
	{ "{\"result\":{},\"id\":3,\"jsonrpc\":\"2.0\"}\n", RPC_LOOK_YES, false },
	{ "[{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":3}]\n", RPC_LOOK_YES, true },
	{ "{\"method\":\"$/cancelRequest\",\"jsonrpc\":\"2.0\"}\n", RPC_LOOK_NO, false },
	{ "{\"a\":1}\n", RPC_LOOK_NO, false },
	{ "{broken\n", RPC_LOOK_NO, false },
	{ "[1,2]\n", RPC_LOOK_NO, false },
	{ "{\"text\":\"jsonrpc\"}\n", RPC_LOOK_NO, false },
	{ "hello\n", RPC_LOOK_NO, false },
	{ "Content-", RPC_LOOK_MORE, false },
	{ "Content-Length: 5\r\n\r\n{\"js", RPC_LOOK_MORE, false },
	{ "content-length: 40\r\nX: y\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":3}\n",
	  RPC_LOOK_YES, true },
	{ "Contents of the file", RPC_LOOK_NO, false },
};

static void test_looks(void)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++) {
		bool asks = false;
		enum rpc_look got = rpc_look(span_str(looks[i].text), &asks);

		ok(got == looks[i].look && (got != RPC_LOOK_YES || asks == looks[i].asks),
		   "\"%.60s\" is judged", looks[i].text);
	}
}

/* What is longer than a first message may be is judged all the same. */
static void test_long_look(void)
{
	struct buf text;

	buf_init(&text, RPC_LOOK_MAX);
	buf_adds(&text, "{\"method\":\"tools/call\",\"jsonrpc\":\"2.0\",\"params\":{\"text\":\"");
	while (!text.full)
		buf_addc(&text, 'x');
	ok(rpc_look(buf_span(&text), NULL) == RPC_LOOK_YES, "a long one by its beginning");
	buf_reset(&text);
	text.full = false;
	while (!text.full)
		buf_addc(&text, ' ');
	ok(rpc_look(buf_span(&text), NULL) == RPC_LOOK_NO, "blanks are none");
	buf_done(&text);
}

/* ---- messages ---- */

struct play {
	struct rpc *rpc;
	struct buf got;
};

static void on_message(void *arg, enum dir d, uint64_t ts_ns, struct span text, bool cut)
{
	struct play *p = arg;

	buf_addc(&p->got, d == DIR_WRITE ? '>' : '<');
	buf_add(&p->got, text);
	buf_adds(&p->got, cut ? "~|" : "|");
}

static void on_piece(void *arg, struct span s)
{
	struct play *p = arg;

	rpc_feed(p->rpc, DIR_WRITE, 1, s);
}

static void play(const char *what, const char *text, const char *after_gap, size_t limit,
		 const char *want)
{
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		struct limits lim;
		struct play p;

		limits_init(&lim);
		if (limit)
			lim.max[LIMIT_event] = limit;
		buf_init(&p.got, 1 << 16);
		buf_adds(&p.got, "");
		p.rpc = rpc_new(&lim, on_message, &p);
		cut_feed(way, span_str(text), on_piece, &p);
		if (after_gap) {
			rpc_gap(p.rpc, DIR_WRITE, 1);
			cut_feed(way, span_str(after_gap), on_piece, &p);
		}
		rpc_close(p.rpc, 2);
		rpc_free(p.rpc);
		is_str(p.got.ptr, want, "%s, %s", what, cut_name(way));
		buf_done(&p.got);
	}
}

static void test_messages(void)
{
	play("lines", "{\"a\":1}\n\n  {\"b\":2}\r\nhello\n{\"c\"", NULL, 0,
	     ">{\"a\":1}|>  {\"b\":2}|>hello|>{\"c\"|");
	play("lines with a gap", "{\"a\":1}\n{\"b\":", "2}\n{\"c\":3}\n", 0,
	     ">{\"a\":1}|>{\"b\":~|>{\"c\":3}|");
	play("lengths", "Content-Length: 7\r\n\r\n{\"a\":1}Content-Length: 2\r\nX: y\r\n\r\n{}",
	     NULL, 0, ">{\"a\":1}|>{}|");
	play("lengths with a gap", "Content-Length: 9\r\n\r\n{\"a\":", "1}Content-Length: 2\n\n{}",
	     0, ">{\"a\":~|>{}|");
	play("a length that is none", "Content-Length: x\r\n\r\nContent-Length: 2\r\n\r\n{}", NULL,
	     0, ">{}|");
	play("a length past all", "Content-Length: 99999999999999\r\n\r\n{}", NULL, 0, ">{}~|");
	play("past the limit",
	     "Content-Length: 12\r\n\r\n{\"a\":\"1234\"}Content-Length: 2\r\n\r\n{}", NULL, 8,
	     ">{\"a\":\"12~|>{}|");
}

/* ---- exchanges ---- */

static void on_ended(void *arg, struct exchange *x)
{
	struct buf *b = arg;
	const struct part *p = NULL;

	if (x->nchoices && x->choices[0].msg.nparts)
		p = &x->choices[0].msg.parts[0];
	buf_addf(b, "%s %u>%u %s %s%s%s%s%s%s|", exchange_kind_name(x->kind), x->tgid,
		 x->other ? x->other->tgid : 0, x->rpc_method ? x->rpc_method : "?",
		 x->rpc_name ? x->rpc_name : "-", p ? " = " : "", p ? p->text.ptr : "",
		 exchange_complete(x) ? "" : " incomplete", x->from_middle ? " middle" : "",
		 x->rpc_continues ? " goes on" : "");
}

static const struct observer observer = { .ended = on_ended };

struct talk {
	enum dir dir;
	const char *text;
};

static void feed(struct pipeline *p, uint64_t *off, const struct talk *t)
{
	struct chunk c = { .kind = CHUNK_DATA,
			   .dir = t->dir,
			   .flags = CHUNK_FROM_START | CHUNK_CLEARTEXT | CHUNK_STDIO,
			   .conn = { 10, 77, 5 },
			   .ts_ns = 1000 + off[0] + off[1],
			   .off = off[t->dir],
			   .io_len = (uint32_t)strlen(t->text) + 1,
			   .comm = "agent" };
	struct chunk end;

	c.data = span_str(t->text);
	pipeline_chunk(p, &c);
	end = c;
	end.data = span_str("\n");
	end.off += strlen(t->text);
	end.io_off = (uint32_t)strlen(t->text);
	pipeline_chunk(p, &end);
	off[t->dir] = end.off + 1;
}

static void talk(const char *what, const struct talk *t, size_t count, const char *want)
{
	struct chunk other = { .kind = CHUNK_OTHER,
			       .flags = CHUNK_FROM_START | CHUNK_CLEARTEXT | CHUNK_STDIO,
			       .conn = { 10, 77, 5 },
			       .off = 20,
			       .comm = "agent" };
	uint64_t off[2] = { 0 };
	struct pipeline *p;
	struct limits lim;
	struct buf got;

	limits_init(&lim);
	buf_init(&got, 1 << 16);
	buf_adds(&got, "");
	p = pipeline_new(&lim);
	pipeline_observe(p, &observer, &got);
	pipeline_chunk(p, &other);
	for (size_t i = 0; i < count; i++)
		feed(p, off, &t[i]);
	pipeline_finish(p, 5000);
	pipeline_free(p);
	is_str(got.ptr, want, "%s", what);
	ok(limits_memory(&lim) == 0, "%s: nothing is kept", what);
	buf_done(&got);
}

#define TALK(what, want, ...)                                                                      \
	do {                                                                                       \
		static const struct talk t[] = { __VA_ARGS__ };                                    \
		talk(what, t, sizeof(t) / sizeof(*t), want);                                       \
	} while (0)
#define OPEN                                                                                       \
	{ DIR_WRITE, INITIALIZE "{\"protocolVersion\":\"2025-06-18\"}}" },                         \
	{                                                                                          \
		DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1}}"                    \
	}
#define OPENED "mcp 10>20 initialize - = {\"a\":1}|"

static void test_calls(void)
{
	TALK("a call", OPENED "mcp 10>20 tools/call t = hi|", OPEN,
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"tools/call\",\"params\":{"
			  "\"name\":\"t\",\"arguments\":{}}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{\"content\":[{\"type\":\"text\","
	       "\"text\":\"hi\"}]}}" });
	TALK("names are told apart by type", OPENED "mcp 10>20 ping - incomplete|", OPEN,
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"method\":\"ping\"}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}" });
	TALK("an answer from the end that asked is none", OPENED "mcp 10>20 ping - incomplete|",
	     OPEN, { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}" });
	TALK("the same name from both ends",
	     OPENED "mcp 20>10 roots/list - = {\"r\":2}|"
		    "mcp 10>20 ping - = {\"r\":1}|",
	     OPEN, { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"roots/list\"}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"r\":2}}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"r\":1}}" });
	TALK("a batch", OPENED "mcp 10>20 ping - = {}|mcp 10>20 tools/list - = {}|", OPEN,
	     { DIR_WRITE,
	       "[{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\"},{\"jsonrpc\":\"2.0\","
	       "\"id\":9,\"method\":\"tools/list\"}]" },
	     { DIR_READ,
	       "[{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{}},{\"jsonrpc\":\"2.0\",\"id\":9,"
	       "\"result\":{}}]" });
	TALK("other lines", OPENED, { DIR_READ, "listening" }, OPEN, { DIR_READ, "{\"level\":30}" },
	     { DIR_READ, "{" });
	TALK("another protocol", "",
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_call\"}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x\"}" });
	TALK("from the middle",
	     "mcp 10>20 ping - = {} middle|"
	     "mcp 10>20 ? - = {\"r\":1} incomplete middle|",
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"r\":1}}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}" });
	TALK("a result that comes first", OPENED "mcp 10>20 ping - = {\"r\":2}|", OPEN,
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"r\":2}}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}" });
	TALK("of the first call too", "mcp 10>20 initialize - = {\"r\":2}|",
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"r\":2}}" },
	     { DIR_WRITE, INITIALIZE "{\"protocolVersion\":\"2025-06-18\"}}" });
	TALK("a call that goes on, and one that asks for something else",
	     OPENED "mcp 10>20 tools/call t = null|mcp 10>20 tools/call t = done goes on|"
		    "mcp 10>20 tools/call u = done|",
	     OPEN,
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{"
			  "\"name\":\"t\",\"arguments\":{}}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"resultType\":\"input_required\","
	       "\"inputRequests\":{\"k\":{\"method\":\"roots/list\",\"params\":null}}}}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{"
			  "\"name\":\"t\",\"arguments\":{},\"inputResponses\":{\"k\":{}}}}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"content\":[{\"type\":"
			 "\"text\",\"text\":\"done\"}]}}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\",\"params\":{"
			  "\"name\":\"u\",\"arguments\":{},\"inputResponses\":{\"k\":{}}}}" },
	     { DIR_READ, "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"content\":[{\"type\":"
			 "\"text\",\"text\":\"done\"}]}}" });
	TALK("ACP", "acp 10>20 initialize -|acp 10>20 session/prompt - = Hello|",
	     { DIR_WRITE, INITIALIZE "{\"protocolVersion\":1}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"no\"}}" },
	     { DIR_WRITE, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"session/prompt\",\"params\":{"
			  "\"sessionId\":\"s\",\"prompt\":[]}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":"
	       "\"s\",\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{"
	       "\"type\":\"text\",\"text\":\"Hel\"}}}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"sessionId\":"
	       "\"s\",\"update\":{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{"
	       "\"type\":\"text\",\"text\":\"lo\"}}}}" },
	     { DIR_READ,
	       "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"stopReason\":\"end_turn\"}}" });
}

int main(void)
{
	test_looks();
	test_long_look();
	test_messages();
	test_calls();
	return tap_done();
}
