/* SPDX-License-Identifier: MIT */
/* The SQLite store: records come back as they were, what they share is stored once, nothing that
 * was flushed is lost when the writer is killed, and no foreign file is touched. */
#include "archive/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "json/read.h"
#include "json/write.h"
#include "tests/unit/tap.h"

#define TURNS  30
#define PREFIX 200000
#define KILLS  50

static char dir[] = "/tmp/llm-spy-archive-XXXXXX";
static const char *srcdir;

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* ---- helpers ---- */

static struct archive *open_with(const char *path, const struct archive_options *o, struct error *e)
{
	struct archive *s = NULL;

	*e = (struct error){ 0 };
	archive_open(&s, path, o, e);
	return s;
}

static struct archive *open_new(const char *path, bool bodies)
{
	struct archive_options o = { .bodies = bodies };
	struct error e;
	struct archive *s;

	unlink(path);
	s = open_with(path, &o, &e);
	if (!ok(s != NULL, "%s is opened: %s", path, e.text))
		exit(1);
	return s;
}

/* First column of the first row, as text; the caller frees it. NULL: none. */
static char *ask(const char *path, const char *query)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	char *text = NULL;

	sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_busy_timeout(db, 10000);
	if (sqlite3_prepare_v2(db, query, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0))
		text = xstrdup((const char *)sqlite3_column_text(q, 0));
	else if (sqlite3_errcode(db) != SQLITE_DONE && sqlite3_errcode(db) != SQLITE_OK &&
		 sqlite3_errcode(db) != SQLITE_ROW)
		text = xasprintf("error: %s", sqlite3_errmsg(db));
	sqlite3_finalize(q);
	sqlite3_close(db);
	return text;
}

static long long ask_number(const char *path, const char *query)
{
	AUTO_FREE char *text = ask(path, query);

	return text ? atoll(text) : -1;
}

static void is_sound(const char *path)
{
	AUTO_FREE char *said = ask(path, "PRAGMA integrity_check");

	is_str(said, "ok", "%s passes integrity_check", path);
	is_int(ask_number(path, "SELECT count(*) FROM piece WHERE exchange NOT IN (SELECT id FROM "
				"exchange) OR content NOT IN (SELECT id FROM content)"),
	       0, "each piece has its exchange and its content");
	is_int(ask_number(
		       path,
		       "SELECT count(*) FROM content WHERE id NOT IN (SELECT content FROM piece)"),
	       0, "each content is of an exchange");
	is_int(ask_number(path,
			  "SELECT count(*) FROM exchange WHERE run NOT IN (SELECT id FROM run)"),
	       0, "each exchange has its run");
}

static struct exchange *from_text(const char *text)
{
	json_t *v = json_read_own(span_str(text));
	struct error e = { 0 };
	struct exchange *x = exchange_from_json(v, &e);

	json_decref(v);
	if (!x)
		printf("# %s\n", e.text);
	return x;
}

static char *text_of(const struct exchange *x, bool bodies)
{
	json_t *v = exchange_to_json(x, bodies ? EXCHANGE_JSON_BODIES : 0);
	char *text = json_write_text(v);

	json_decref(v);
	return text;
}

/* The same values with our digits: other programs write numbers with others. */
static char *shortest(const char *text)
{
	json_t *v = json_loads(text, 0, NULL);
	char *ret = json_write_text(v);

	json_decref(v);
	return ret;
}

static char *read_text(struct archive *s, int64_t id, struct error *e)
{
	json_t *v = archive_read(s, id, e);
	char *text = v ? json_write_text(v) : NULL;

	json_decref(v);
	return text;
}

static void add(struct archive *s, const struct exchange *x)
{
	struct error e = { 0 };

	if (archive_add(s, x, &e) != 0)
		ok(false, "an exchange is taken: %s", e.text);
}

static void flush(struct archive *s)
{
	struct error e = { 0 };

	ok(archive_flush(s, &e) == 0, "it is written %s", e.text);
}

/* ---- conversations ---- */

static json_t *message(const char *role, const char *text)
{
	return json_pack("{s:s, s:[{s:s, s:s}]}", "role", role, "parts", "kind", "text", "text",
			 text);
}

static char *prefix_text(unsigned seed)
{
	char *text = xmalloc(PREFIX + 1);
	uint64_t n = seed;

	for (size_t i = 0; i < PREFIX; i++) {
		n = n * 6364136223846793005ull + 1442695040888963407ull;
		text[i] = i % 7 == 6 ? ' ' : (char)('a' + (n >> 33) % 26);
	}
	text[PREFIX] = '\0';
	return text;
}

