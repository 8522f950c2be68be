/* SPDX-License-Identifier: MIT */
#include "assemble/heads.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/headers.h"
#include "llm/named_hosts.h"
#include "redact/credential.h"

/* ---- the connection ---- */

void heads_set_endpoints(struct exchange *x, const struct endpoints *e)
{
	char text[ENDPOINT_TEXT];

	if (!e->family)
		return;
	endpoint_text(e->family, &e->local, text);
	set_string(&x->local, span_str(text));
	endpoint_text(e->family, &e->peer, text);
	set_string(&x->peer, span_str(text));
}

static void set_process(struct exchange *x, const struct proc *p)
{
	set_string(&x->process, span_str(p->name));
	set_string(&x->exe, span_str(p->exe));
	set_string(&x->cmdline, span_str(p->cmdline));
	set_string(&x->script, span_str(p->script));
	set_string(&x->user, span_str(p->user));
	set_string(&x->container.runtime, span_str(p->runtime));
	set_string(&x->container.id, span_str(p->container));
	set_string(&x->container.name, span_str(p->container_name));
	set_string(&x->container.pod, span_str(p->pod));
	set_string(&x->container.unit, span_str(p->unit));
	x->ancestors = p->ancestors;
}

static void set_other(struct exchange *x, const struct proc *p)
{
	struct exchange at = { .tgid = p->tgid,
			       .uid = p->uid,
			       .cgroup = p->cgroup,
			       .process = (char *)p->name,
			       .exe = p->exe,
			       .cmdline = p->cmdline,
			       .script = p->script,
			       .user = p->user };

	exchange_set_other_end(x, &at);
}

void heads_set_connection(struct exchange *x, const struct assembler_conn *cc)
{
	const struct conn *conn = cc->conn;
	const struct proc *p = conn->proc;

	x->wall_offset = cc->assembler->wall_offset;
	x->tgid = conn->id.tgid;
	x->conn_object = conn->id.object;
	x->conn_first_seen_ns = conn->id.first_seen_ns;
	x->tid = conn->tid;
	x->from_middle = !conn->from_start;
	x->hooked_late = conn->hooked_late;
	x->cleartext = cc->cleartext;
	heads_set_endpoints(x, &cc->endpoints);
	x->is_server = cc->is_server;
	x->protocol = "http/1.1";
	set_string(&x->comm, span_str(conn->comm));
	set_string(&x->server_name, span_str(conn->host));
	set_string(&x->host, span_str(conn->host));
	if (!p)
		return;
	x->uid = p->uid;
	x->cgroup = p->cgroup;
	set_process(x, p);
	if (conn->other)
		set_other(x, conn->other);
}

void heads_set_stdio(struct exchange *x, const struct assembler_conn *cc, enum dir asked)
{
	const struct proc *own = cc->conn->proc, *other = cc->conn->other;

	x->protocol = "stdio";
	x->cleartext = true;
	if (asked == DIR_WRITE && other)
		set_other(x, other);
	if (asked == DIR_WRITE)
		return;
	x->tgid = other ? other->tgid : 0;
	x->tid = x->tgid;
	x->uid = other ? other->uid : 0;
	x->cgroup = other ? other->cgroup : 0;
	set_string(&x->comm, SPAN_LIT(""));
	if (other)
		set_process(x, other);
	if (own)
		set_other(x, own);
}

void heads_set_late_process(struct exchange *x, const struct conn *conn)
{
	const struct proc *p = conn->proc;

	if (conn->other && conn->other->tgid == x->tgid)
		p = conn->other;
	if (!x->exe && p && p->tgid == x->tgid)
		set_process(x, p);
}

void heads_answered_by(struct exchange *x, const struct assembler_conn *cc)
{
	if (cc->conn->other && x->tgid != cc->conn->other->tgid)
		set_other(x, cc->conn->other);
}

/* ---- heads ---- */

static void copy_headers(struct headers *to, const struct http_head *h)
{
	to->cut |= h->cut;
	to->unseen |= h->unseen;
	for (size_t i = 0; i < h->nfields; i++) {
		const struct http_field *f = &h->fields[i];
		struct header *item;

		to->items = xgrow(to->items, to->count, sizeof(*to->items));
		item = &to->items[to->count++];
		item->name = xstrndup((const char *)f->name.ptr, f->name.len);
		if (credential_header(f->name)) {
			struct buf masked;

			buf_init(&masked, 64 << 10);
			credential_mask_value(f->name, f->value, &masked);
			item->value = buf_take(&masked);
		} else {
			item->value = xstrndup((const char *)f->value.ptr, f->value.len);
		}
	}
}

/* 0 where the digits are malformed. */
static unsigned port_of(struct span digits)
{
	unsigned port = 0;

	for (size_t i = 0; i < digits.len; i++) {
		if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || digits.len > 5)
			return 0;
		port = port * 10 + (digits.ptr[i] - '0');
	}
	return port;
}

void heads_copy_request(struct exchange *x, const struct http_head *h)
{
	struct buf target;
	size_t colon = span_find(h->authority, ':');

	x->request_seen = true;
	set_string(&x->method, h->method);
	buf_init(&target, 1 << 20);
	credential_mask_target(h->target, &target);
	free(x->target);
	x->target = buf_take(&target);
	/* "[::1]:443" keeps its brackets. */
	if (h->authority.len && h->authority.ptr[0] == '[')
		colon = span_find(h->authority, ']') + 1;
	set_string(&x->host, span_first(h->authority, colon));
	x->port = port_of(span_from(h->authority, colon + 1));
	copy_headers(&x->request_headers, h);
}

void heads_name_provider(struct exchange *x, const struct named_hosts *named)
{
	unsigned port = x->port ? x->port : x->cleartext ? 80 : 443;
	const struct provider *p = named_hosts_find(named, span_str(x->host), port);

	if (!p)
		return;
	x->provider_given = true;
	x->provider = p->id;
	x->provider_label = p->label;
}

void heads_copy_trailer(struct exchange *x, const struct http_head *h)
{
	copy_headers(&x->response_headers, h);
}

void heads_copy_response(struct exchange *x, const struct http_head *h)
{
	x->response_seen = true;
	x->status = h->status;
	copy_headers(&x->response_headers, h);
	set_string(&x->request_id, headers_of_role(&x->response_headers, ROLE_REQUEST_ID));
}
