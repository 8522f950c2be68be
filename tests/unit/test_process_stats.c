/* SPDX-License-Identifier: MIT */
/* Sums by process, and what a tracer tells others of them. */
#include <errno.h>
#include <stdlib.h>

#include "report/status.h"
#include "stream/procs.h"
#include "tests/unit/tap.h"

/* ---- sums ---- */

static void feed(struct process_stats *s, uint32_t tgid, const char *program, const char *host,
		 size_t bytes, uint64_t ts)
{
	struct proc p = { .tgid = tgid };
	struct conn c = { .id = { .tgid = tgid, .object = ts }, .proc = &p };

	snprintf(p.name, sizeof(p.name), "%s", program);
	snprintf(c.host, sizeof(c.host), "%s", host);
	c.bytes[DIR_WRITE] = bytes;
	process_stats_bytes(s, &c, DIR_WRITE, bytes, ts);
	c.bytes[DIR_READ] = 1;
	process_stats_bytes(s, &c, DIR_READ, 1, ts);
	process_stats_close(s, &c, false);
}

static void call(struct process_stats *s, uint32_t tgid, char *program, char *host,
		 enum exchange_kind kind)
{
	struct exchange x = { .tgid = tgid, .process = program, .host = host, .kind = kind };

	process_stats_exchange(s, &x);
}

static void test_sums(void)
{
	char agent[] = "agent", host[] = "d.example";
	struct process_stats *s = process_stats_new();
	const struct process_row *r;
	size_t n;

	feed(s, 7, "agent", "a.example", 100, 1);
	feed(s, 7, "agent", "b.example", 50, 2);
	feed(s, 7, "agent", "a.example", 1, 3);
	call(s, 7, agent, host, EXCHANGE_LLM);
	call(s, 7, agent, NULL, EXCHANGE_HTTP);
	r = process_stats_rows(s, &n);
	is_int(n, 1, "seen: one process, one row");
	ok(r->bytes[DIR_WRITE] == 151 && r->bytes[DIR_READ] == 3, "seen: bytes by direction");
	ok(r->conns == 3 && r->opaque == 3, "seen: connections, and those without HTTP");
	ok(r->calls == 1 && r->others == 1 && r->last_ns == 3, "seen: calls, and when");
	ok(!strcmp(r->hosts[0], "d.example") && !strcmp(r->hosts[1], "a.example") &&
		   !strcmp(r->hosts[2], "b.example") && !r->more_hosts,
	   "seen: hosts, the last one first, each once");
	feed(s, 7, "agent", "e.example", 1, 4);
	ok(!strcmp(r->hosts[0], "e.example") && !strcmp(r->hosts[2], "a.example") && r->more_hosts,
	   "seen: there are more of them than are kept");
	feed(s, 7, "other", "e.example", 1, 5);
	is_str(process_stats_rows(s, &n)->program, "other",
	       "seen: its program changes with an exec");
	process_stats_free(s);
}

static void sum_all(const struct process_row *r, size_t n, uint64_t *ret_bytes,
		    uint64_t *ret_processes)
{
	*ret_bytes = *ret_processes = 0;
	for (size_t i = 0; i < n; i++) {
		*ret_bytes += r[i].bytes[DIR_WRITE];
		*ret_processes += r[i].processes;
	}
}

static void test_ceiling(void)
{
	struct process_stats *s = process_stats_new();
	const struct process_row *r;
	struct process_row *sums;
	uint64_t bytes, processes;
	char program[32];
	size_t n, kept;

	for (uint32_t i = 1; i <= 5000; i++) {
		snprintf(program, sizeof(program), "program%u", i % 200);
		feed(s, i, program, "", 10, i);
	}
	r = process_stats_rows(s, &n);
	sum_all(r, n, &bytes, &processes);
	ok(n <= 1024 + 64, "seen: a ceiling on the rows (%zu)", n);
	ok(bytes == 50000 && processes == 5000, "seen: and nothing is lost of the sums");
	sums = process_rows_sum_up(r, n, &kept);
	sum_all(sums, kept, &bytes, &processes);
	ok(kept <= 201 && bytes == 50000 && processes == 5000, "seen: nor for people (%zu rows)",
	   kept);
	free(sums);
	process_stats_free(s);
}