/* Turn `turn` (from 1): a system prompt, and a question and an answer for each turn before. */
static struct exchange *turn_of(unsigned turn, const char *prefix)
{
	json_t *messages = json_array(), *system = message("system", prefix), *v, *body;
	AUTO_FREE char *answer = xasprintf("answer number%u", turn);
	AUTO_FREE char *body_text = NULL;
	struct exchange *x;
	struct error e = { 0 };

	for (unsigned i = 1; i <= turn; i++) {
		AUTO_FREE char *asked = xasprintf("question number%u", i);
		AUTO_FREE char *said = xasprintf("answer number%u", i);

		json_array_append_new(messages, message("user", asked));
		if (i < turn)
			json_array_append_new(messages, message("assistant", said));
	}
	body = json_pack("{s:O, s:O, s:i}", "system", system, "messages", messages, "turn", turn);
	body_text = json_write_text(body);
	json_decref(body);
	v = json_pack(
		"{s:i, s:i, s:s, s:{s:b, s:o, s:o, s:{s:s, s:i, s:s}}, s:{s:b, s:[{s:s, s:i, s:s, "
		"s:[{s:s, s:s}, {s:s, s:s, s:s}]}]}, s:{s:i, s:i}, s:{s:s, s:i}}",
		"v", 1, "id", (int)turn, "kind", "llm", "request", "seen", 1, "system", system,
		"messages", messages, "body", "state", "complete", "kept", (int)strlen(body_text),
		"text", body_text, "response", "seen", 1, "choices", "role", "assistant", "index",
		0, "finish", "stop", "parts", "kind", "text", "text", answer, "kind", "tool_call",
		"name", "lookup", "text", "{\"q\":\"zebra\"}", "usage", "input", (int)(100 * turn),
		"output", 7, "conversation", "id", "0123456789abcdef", "turn", (int)turn);
	x = exchange_from_json(v, &e);
	json_decref(v);
	if (!x)
		printf("# %s\n", e.text);
	return x;
}

static void archive_conversation(const char *path, bool bodies)
{
	AUTO_FREE char *prefix = prefix_text(1);
	struct archive *s = open_new(path, bodies);
	size_t lines = 0, wrong = 0;
	struct stat st;
	struct error e;

	for (unsigned turn = 1; turn <= TURNS; turn++) {
		struct exchange *x = turn_of(turn, prefix);

		add(s, x);
		exchange_unref(x);
	}
	flush(s);
	for (unsigned turn = 1; turn <= TURNS; turn++) {
		struct exchange *x = turn_of(turn, prefix);
		AUTO_FREE char *want = text_of(x, bodies);
		AUTO_FREE char *got = read_text(s, turn, &e);

		wrong += !got || strcmp(got, want) != 0;
		lines += strlen(want) + 1;
		exchange_unref(x);
	}
	is_int(wrong, 0, "each turn is read as it was, bodies %d", bodies);
	archive_free(s);
	is_sound(path);
	stat(path, &st);
	printf("# %d turns, prefix of %d bytes, bodies %d: %zu bytes of jsonl, %lld in the file\n",
	       TURNS, PREFIX, bodies, lines, (long long)st.st_size);
	ok((size_t)st.st_size < lines / 6, "what turns share is stored once");
}

static void test_conversation(void)
{
	AUTO_FREE char *path = in_dir("talk.db");
	AUTO_FREE char *with = in_dir("bodies.db");

	archive_conversation(path, false);
	is_int(ask_number(path, "SELECT count(*) FROM content"), 1 + 30 + 29 + 30,
	       "the prompt, 30 questions, 29 answers sent back, and 30 as they came");
	is_int(ask_number(path, "SELECT sum(input) FROM exchange"), 100 * 30 * 31 / 2,
	       "tokens add up");
	is_int(ask_number(path, "SELECT count(*) FROM call"), 30, "the view has each call");
	is_int(ask_number(path, "SELECT count(*) FROM search WHERE search MATCH 'said:number17'"),
	       3, "a text is found where it was asked, answered and sent back");
	is_int(ask_number(path, "SELECT count(*) FROM search WHERE search MATCH 'tools:zebra'"), 30,
	       "so are arguments of tools");
	archive_conversation(with, true);
}

/* ---- records ---- */

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!f || getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	if (f)
		fclose(f);
	return text;
}

