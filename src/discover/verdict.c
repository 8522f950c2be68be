/* SPDX-License-Identifier: MIT */
#include "discover/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/units.h"
#include "base/xalloc.h"

enum kind {
	LATE,
	UNWRITTEN,
	QUIC,
	JAVA,
	BROKEN,
	UNREAD,
	NOT_HOOKED,
	NEVER_CALLED,
	PASSED_BY,
	UNKNOWN,
	ENDED
};

/* %1$s: to whom; %2$s: what is hooked in it, or the problem; %3$s: how long. */
static const struct {
	const char *reason, *remedy;
} rows[] = {
	[LATE] = { "it spoke TLS to %1$s before its TLS (%2$s) was hooked, %3$s after it began; "
		   "what it said until then was not seen",
		   "run it again: what is known by now is hooked at once, and with --hold (the "
		   "default) before it runs" },
	[UNWRITTEN] = { "what it sends by TLS to %1$s is not captured, only what it receives "
			"(%2$s)",
			"report the program as a bug; until then, let it use a proxy on this host "
			"that uses OpenSSL" },
	[QUIC] = { "it speaks QUIC to %1$s, probably for HTTP/3, which llm-spy cannot capture",
		   "disable HTTP/3 in it (Chromium and derivatives: --disable-quic or the policy "
		   "QuicAllowed; Firefox: network.http.http3.enable)" },
	[JAVA] = { "it speaks TLS to %1$s by Java's own implementation, which is bytecode, so "
		   "there "
		   "is no function to hook",
		   "let it reach the model through a proxy on this host that uses OpenSSL" },
	[BROKEN] = { "it speaks TLS to %1$s, and %2$s",
		     "rebuild the program with a newer toolchain" },
	[UNREAD] = { "it speaks TLS to %1$s, and %2$s",
		     "if root can open the file, report a bug and attach the file" },
	[NOT_HOOKED] = { "it speaks TLS to %1$s, and its TLS (%2$s) could not be hooked",
			 "see the warnings above, and llm-spy doctor" },
	[NEVER_CALLED] = { "it speaks TLS to %1$s, but the TLS that is hooked in it (%2$s) was "
			   "never called",
			   "if it has a TLS library of its own, name it: --libssl FILE; else "
			   "report "
			   "the program as a bug; until then, let it use a proxy on this host that "
			   "uses OpenSSL" },
	[PASSED_BY] = { "it speaks TLS to %1$s by another implementation than the one that is "
			"hooked in it (%2$s)",
			"if it has a TLS library of its own, name it: --libssl FILE; else report "
			"the "
			"program as a bug; until then, let it use a proxy on this host that uses "
			"OpenSSL" },
	[UNKNOWN] = { "it speaks TLS to %1$s by an implementation that llm-spy does not know",
		      "if it talks to a model, report the program as a bug; until then, let it use "
		      "a "
		      "proxy on this host that uses OpenSSL" },
	[ENDED] = { "it spoke TLS to %1$s and ended before llm-spy had looked at its files",
		    "run it again; if that does not help, name the file that holds its TLS: "
		    "--libssl "
		    "FILE" },
};

static enum kind kind_of(const struct uncarried *u, const struct coverage *c, bool unhooked,
			 uint64_t hooked_ns)
{
	if (u->quic)
		return QUIC;
	if (hooked_ns > u->begun_ns)
		return LATE;
	if (u->unwritten)
		return UNWRITTEN;
	if (!c)
		return ENDED;
	if (c->reason && (c->ntls || !c->java))
		return BROKEN;
	if (c->java)
		return JAVA;
	if (c->unread)
		return UNREAD;
	if (c->ntls && unhooked)
		return NOT_HOOKED;
	if (c->ntls)
		return u->captured ? PASSED_BY : NEVER_CALLED;
	return UNKNOWN;
}

static void add_peer(struct buf *out, const struct uncarried *u)
{
	if (u->server_name[0] && u->peer[0])
		buf_addf(out, "%s (%s)", u->server_name, u->peer);
	else if (u->server_name[0] || u->peer[0])
		buf_adds(out, u->server_name[0] ? u->server_name : u->peer);
	else
		buf_adds(out, "a server");
}

/* Each once. */
static void add_hooked(struct buf *out, const struct coverage *c)
{
	for (size_t i = 0; c && i < c->ntls; i++) {
		size_t before = 0;

		while (strcmp(c->tls[before].implementation, c->tls[i].implementation) != 0)
			before++;
		if (before == i)
			buf_addf(out, "%s%s", out->len ? ", " : "", c->tls[i].implementation);
	}
}

char *verdict_reason(const struct uncarried *u, const struct coverage *c, bool unhooked,
		     uint64_t hooked_ns, const char **ret_remedy)
{
	enum kind kind = kind_of(u, c, unhooked, hooked_ns);
	uint64_t late_ns = kind == LATE ? hooked_ns - u->begun_ns : 0;
	struct buf peer, what, out;

	buf_init(&peer, 1024);
	buf_init(&what, 4096);
	buf_init(&out, 8192);
	add_peer(&peer, u);
	if (kind == BROKEN)
		buf_adds(&what, c->reason);
	else if (kind == UNREAD)
		buf_adds(&what, c->unread);
	else
		add_hooked(&what, c);
	if (!what.len)
		buf_adds(&what, "TLS");
	buf_addf(&out, rows[kind].reason, peer.ptr, what.ptr, text_duration(late_ns).text);
	*ret_remedy = rows[kind].remedy;
	buf_done(&peer);
	buf_done(&what);
	return buf_take(&out);
}