static void test_for_people(void)
{
	char curl[] = "curl", agent[] = "agent";
	struct process_stats *s = process_stats_new();
	const struct process_row *rows;
	struct process_row *sums;
	size_t n, kept;

	for (uint32_t i = 0; i < 50; i++)
		call(s, 100 + i, curl, NULL, EXCHANGE_HTTP);
	call(s, 1, agent, NULL, EXCHANGE_LLM);
	call(s, 2, agent, NULL, EXCHANGE_LLM);
	call(s, 2, agent, NULL, EXCHANGE_LLM);
	rows = process_stats_rows(s, &n);
	sums = process_rows_sum_up(rows, n, &kept);
	is_int(kept, 3, "sums: many processes of one program are one row");
	ok(sums[0].tgid == 2 && sums[1].tgid == 1, "sums: a few are rows of their own, by calls");
	ok(!sums[2].tgid && sums[2].processes == 50 && sums[2].others == 50, "sums: how many");
	free(sums);
	sums = process_rows_sum_up(NULL, 0, &kept);
	is_int(kept, 0, "sums: of nothing");
	free(sums);
	process_stats_free(s);
}

/* ---- what is not seen ---- */

static uint64_t count_processes(const struct unseen *n)
{
	uint64_t processes = 0;

	for (size_t i = 0; i < n->count; i++)
		processes += n->items[i].processes;
	return processes;
}

static const struct unseen_note *note_of(const struct unseen *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->items[i].name, name) == 0)
			return &n->items[i];
	return NULL;
}

static void end_some(struct unseen *n, pid_t from, int count, const char *name)
{
	for (pid_t pid = from; pid < from + count; pid++) {
		unseen_add(n, pid, name, "no TLS", NULL);
		unseen_ended(n, pid);
	}
}

static void test_notes(void)
{
	struct unseen n = { 0 };
	char name[32];

	unseen_add(&n, 5, "java", "bytecode", NULL);
	end_some(&n, 100, 3, "curl");
	ok(n.count == 4 && note_of(&n, "curl")->pid == 100 && note_of(&n, "curl")->ended &&
		   !note_of(&n, "java")->ended,
	   "notes: a few that have ended keep their numbers");
	unseen_drop(&n, 101);
	unseen_add(&n, 102, "other", "no TLS", NULL);
	ok(n.count == 5, "notes: also when others have them by now");
	end_some(&n, 103, 1, "curl");
	ok(n.count == 3 && !note_of(&n, "curl")->pid && note_of(&n, "curl")->processes == 4,
	   "notes: one more, and they are one");
	end_some(&n, 200, 2000, "curl");
	ok(n.count == 3 && note_of(&n, "curl")->processes == 2004, "notes: any number of them");
	for (pid_t pid = 3000; pid < 4000; pid++) {
		snprintf(name, sizeof(name), "program%d", (int)pid);
		end_some(&n, pid, 1, name);
	}
	ok(n.count == UNSEEN_ENDED_MAX + 2 && count_processes(&n) == 2004 + 1000 + 2,
	   "notes: a ceiling, and nobody is lost of those that have ended (%zu)", n.count);
	ok(!strcmp(n.items[0].name, "java") && note_of(&n, "program3999") &&
		   !note_of(&n, "program3000") &&
		   note_of(&n, "(others)")->processes == 2004 + 1000 - (UNSEEN_ENDED_MAX - 1),
	   "notes: the last ones, and those that run, have their own");
	unseen_done(&n);
	for (int i = 0; i <= UNSEEN_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		unseen_add_file(&n, name, 1, (uint64_t)i, "noise", NULL);
	}
	ok(n.count == UNSEEN_FILES_MAX && note_of(&n, "file1") && !note_of(&n, "file0"),
	   "notes: a ceiling on files");
	unseen_add(&n, 1, "file7", "no TLS", NULL);
	unseen_drop_file(&n, "file7");
	ok(n.count == UNSEEN_FILES_MAX && note_of(&n, "file7")->pid == 1,
	   "notes: a file's is dropped");
	unseen_done(&n);
}