static void check_one(struct archive *s, const char *name, const char *text, int64_t id)
{
	struct exchange *x = from_text(text);
	struct error e = { 0 };
	AUTO_FREE char *want = NULL;
	AUTO_FREE char *got = NULL;

	x->id = (uint64_t)id;
	want = text_of(x, true);
	add(s, x);
	add(s, x);
	flush(s);
	add(s, x);
	flush(s);
	got = read_text(s, id, &e);
	is_str(got, want, "%s is read as it was %s", name, e.text);
	exchange_unref(x);
}

static void test_records(void)
{
	AUTO_FREE char *corpus = xasprintf("%s/tests/fuzz/corpus/record", srcdir);
	AUTO_FREE char *path = in_dir("records.db");
	struct archive *s = open_new(path, true);
	struct error e = { 0 };
	struct dirent **entries = NULL;
	int n = scandir(corpus, &entries, NULL, alphasort), id = 0;

	for (int i = 0; i < n; i++) {
		AUTO_FREE char *file = xasprintf("%s/%s", corpus, entries[i]->d_name);
		AUTO_FREE char *text = entries[i]->d_name[0] != '.' ? slurp(file) : NULL;

		if (text)
			check_one(s, entries[i]->d_name, text, ++id);
		free(entries[i]);
	}
	free(entries);
	ok(id > 10, "%d records", id);
	ok(!archive_read(s, 1000, &e) && e.code == -ENOENT, "no other is there: %s", e.text);
	archive_free(s);
	is_int(ask_number(path, "SELECT count(*) FROM exchange"), id, "none is stored twice");
	is_sound(path);
}

/* ---- retention ---- */

static void tick(struct archive *s)
{
	struct error e = { 0 };

	ok(archive_tick(s, &e) == 0, "a tick does its work %s", e.text);
}

static void add_turns(struct archive *s, unsigned first, unsigned last, const char *prefix)
{
	for (unsigned turn = first; turn <= last; turn++) {
		struct exchange *x = turn_of(turn, prefix);

		add(s, x);
		exchange_unref(x);
	}
}

static void test_age(void)
{
	AUTO_FREE char *path = in_dir("age.db");
	struct archive_options o = { .keep_ns = 3600ll * 1000000000 };
	struct error e;
	struct archive *s = open_with(path, &o, &e);

	ok(s != NULL, "a store that keeps an hour %s", e.text);
	add_turns(s, 1, 20, "short");
	flush(s);
	free(ask(path,
		 "UPDATE exchange SET stored_ns = stored_ns - 3601 * 1000000000 WHERE id <= 10"));
	free(ask(path, "UPDATE exchange SET pin = 1 WHERE id = 3"));
	tick(s);
	is_int(ask_number(path, "SELECT count(*) FROM exchange"), 11, "what is older is removed");
	is_int(ask_number(path, "SELECT count(*) FROM exchange WHERE id <= 10"), 1,
	       "but for a pinned one");
	is_int(ask_number(path, "SELECT count(*) FROM search WHERE search MATCH 'said:number3'"), 3,
	       "whose text is found");
	is_int(ask_number(path, "SELECT count(*) FROM search WHERE search MATCH 'tools:zebra'"), 11,
	       "and that of the others is not");
	archive_free(s);
	is_sound(path);
}

static void test_size(void)
{
	AUTO_FREE char *path = in_dir("size.db");
	struct archive_options o = { .max_size = 2 << 20 };
	struct error e;
	struct archive *s = open_with(path, &o, &e);
	long long left;
	struct stat st;

	ok(s != NULL, "a store of 2 MiB %s", e.text);
	for (unsigned i = 1; i <= 200; i++) {
		AUTO_FREE char *prefix = prefix_text(i);
		struct exchange *x;

		/* 20 KB that no other has. */
		prefix[20000] = '\0';
		x = turn_of(1, prefix);
		x->id = i;
		add(s, x);
		exchange_unref(x);
		if (i == 50) {
			flush(s);
			free(ask(path, "UPDATE exchange SET pin = 1 WHERE number = 7"));
		}
		if (i % 20 == 0)
			tick(s);
	}
	tick(s);
	left = ask_number(path, "SELECT count(*) FROM exchange");
	stat(path, &st);
	printf("# %lld of 200 are left, in %lld bytes\n", left, (long long)st.st_size);
	ok(left > 25 && left < 190, "the oldest are removed, and not all");
	is_int(ask_number(path, "SELECT count(*) FROM exchange WHERE number = 7"), 1,
	       "a pinned one stays");
	is_int(ask_number(path, "SELECT max(number) FROM exchange"), 200, "the newest stays");
	ok(ask_number(path,
		      "SELECT (page_count - freelist_count) * page_size FROM "
		      "pragma_page_count, pragma_freelist_count, pragma_page_size") <= 2 << 20,
	   "what is used is not more than that");
	archive_free(s);
	is_sound(path);
}

