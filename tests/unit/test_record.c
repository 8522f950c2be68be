/* SPDX-License-Identifier: MIT */
/* Recordings: what is written is read again; damage anywhere is found. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "source/record.h"
#include "source/replay.h"
#include "tests/unit/cuts.h"
#include "tests/unit/tap.h"

static struct chunk sample(enum chunk_kind kind, const char *data)
{
	return (struct chunk){ .kind = kind,
			       .dir = DIR_READ,
			       .flags = CHUNK_FROM_START,
			       .conn = { 1, 0xffffffffffffffffull, 3 },
			       .ts_ns = 4,
			       .off = 5,
			       .cgroup = 6,
			       .io_seq = 7,
			       .io_off = 8,
			       .io_len = 9,
			       .missing = 10,
			       .tid = 11,
			       .uid = 12,
			       .totals = { 13, 14 },
			       .comm = "sixteen-letters!",
			       .data = span_str(data) };
}

static void test_codec(void)
{
	struct chunk c = sample(CHUNK_DATA, "payload"), back;
	struct buf b;

	buf_init(&b, 1 << 16);
	is_int(chunk_encode(&c, &b), 0, "a chunk is encoded");
	is_int(chunk_decode(buf_span(&b), &back), 0, "and decoded");
	ok(back.kind == c.kind && back.dir == c.dir && back.flags == c.flags &&
		   back.conn.tgid == 1 && back.conn.object == c.conn.object &&
		   back.conn.first_seen_ns == 3 && back.ts_ns == 4 && back.off == 5 &&
		   back.cgroup == 6 && back.io_seq == 7 && back.io_off == 8 && back.io_len == 9 &&
		   back.missing == 10 && back.tid == 11 && back.uid == 12 && back.totals[0] == 13 &&
		   back.totals[1] == 14 && strcmp(back.comm, c.comm) == 0 &&
		   span_eq(back.data, c.data),
	   "to the same");
	for (size_t len = 0; len < b.len - 7; len++)
		if (chunk_decode(span_first(buf_span(&b), len), &back) == 0) {
			ok(false, "a chunk cut to %zu bytes is refused", len);
			break;
		}
	buf_done(&b);
}

struct process_stats {
	unsigned count;
	struct buf data;
};

static int on_chunk(void *arg, const struct chunk *c)
{
	struct process_stats *s = arg;

	s->count++;
	if (c->kind == CHUNK_DATA)
		buf_add(&s->data, c->data);
	return 0;
}

struct reader {
	struct replay r;
	struct process_stats seen;
	struct error err;
	int code;
};

static void on_piece(void *arg, struct span s)
{
	struct reader *rd = arg;

	if (!rd->code)
		rd->code = replay_feed(&rd->r, s, on_chunk, &rd->seen, &rd->err);
}

static void read_all(struct reader *rd, struct span s, unsigned way)
{
	memset(rd, 0, sizeof(*rd));
	buf_init(&rd->seen.data, 1 << 20);
	replay_init(&rd->r);
	cut_feed(way, s, on_piece, rd);
	if (!rd->code)
		rd->code = replay_finish(&rd->r, &rd->err);
	replay_done(&rd->r);
}

/* A file with three chunks; its bytes in `ret`. */
static void make_file(struct buf *ret)
{
	char path[] = "/tmp/llm-spy-test-XXXXXX";
	struct recorder *r = NULL;
	struct chunk c[] = { sample(CHUNK_DATA, "POST / HTTP/1.1\r\nAuthoriza"),
			     sample(CHUNK_DATA, "tion: Bearer sk-SECRET\r\n\r\nbody"),
			     sample(CHUNK_CLOSE, "") };
	char bytes[65536];
	struct error e;
	struct stat st;
	ssize_t len;
	int fd;

	close(mkstemp(path));
	chmod(path, 0666);
	is_int(recorder_open(&r, path, true, &e), 0, "a recording is begun");
	for (size_t i = 0; i < 3; i++) {
		c[i].off = i * 26;
		recorder_chunk(r, &c[i]);
	}
	is_int(recorder_close(r), 0, "and ended");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "readable by nobody else");
	fd = open(path, O_RDONLY);
	while ((len = read(fd, bytes, sizeof(bytes))) > 0)
		buf_add(ret, span_of(bytes, (size_t)len));
	close(fd);
	unlink(path);
}

static void test_file(void)
{
	struct reader rd;
	struct buf file;
	unsigned undetected = 0;

	buf_init(&file, 1 << 20);
	make_file(&file);
	for (unsigned way = 0; way < CUT_WAYS; way++) {
		read_all(&rd, buf_span(&file), way);
		ok(rd.code == 0 && rd.seen.count == 3, "read again, %s", cut_name(way));
		is_str(rd.seen.data.ptr,
		       "POST / HTTP/1.1\r\nAuthorization: Bearer *********\r\n\r\nbody",
		       "the key is blanked, though it came in two pieces");
		buf_done(&rd.seen.data);
	}
	for (size_t len = 0; len < file.len; len++) {
		read_all(&rd, span_first(buf_span(&file), len), CUT_WHOLE);
		undetected += rd.code == 0;
		buf_done(&rd.seen.data);
	}
	is_int(undetected, 0, "a file cut at any byte is an error");
	for (size_t at = 0; at < file.len; at++) {
		file.ptr[at] ^= 1;
		read_all(&rd, buf_span(&file), CUT_WHOLE);
		undetected += rd.code == 0;
		file.ptr[at] ^= 1;
		buf_done(&rd.seen.data);
	}
	is_int(undetected, 0, "so is one with any bit turned");
	buf_done(&file);
}

int main(void)
{
	test_codec();
	test_file();
	return tap_done();
}