/* What changes has to be told anew, and nothing else. */
static void test_changes(void)
{
	struct unseen n = { 0 }, file = { 0 }, copy = { 0 };
	uint64_t before;

	unseen_add(&n, 5, "java", "bytecode", NULL);
	before = n.changes;
	unseen_add(&n, 5, "java", "bytecode", NULL);
	ok(n.changes == before, "notes: the same again is no change");
	unseen_add(&n, 5, "java", "another reason", NULL);
	ok(n.changes > before && n.count == 1, "notes: another reason is one");
	before = n.changes;
	unseen_add(&n, 5, "java", "another reason", "a remedy");
	ok(n.changes > before, "notes: so is what helps");
	before = n.changes;
	unseen_drop(&n, 5);
	unseen_add(&n, 6, "java", "another reason", "a remedy");
	ok(n.changes > before && n.count == 1, "notes: so is another process in its place");
	before = n.changes;
	unseen_ended(&n, 6);
	ok(n.changes > before, "notes: so is its end");
	unseen_add_file(&file, "x", 1, 2, "noise", NULL);
	unseen_copy(&copy, &file);
	unseen_copy(&copy, &n);
	ok(copy.changes == n.changes + file.changes, "notes: a copy has them of what was copied");
	unseen_done(&n);
	unseen_done(&file);
	unseen_done(&copy);
}

/* What is told is what who asks cannot know; what runs comes last. */
static void test_notes_told(void)
{
	struct status st = { 0 }, got = { 0 };
	struct buf b;
	char name[32];

	for (pid_t pid = 1; pid <= 1000; pid++)
		unseen_add(&st.notes, pid, "java", "bytecode", NULL);
	end_some(&st.notes, 5000, 4, "curl");
	unseen_add_file(&st.notes, "given up", 1, 2, "noise", NULL);
	buf_init(&b, STATUS_BYTES_MAX);
	ok(status_encode(&st, &b) == 0 && status_decode(buf_span(&b), &got) == 0 &&
		   got.notes.count == STATUS_NOTES_MAX && note_of(&got.notes, "given up") &&
		   note_of(&got.notes, "curl"),
	   "status: who runs and is blind displaces nothing else");
	ok(note_of(&got.notes, "curl")->processes == 4 && note_of(&got.notes, "curl")->ended &&
		   !note_of(&got.notes, "java")->ended &&
		   !note_of(&got.notes, "given up")->processes,
	   "status: how many, and whether they have ended");
	status_done(&got);
	for (pid_t pid = 1; pid <= 500; pid++) {
		snprintf(name, sizeof(name), "%d", (int)pid);
		unseen_ended(&st.notes, pid);
		end_some(&st.notes, 6000 + pid, 1, name);
		unseen_add_file(&st.notes, name, 1, 2, "noise", NULL);
	}
	buf_reset(&b);
	ok(status_encode(&st, &b) == 0 && status_decode(buf_span(&b), &got) == 0 &&
		   count_processes(&got.notes) == 4 + 500 + 500 &&
		   got.notes.count == STATUS_NOTES_MAX,
	   "status: with as many as there can be, all that have ended are told of");
	status_done(&got);
	unseen_done(&st.notes);
	buf_done(&b);
}

/* ---- status ---- */

static void make_text(struct buf *out)
{
	struct process_stats *s = process_stats_new();
	struct status st = { .started = 12345, .all = true };
	char name[] = "/lib/libssl.so.3", found[] = "OpenSSL by symbols";
	const struct tls_file file = { 7, 0x8000000000000002, name, found };
	int err;

	feed(s, 7,
	     "a\xff"
	     "\x1b[31m",
	     "a.example", 100, 1);
	feed(s, 8, "curl", "", 5, 2);
	st.rows = process_stats_rows(s, &st.nrows);
	unseen_add(&st.notes, 9, "java", "bytecode", "a proxy");
	unseen_add_file(&st.notes, "/usr/bin/x", 7, 0x8000000000000001, "noise", NULL);
	unseen_add(&st.notes, 9, "java", "Java does TLS in bytecode", "a proxy");
	tls_files_put(&st.hooked, &file);
	err = status_encode(&st, out);
	is_int(err, 0, "status: encoded");
	unseen_done(&st.notes);
	tls_files_done(&st.hooked);
	process_stats_free(s);
}