/* ---- files ---- */

static void check_refused(const char *path, int code, const char *why)
{
	struct archive_options o = { 0 };
	struct error e;
	struct archive *s = open_with(path, &o, &e);

	ok(!s && e.code == code && strstr(e.text, why), "%s is refused: %d %s", path, e.code,
	   e.text);
	archive_free(s);
}

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	chmod(path, mode);
}

static void test_places(void)
{
	AUTO_FREE char *path = in_dir("place.db");
	AUTO_FREE char *link = in_dir("link.db");
	AUTO_FREE char *open_dir = in_dir("open");
	AUTO_FREE char *in_open = in_dir("open/a.db");
	AUTO_FREE char *absent = in_dir("absent/a.db");
	struct stat st;

	archive_free(open_new(path, false));
	stat(path, &st);
	is_int(st.st_mode & 07777, 0600, "a new file is private");
	ok(symlink(path, link) == 0, "a symbolic link");
	check_refused(link, -ELOOP, "symbolic link");
	chmod(path, 0640);
	check_refused(path, -EPERM, "chmod 600");
	mkdir(open_dir, 0777);
	chmod(open_dir, 01777);
	check_refused(in_open, -EPERM, "other users may put files");
	chmod(open_dir, 0700);
	check_refused(absent, -ENOENT, "No such file");
	check_refused(open_dir, -EISDIR, "directory");
}

static void test_foreign(void)
{
	AUTO_FREE char *text = in_dir("text");
	AUTO_FREE char *foreign = in_dir("foreign.db");
	AUTO_FREE char *newer = in_dir("newer.db");
	AUTO_FREE char *mode = NULL;

	put(text,
	    "This is no database, and longer than the header of one would be: "
	    "0123456789012345678901234567890123456789012345678901234567890123456789",
	    0600);
	check_refused(text, -EBADMSG, "file is not a database");
	put(foreign, "", 0600);
	free(ask(foreign, "CREATE TABLE theirs(a)"));
	check_refused(foreign, -EBADMSG, "another program");
	mode = ask(foreign, "PRAGMA journal_mode");
	is_str(mode, "delete", "and is not changed");
	archive_free(open_new(newer, false));
	free(ask(newer, "PRAGMA user_version = 99"));
	check_refused(newer, -ENOTSUP, "newer llm-spy");
}

static void test_damaged(void)
{
	AUTO_FREE char *path = in_dir("damaged.db");
	struct archive *s = open_new(path, false);
	struct stat st;
	int fd;

	add_turns(s, 1, 10, "short");
	flush(s);
	archive_free(s);
	stat(path, &st);
	fd = open(path, O_WRONLY);
	for (off_t at = 4096; at < st.st_size; at += 4096)
		ok(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at) == 8, "a page is broken");
	close(fd);
	check_refused(path, -EBADMSG, "");
}

/* ---- versions ---- */

static void test_migration(void)
{
	AUTO_FREE char *path = in_dir("v1.db");
	AUTO_FREE char *sql_path = xasprintf("%s/tests/unit/archive-v1.sql", srcdir);
	AUTO_FREE char *sql = slurp(sql_path);
	AUTO_FREE char *want_path = xasprintf("%s/tests/unit/archive-v1.jsonl", srcdir);
	AUTO_FREE char *want = slurp(want_path);
	struct archive_options o = { 0 };
	struct error e;
	struct archive *s;
	sqlite3 *db;

	put(path, "", 0600);
	sqlite3_open(path, &db);
	ok(sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "a file of version 1");
	sqlite3_close(db);
	s = open_with(path, &o, &e);
	if (ok(s != NULL, "is opened %s", e.text)) {
		AUTO_FREE char *got = read_text(s, 1, &e);

		AUTO_FREE char *back = shortest(got), *same = shortest(want);

		is_str(back, same, "its record is read %s", e.text);
		add_turns(s, 1, 1, "short");
		flush(s);
	}
	archive_free(s);
	is_int(ask_number(path, "PRAGMA user_version"), 8, "it has version 8");
	is_int(ask_number(path,
			  "SELECT count(*) FROM exchange WHERE cut IS NULL OR key_id IS NULL"),
	       0, "all of its calls have the columns of this version");
	is_int(ask_number(path, "SELECT sum(calls) = (SELECT sum(calls) FROM spend) FROM talk"), 1,
	       "and count in both sums");
	is_int(ask_number(path, "SELECT count(*) FROM exchange WHERE did LIKE '_%'"), 2,
	       "what they did is there");
	is_int(ask_number(path, "SELECT count(*) FROM search WHERE search MATCH 'said:whales'"), 1,
	       "its text can be searched now");
	is_int(ask_number(path, "SELECT count(*) FROM exchange"), 2, "and one is added");
	is_sound(path);
}

