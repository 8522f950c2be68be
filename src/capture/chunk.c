/* SPDX-License-Identifier: MIT */
/* Decodes events of BPF programs, and encodes and decodes the recorded form of a chunk. */
#include "capture/chunk.h"

#include <errno.h>
#include <linux/types.h>

#include "base/buf.h"
#include "capture/hello.h"
#include "probes/event.h"

static void common(const struct spy_event *e, struct chunk *c)
{
	*c = (struct chunk){
		.dir = e->dir == SPY_READ ? DIR_READ : DIR_WRITE,
		.conn = { .tgid = e->tgid, .object = e->object, .first_seen_ns = e->first_seen_ns },
		.ts_ns = e->ts_ns,
		.off = e->off,
		.cgroup = e->cgroup,
		.io_seq = e->io_seq,
		.io_off = e->io_off,
		.io_len = e->io_len,
		.tid = e->tid,
		.uid = e->uid,
		.flags = (e->flags & SPY_FROM_START ? CHUNK_FROM_START : 0) |
			 (e->flags & SPY_CLEARTEXT ? CHUNK_CLEARTEXT : 0) |
			 (e->flags & SPY_STDIO ? CHUNK_STDIO : 0),
	};
	memcpy(c->comm, e->comm, sizeof(e->comm));
}

static int read_data(const struct spy_event *e, struct span rest, struct chunk *c)
{
	if (e->dir > SPY_READ)
		return -EPROTO;
	if (e->flags & SPY_MISSING) {
		c->flags |= CHUNK_MISSING;
		c->missing = e->len;
		return 0;
	}
	c->data = span_first(rest, e->len);
	return c->data.len == e->len ? 0 : -EPROTO;
}

static uint32_t tgid_of(const void *raw, size_t len, enum spy_kind kind)
{
	struct spy_event e;

	if (len < sizeof(e))
		return 0;
	memcpy(&e, raw, sizeof(e));
	return e.kind == kind ? e.tgid : 0;
}

uint32_t chunk_exec(const void *raw, size_t len, uint32_t *ret_tid)
{
	struct spy_event e;
	uint32_t tgid = tgid_of(raw, len, SPY_EXEC);

	if (tgid)
		memcpy(&e, raw, sizeof(e));
	*ret_tid = tgid ? e.tid : 0;
	return tgid;
}

bool chunk_exec_names(const void *raw, size_t len, struct spy_exec_names *ret, uint64_t *ret_ts_ns)
{
	struct spy_event e;

	if (!tgid_of(raw, len, SPY_EXEC) || len < sizeof(e) + sizeof(*ret))
		return false;
	memcpy(&e, raw, sizeof(e));
	memcpy(ret, (const uint8_t *)raw + sizeof(e), sizeof(*ret));
	*ret_ts_ns = e.ts_ns;
	return ret->exe_len < sizeof(ret->exe) && ret->args_len <= sizeof(ret->args);
}

uint32_t chunk_exit(const void *raw, size_t len)
{
	return tgid_of(raw, len, SPY_EXIT);
}

uint32_t chunk_connect(const void *raw, size_t len, struct span *ret_ends)
{
	struct spy_event e;

	if (len < sizeof(e) + sizeof(struct spy_endpoints))
		return 0;
	memcpy(&e, raw, sizeof(e));
	*ret_ends = span_of((const uint8_t *)raw + sizeof(e), sizeof(struct spy_endpoints));
	return e.kind == SPY_CONNECT ? e.tgid : 0;
}

bool chunk_file(const void *raw, size_t len, struct chunk *ret, struct spy_file_ends *ret_ends)
{
	struct spy_event e;

	if (len < sizeof(e) + sizeof(*ret_ends))
		return false;
	memcpy(&e, raw, sizeof(e));
	if (e.kind != SPY_FILE)
		return false;
	memcpy(ret_ends, (const uint8_t *)raw + sizeof(e), sizeof(*ret_ends));
	common(&e, ret);
	return true;
}

/* A socket of IPv6 that is not connected has no address of its own: whether it speaks IPv4 is told
 * by its peer alone. */
static void map_local(uint8_t *ends)
{
	static const uint8_t none[16], prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(ends + 8, none, sizeof(none)) == 0 &&
	    memcmp(ends + 24, prefix, sizeof(prefix)) == 0)
		memcpy(ends + 8, prefix, sizeof(prefix));
}