static void test_status(void)
{
	struct status st;
	struct buf b;
	int good = 0;

	buf_init(&b, STATUS_BYTES_MAX);
	make_text(&b);
	is_int(status_decode(buf_span(&b), &st), 0, "status: decoded");
	ok(st.started == 12345 && st.all && st.nrows == 2, "status: what it says of the tracer");
	ok(st.rows[0].tgid == 8 && st.rows[0].bytes[DIR_WRITE] == 5 && st.rows[0].conns == 1 &&
		   !strcmp(st.rows[0].program, "curl"),
	   "status: of processes, the last one first");
	ok(!strcmp(st.rows[1].program, "a\357\277\275\x1b[31m") &&
		   !strcmp(st.rows[1].hosts[0], "a.example"),
	   "status: any name");
	ok(!strcmp(st.rows[0].user, "0"), "status: whose it is");
	ok(st.hooked.count == 1 && st.hooked.items[0].dev == 7 &&
		   st.hooked.items[0].ino == 0x8000000000000002 &&
		   !strcmp(st.hooked.items[0].name, "/lib/libssl.so.3") &&
		   !strcmp(st.hooked.items[0].found, "OpenSSL by symbols"),
	   "status: what is hooked in which file");
	ok(st.notes.count == 2 && st.notes.items[1].pid == 9 &&
		   !strcmp(st.notes.items[1].reason, "Java does TLS in bytecode") &&
		   !st.notes.items[0].remedy,
	   "status: what is not seen, the last word on each process");
	ok(!st.notes.items[0].pid && st.notes.items[0].dev == 7 &&
		   st.notes.items[0].ino == 0x8000000000000001,
	   "status: which file");
	status_done(&st);
	for (size_t cut = 0; cut < b.len; cut++) {
		good += status_decode(span_of(b.ptr, cut), &st) == 0;
		status_done(&st);
	}
	is_int(good, 0, "status: cut anywhere, it is refused");
	for (size_t at = 0; at < b.len; at++) {
		char before = b.ptr[at];

		b.ptr[at] = (char)(before ^ 0x15);
		status_decode(buf_span(&b), &st);
		status_done(&st);
		b.ptr[at] = before;
	}
	ok(true, "status: with any byte changed, nothing breaks");
	buf_done(&b);
}