/* ---- others ---- */

static void test_two_writers(void)
{
	AUTO_FREE char *path = in_dir("two.db");
	struct archive_options o = { .wait_ms = 50 };
	struct error e;
	struct archive *a = open_new(path, false), *b = open_with(path, &o, &e);
	sqlite3 *db;

	ok(b != NULL, "a second one opens the file %s", e.text);
	add_turns(a, 1, 5, "short");
	add_turns(b, 1, 5, "short");
	flush(a);
	flush(b);
	is_int(ask_number(path, "SELECT count(*) FROM exchange"), 10, "both are stored");
	is_int(ask_number(path, "SELECT count(DISTINCT run) FROM exchange"), 2, "as two runs");
	sqlite3_open(path, &db);
	sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	add_turns(b, 6, 10, "short");
	ok(archive_flush(b, &e) == -EBUSY, "while another program locks it: %s", e.text);
	sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	sqlite3_close(db);
	flush(b);
	is_int(ask_number(path, "SELECT count(*) FROM exchange"), 15,
	       "what waited is stored later");
	archive_free(a);
	archive_free(b);
	is_sound(path);
}

/* Stores exchanges until it is killed; says which were flushed. */
static void write_until_killed(const char *path, int out)
{
	struct archive_options o = { .bodies = true };
	struct error e;
	struct archive *s = open_with(path, &o, &e);

	if (!s)
		_exit(1);
	for (unsigned turn = 1;; turn++) {
		struct exchange *x = turn_of(turn % 40 + 1, "A prompt that all share.");

		x->id = turn;
		if (archive_add(s, x, &e) != 0)
			_exit(1);
		exchange_unref(x);
		if (turn % 5 == 0 &&
		    (archive_flush(s, &e) != 0 || write(out, &turn, sizeof(turn)) != sizeof(turn)))
			_exit(1);
	}
}

static unsigned kill_one(const char *path, unsigned after)
{
	unsigned last = 0, got;
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0)
		return 0;
	pid = fork();
	if (pid == 0)
		write_until_killed(path, fds[1]);
	close(fds[1]);
	/* It is killed at any moment behind some that it said. */
	while (last < 5 * (1 + after % 7) && read(fds[0], &got, sizeof(got)) == sizeof(got))
		last = got;
	usleep(after * 997 % 5000);
	kill(pid, SIGKILL);
	while (read(fds[0], &got, sizeof(got)) == sizeof(got))
		last = got;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return last;
}

static void test_kills(void)
{
	unsigned lost = 0, unsound = 0, flushed = 0, reopened = 0;
	struct archive_options o = { 0 };
	struct error e;

	for (unsigned i = 0; i < KILLS; i++) {
		AUTO_FREE char *name = xasprintf("kill%u.db", i);
		AUTO_FREE char *path = in_dir(name);
		unsigned last = kill_one(path, i);
		AUTO_FREE char *said = ask(path, "PRAGMA integrity_check");
		AUTO_FREE char *query =
			xasprintf("SELECT count(*) FROM exchange WHERE number <= %u", last);
		struct archive *s;

		unsound += !said || strcmp(said, "ok") != 0;
		lost += !last || ask_number(path, query) != last;
		flushed += last;
		s = open_with(path, &o, &e);
		reopened += s != NULL;
		archive_free(s);
	}
	is_int(unsound, 0, "%d files of killed writers pass integrity_check", KILLS);
	is_int(lost, 0, "and have all of %u exchanges that were flushed", flushed);
	is_int(reopened, KILLS, "and are opened again");
}

static void remove_all(void)
{
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, NULL, NULL);

	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = in_dir(entries[i]->d_name);

		remove(path);
		free(entries[i]);
	}
	free(entries);
	rmdir(dir);
}

int main(void)
{
	srcdir = getenv("srcdir") ? getenv("srcdir") : ".";
	if (!mkdtemp(dir))
		return 1;
	test_conversation();
	test_records();
	test_age();
	test_size();
	test_places();
	test_foreign();
	test_damaged();
	test_migration();
	test_two_writers();
	test_kills();
	remove_all();
	return tap_done();
}