bool chunk_notice(const void *raw, size_t len, struct notice *ret)
{
	struct spy_event e;
	uint8_t ends[ENDPOINTS_ENCODED];
	struct span rest;

	if (tgid_of(raw, len, SPY_NOTICE_EVENT) == 0)
		return false;
	memcpy(&e, raw, sizeof(e));
	rest = span_first(span_from(span_of(raw, len), sizeof(e)), e.len);
	*ret = (struct notice){
		.tgid = e.tgid,
		.uid = e.uid,
		.id = e.object,
		.ts_ns = e.ts_ns,
		.seq = e.io_seq,
		.sent = e.io_len,
		.datagram = e.flags & SPY_DATAGRAM,
		.received = e.dir == SPY_READ,
		.data = span_from(rest, ENDPOINTS_ENCODED),
	};
	memcpy(ret->comm, e.comm, sizeof(e.comm));
	if (rest.len < sizeof(ends))
		return false;
	memcpy(ends, rest.ptr, sizeof(ends));
	map_local(ends);
	return endpoints_decode(span_of(ends, sizeof(ends)), &ret->ends) == 0;
}

int chunk_from_event(const void *raw, size_t len, struct chunk *ret)
{
	struct spy_totals totals;
	struct spy_event e;
	struct span rest;

	if (len < sizeof(e))
		return -EPROTO;
	memcpy(&e, raw, sizeof(e));
	rest = span_of((const uint8_t *)raw + sizeof(e), len - sizeof(e));
	common(&e, ret);
	switch (e.kind) {
	case SPY_DATA:
		ret->kind = CHUNK_DATA;
		return read_data(&e, rest, ret);
	case SPY_HOST:
		ret->kind = CHUNK_HOST;
		return e.flags & SPY_MISSING ? -EPROTO : read_data(&e, rest, ret);
	case SPY_CLOSE:
		ret->kind = CHUNK_CLOSE;
		if (rest.len < sizeof(totals))
			return -EPROTO;
		memcpy(&totals, rest.ptr, sizeof(totals));
		ret->totals[DIR_WRITE] = totals.bytes[SPY_WRITE];
		ret->totals[DIR_READ] = totals.bytes[SPY_READ];
		return 0;
	case SPY_ENDPOINTS:
		ret->kind = CHUNK_ENDPOINTS;
		ret->data = span_first(rest, sizeof(struct spy_endpoints));
		return ret->data.len == sizeof(struct spy_endpoints) ? 0 : -EPROTO;
	case SPY_REFUSED:
		ret->kind = CHUNK_REFUSED;
		return 0;
	case SPY_FORKED:
		ret->kind = CHUNK_FORKED;
		return 0;
	default:
		return -EPROTO;
	}
}

/* ---- recorded form ---- */

int chunk_encode(const struct chunk *c, struct buf *out)
{
	buf_add_le(out, c->kind, 1);
	buf_add_le(out, c->dir, 1);
	buf_add_le(out, c->flags, 1);
	buf_add_le(out, 0, 1);
	buf_add_le(out, c->conn.tgid, 4);
	buf_add_le(out, c->conn.object, 8);
	buf_add_le(out, c->conn.first_seen_ns, 8);
	buf_add_le(out, c->ts_ns, 8);
	buf_add_le(out, c->off, 8);
	buf_add_le(out, c->cgroup, 8);
	buf_add_le(out, c->io_seq, 4);
	buf_add_le(out, c->io_off, 4);
	buf_add_le(out, c->io_len, 4);
	buf_add_le(out, c->missing, 4);
	buf_add_le(out, c->tid, 4);
	buf_add_le(out, c->uid, 4);
	buf_add_le(out, c->totals[0], 8);
	buf_add_le(out, c->totals[1], 8);
	buf_add(out, span_of(c->comm, 16));
	return buf_add(out, c->data);
}

int chunk_decode(struct span in, struct chunk *ret)
{
	struct cursor r = { .rest = in };
	uint64_t kind = cursor_le(&r, 1), dir = cursor_le(&r, 1);
	struct span comm;

	*ret = (struct chunk){ .kind = (enum chunk_kind)kind, .dir = (enum dir)dir };
	ret->flags = (uint8_t)cursor_le(&r, 1);
	cursor_take(&r, 1);
	ret->conn.tgid = (uint32_t)cursor_le(&r, 4);
	ret->conn.object = cursor_le(&r, 8);
	ret->conn.first_seen_ns = cursor_le(&r, 8);
	ret->ts_ns = cursor_le(&r, 8);
	ret->off = cursor_le(&r, 8);
	ret->cgroup = cursor_le(&r, 8);
	ret->io_seq = (uint32_t)cursor_le(&r, 4);
	ret->io_off = (uint32_t)cursor_le(&r, 4);
	ret->io_len = (uint32_t)cursor_le(&r, 4);
	ret->missing = (uint32_t)cursor_le(&r, 4);
	ret->tid = (uint32_t)cursor_le(&r, 4);
	ret->uid = (uint32_t)cursor_le(&r, 4);
	ret->totals[0] = cursor_le(&r, 8);
	ret->totals[1] = cursor_le(&r, 8);
	comm = cursor_take(&r, 16);
	if (r.bad || kind > CHUNK_KEY || dir > DIR_READ)
		return -EPROTO;
	memcpy(ret->comm, comm.ptr, comm.len);
	ret->data = r.rest;
	return 0;
}