static void test_refused(void)
{
#define ROW                                                                                        \
	"\"processes\":1,\"calls\":1,\"others\":0,\"sent\":1,\"received\":1,\"connections\":1,"    \
	"\"opaque\":0,\"last_ns\":1,\"more_hosts\":false"
	static const struct {
		const char *text, *what;
		int want;
	} rows[] = {
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[]}",
		  "an empty one is fine", 0 },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[{\"pid\":1,"
		  "\"program\":\"x\",\"hosts\":[]," ROW "}],\"unseen\":[]}",
		  "one with a row is", 0 },
		{ "{\"started\":1,\"all\":false,\"more\":1,\"processes\":[],\"unseen\":[]}",
		  "a number for a flag", -EPROTO },
		{ "", "nothing", -EPROTO },
		{ "[]", "not an object", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[],"
		  "\"hooked\":[{\"dev\":1,\"ino\":2,\"name\":\"x\"}]}",
		  "a file without what was found", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[]}",
		  "that of an older tracer", 0 },
		{ "{\"started\":-1,\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[]}",
		  "a negative number", -EPROTO },
		{ "{\"started\":\"1\",\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[]}",
		  "a text for a number", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":{},\"unseen\":[]}",
		  "no list", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[1],\"unseen\":[]}",
		  "no row", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[{\"pid\":5000000000,"
		  "\"program\":\"x\","
		  "\"hosts\":[]," ROW "}],\"unseen\":[]}",
		  "no number of a process", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[{\"pid\":1,"
		  "\"program\":\"x\",\"hosts\":"
		  "[\"a\",\"b\",\"c\",\"d\"]," ROW "}],\"unseen\":[]}",
		  "too many hosts", -EPROTO },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[{\"pid\":1,"
		  "\"program\":"
		  "\"0123456789012345678901234567890123456789012345678901234567890123\",\"hosts\":["
		  "]," ROW "}],\"unseen\":[]}",
		  "too long a name is cut", 0 },
		{ "{\"started\":1,\"all\":false,\"more\":false,\"processes\":[],\"unseen\":[{"
		  "\"pid\":1,\"name\":\"x\"}]}",
		  "a note without a reason", -EPROTO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct status st;

		is_int(status_decode(span_str(rows[i].text), &st), rows[i].want, "status: %s",
		       rows[i].what);
		status_done(&st);
	}
}

static char *repeat(const char *s, size_t times)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	while (times--)
		buf_adds(&b, s);
	return buf_take(&b);
}

/* What anybody may name a program: it never keeps the rest from being told. */
static void test_names(void)
{
	static const struct {
		const char *unit;
		size_t times;
		const char *kept;
		size_t times_kept;
	} rows[] = {
		{ "\xff", 40, "\357\277\275", 21 },
		{ "\303\251", 40, "\303\251", 31 },
		{ "\360\237\244\226", 40, "\360\237\244\226", 15 },
		{ "x", 70, "x", 63 },
		{ "x", 63, "x", 63 },
		{ "\x01", 70, "\x01", 63 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *name = repeat(rows[i].unit, rows[i].times);
		char *want = repeat(rows[i].kept, rows[i].times_kept);
		struct process_stats *s = process_stats_new();
		struct status st = { 0 }, got = { 0 };
		struct buf b;

		feed(s, 7, name, name, 1, 1);
		st.rows = process_stats_rows(s, &st.nrows);
		buf_init(&b, STATUS_BYTES_MAX);
		ok(status_encode(&st, &b) == 0 && status_decode(buf_span(&b), &got) == 0 &&
			   got.nrows == 1 && !strcmp(got.rows[0].program, want),
		   "status: name %zu is cut at a character", i);
		status_done(&got);
		buf_done(&b);
		process_stats_free(s);
		free(name);
		free(want);
	}
}

static bool has_more(const struct status *s)
{
	struct status got = { 0 };
	struct buf b;
	bool more;

	buf_init(&b, STATUS_BYTES_MAX);
	more = status_encode(s, &b) == 0 && status_decode(buf_span(&b), &got) == 0 && got.more;
	status_done(&got);
	buf_done(&b);
	return more;
}

/* Who has no row may have said something all the same. */
static void test_more(void)
{
	struct process_row rows[STATUS_ROWS_MAX + 1] = { 0 };

	for (uint32_t i = 0; i <= STATUS_ROWS_MAX; i++)
		rows[i] = (struct process_row){ .tgid = i + 1, .processes = 1, .program = "x" };
	ok(!has_more(&(struct status){ .rows = rows, .nrows = STATUS_ROWS_MAX }),
	   "status: a row for each process");
	ok(has_more(&(struct status){ .rows = rows, .nrows = STATUS_ROWS_MAX + 1 }),
	   "status: one too many is said");
	rows[1].tgid = 0;
	ok(has_more(&(struct status){ .rows = rows, .nrows = 2 }), "status: some share a row");
}

/* As much of everything as there can be, each byte escaped. */
static void test_fullest(void)
{
	char *name = repeat("\x01", 4000);
	struct process_stats *s = process_stats_new();
	struct status st = { 0 }, got = { 0 };
	struct buf b;

	for (uint32_t i = 1; i <= 300; i++)
		for (uint64_t host = 0; host < PROCESS_HOSTS; host++) {
			name[0] = (char)('a' + host);
			feed(s, i, name, name, 1, i);
		}
	for (pid_t i = 1; i <= 300; i++)
		unseen_add(&st.notes, i, name, name, name);
	for (uint64_t i = 1; i <= TLS_FILES_MAX + 1; i++)
		tls_files_put(&st.hooked, &(struct tls_file){ 1, i, name, name });
	st.rows = process_stats_rows(s, &st.nrows);
	buf_init(&b, STATUS_BYTES_MAX);
	is_int(status_encode(&st, &b), 0, "status: the fullest is encoded (%zu bytes)", b.len);
	is_int(status_decode(buf_span(&b), &got), 0, "status: and decoded");
	ok(got.nrows == STATUS_ROWS_MAX && got.notes.count == STATUS_NOTES_MAX &&
		   got.hooked.count == TLS_FILES_MAX && got.hooked.items[0].ino == 2 &&
		   got.rows[0].hosts[2][0] &&
		   strlen(got.notes.items[0].reason) == STATUS_TEXT_LEN - 1,
	   "status: with all that is kept");
	status_done(&got);
	unseen_done(&st.notes);
	tls_files_done(&st.hooked);
	buf_done(&b);
	process_stats_free(s);
	free(name);
}

int main(void)
{
	test_sums();
	test_ceiling();
	test_for_people();
	test_notes();
	test_notes_told();
	test_changes();
	test_status();
	test_refused();
	test_names();
	test_more();
	test_fullest();
	return tap_done();
}
