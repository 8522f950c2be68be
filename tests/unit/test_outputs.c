/* SPDX-License-Identifier: MIT */
/* Outputs: how they are asked for, what each selects, and that one which fails, is slow or is not
 * read takes nothing from the others. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/builder.h"
#include "tests/unit/outputs.h"
#include "tests/unit/tap.h"

static char dir[] = "/tmp/llm-spy-test-XXXXXX";

static struct exchange *exchange(uint64_t id, const char *model, unsigned status)
{
	struct exchange *x = builder_new(id, 1 << 20, NULL, NULL);

	x->id = id;
	x->kind = EXCHANGE_LLM;
	x->request_seen = x->response_seen = true;
	x->status = status;
	x->provider = "openai";
	set_string(&x->model_asked, span_str(model));
	set_string(&x->process, SPAN_LIT("agent"));
	set_string(&x->host, SPAN_LIT("api.openai.com"));
	x->usage.input = (int64_t)id * 100;
	return x;
}

static struct fanout *open_all(const char *const *args, size_t count, bool lossless)
{
	struct output_defaults d = { .lossless = lossless, .mode = SHOW_SMART };
	struct fanout *f = NULL;
	struct error e = { 0 };

	if (!ok(fanout_open(&f, args, count, sinks[0], &d, &e) == 0 && fanout_start(f, &e) == 0,
		"%zu outputs open", count))
		printf("# %s\n", e.text);
	return f;
}

static void end(struct fanout *f, struct exchange *x)
{
	fanout_observer.ended(f, x);
	exchange_unref(x);
}

static size_t lines_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;
	size_t n = 0;

	buf_init(&text, 1 << 30);
	file_read_all(fd, &text);
	close(fd);
	for (size_t i = 0; i < text.len; i++)
		n += text.ptr[i] == '\n';
	ok(!text.len || text.ptr[text.len - 1] == '\n', "%s ends with a whole line", path);
	buf_done(&text);
	return n;
}

/* ---- how they are asked for ---- */

static void refuses(const char *arg, const char *why)
{
	struct output_defaults d = { 0 };
	struct fanout *f = NULL;
	struct error e = { 0 };

	ok(fanout_open(&f, &arg, 1, sinks[0], &d, &e) != 0 && strstr(e.text, why), "%s: %s", arg,
	   e.text);
	fanout_free(f);
}

static void test_wrong(void)
{
	static const char *const twice[] = { "text", "jsonl" };
	struct output_defaults d = { 0 };
	struct fanout *f = NULL;
	struct error e = { 0 };

	refuses("jsonl:/nonexistent/x", "/nonexistent/x");
	refuses("jsonl:,nonsense=1", "no setting nonsense");
	refuses("jsonl:-,errors=all", "expected only");
	refuses("jsonl,kind=llms", "expected llm, mcp, acp, a2a, rpc or http");
	refuses("jsonl,user=no-such-user", "no user 'no-such-user' on this host");
	refuses("jsonl,queue=much", "expected a size");
	refuses("jsonl,show=most", "expected smart");
	refuses("jsonl,bodies", "expected key=value");
	refuses("jsonl,bodies=perhaps", "expected yes or no");
	refuses("text,width=wide", "expected columns");
	refuses("verbose,width=10001", "expected columns");
	ok(fanout_open(&f, twice, 2, sinks[0], &d, &e) != 0 && strstr(e.text, "standard output"),
	   "two on standard output: %s", e.text);
	fanout_free(f);
}

/* ---- what each selects ---- */

static void test_selections(void)
{
	static const struct {
		const char *settings;
		size_t lines;
	} rows[] = {
		{ "", 3 },
		{ ",model=gpt*", 2 },
		{ ",model=gpt*,model=claude*", 3 },
		{ ",model=gpt*,errors=only", 1 },
		{ ",provider=openai,host=*.openai.com,process=agent", 3 },
		{ ",provider=anthropic", 0 },
		{ ",min-tokens=200", 2 },
		{ ",kind=mcp", 0 },
		{ ",user=0,cgroup=0,kind=llm", 3 },
		{ ",show=llm", 3 },
	};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };
	const char *args[ROWS];
	struct fanout *f;

	for (size_t i = 0; i < ROWS; i++)
		args[i] = xasprintf("jsonl:%s/%zu%s", dir, i, rows[i].settings);
	f = open_all(args, ROWS, true);
	end(f, exchange(1, "gpt-4o", 200));
	end(f, exchange(2, "gpt-4o", 500));
	end(f, exchange(3, "claude", 200));
	fanout_finish(f);
	for (size_t i = 0; i < ROWS; i++) {
		AUTO_FREE char *path = xasprintf("%s/%zu", dir, i);

		is_int(lines_of(path), rows[i].lines, "jsonl%s", rows[i].settings);
		unlink(path);
		free((char *)args[i]);
	}
	fanout_free(f);
}

static void test_target(void)
{
	AUTO_FREE char *comma = xasprintf("jsonl:%s/a\\,b,show=all", dir);
	AUTO_FREE char *file = xasprintf("%s/a,b", dir);
	AUTO_FREE char *plain = xasprintf("%s/text", dir);
	const char *args[] = { comma, plain };
	struct fanout *f = open_all(args, 2, true);
	struct stat st = { 0 };

	end(f, exchange(1, "m", 200));
	fanout_finish(f);
	fanout_free(f);
	is_int(lines_of(file), 1, "a target may hold a comma");
	ok(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600, "and is its owner's alone");
	ok(lines_of(plain) > 1, "-o FILE writes what --format makes of it");
	unlink(file);
	unlink(plain);
}

/* ---- one that fails, one that is slow ---- */

static struct output_totals totals_of(const struct fanout *f, size_t i)
{
	bool failed;
	size_t n;
	struct output_totals *all = fanout_totals(f, &n, &failed), one = all[i];

	free(all);
	return one;
}

#define MANY 2000

static char *text_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct buf text;

	buf_init(&text, 1 << 28);
	file_read_all(fd, &text);
	close(fd);
	return buf_take(&text);
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* One that has no room for all, nor at first for any, is closed behind the last whole record. */
static void test_full_closed(const char *name, const char *mark, const char *end_mark)
{
	AUTO_FREE char *path = xasprintf("%s/%s", dir, name);
	AUTO_FREE char *arg = xasprintf("%s:%s", name, path);
	struct rlimit was, limit = { .rlim_cur = 7000, .rlim_max = RLIM_INFINITY };
	const char *args[] = { arg };
	AUTO_FREE char *text = NULL, *sum = NULL;
	struct output_totals t;
	struct fanout *f;

	f = open_all(args, 1, true);
	getrlimit(RLIMIT_FSIZE, &was);
	limit.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (uint64_t id = 1; id <= MANY; id++) {
		end(f, exchange(id, "m", 200));
		if (id == MANY / 2) {
			usleep(100000);
			limit.rlim_cur = 300000;
			setrlimit(RLIMIT_FSIZE, &limit);
		}
	}
	fanout_finish(f);
	setrlimit(RLIMIT_FSIZE, &was);
	t = totals_of(f, 0);
	fanout_free(f);
	text = text_of(path);
	ok(t.failed > 0 && t.written > 0, "%s: %u written, %u failed", name, (unsigned)t.written,
	   (unsigned)t.failed);
	is_int(count_of(text, mark), t.written, "%s has as many records as were written", name);
	ok(ends_with(text, end_mark), "%s is closed", name);
	ok(!strstr(text, "[\n,"), "and begins with a record");
	sum = xasprintf("%u calls", (unsigned)t.written);
	ok(strcmp(name, "har") == 0 || strstr(text, sum), "its sums are of what is there");
	unlink(path);
}

/* A limit on the size of files stands in for a disk that is full. */
static void test_full(void)
{
	AUTO_FREE char *small = xasprintf("jsonl:%s/small", dir);
	AUTO_FREE char *large = xasprintf("text:%s/large", dir);
	struct rlimit was, limit = { .rlim_cur = 300000, .rlim_max = RLIM_INFINITY };
	AUTO_FREE char *path = xasprintf("%s/small", dir);
	AUTO_FREE char *other = xasprintf("%s/large", dir);
	const char *args[] = { small, large };
	struct output_totals t, o;
	struct fanout *f;

	f = open_all(args, 2, true);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	limit.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (uint64_t id = 1; id <= MANY; id++)
		end(f, exchange(id, "m", 200));
	fanout_finish(f);
	setrlimit(RLIMIT_FSIZE, &was);
	t = totals_of(f, 0);
	o = totals_of(f, 1);
	ok(t.failed > 0 && t.written + t.failed == MANY && strstr(t.problem, "File too large"),
	   "%u written, %u failed: %s", (unsigned)t.written, (unsigned)t.failed, t.problem);
	is_int(lines_of(path), t.written, "as many lines as were said to be written");
	ok(o.written + o.failed == MANY, "the other output goes on");
	fanout_free(f);
	unlink(path);
	unlink(other);
}

/* Standard output is a pipe: closed by its reader, or never read. */
static int pipe_stdout(int *ret_was)
{
	int fds[2];

	fflush(stdout);
	if (pipe(fds) != 0)
		return -1;
	*ret_was = dup(STDOUT_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	return fds[0];
}

static void restore_stdout(int was)
{
	dup2(was, STDOUT_FILENO);
	close(was);
}

static void test_pipe(bool closed)
{
	AUTO_FREE char *beside = xasprintf("jsonl:%s/beside", dir);
	AUTO_FREE char *path = xasprintf("%s/beside", dir);
	const char *args[] = { "jsonl,queue=200K", beside };
	struct output_defaults d = { 0 };
	struct output_totals t;
	struct fanout *f = NULL;
	struct error e = { 0 };
	int was = -1, reader = pipe_stdout(&was);
	bool opened, alive;

	signal(SIGPIPE, SIG_IGN);
	opened = fanout_open(&f, args, 2, sinks[0], &d, &e) == 0 && fanout_start(f, &e) == 0;
	if (closed)
		close(reader);
	for (uint64_t id = 1; opened && id <= MANY; id++)
		end(f, exchange(id, "m", 200));
	if (opened)
		fanout_finish(f);
	alive = opened && fanout_is_alive(f);
	restore_stdout(was);
	if (!closed)
		close(reader);
	if (!ok(opened, "outputs open"))
		return;
	t = totals_of(f, 0);
	is_int(t.written + t.dropped + t.failed, MANY, "each record is accounted for");
	ok(strstr(t.problem, closed ? "nobody reads" : "stopped reading"), "%s", t.problem);
	ok(!alive, "standard output is known to be gone");
	is_int(lines_of(path), MANY, "the file beside it has them all");
	fanout_free(f);
	unlink(path);
}

/* ---- deltas that are left out ---- */

static void test_gap(void)
{
	AUTO_FREE char *path = xasprintf("%s/gap", dir);
	AUTO_FREE char *arg = xasprintf("text:%s", path);
	const char *args[] = { arg };
	struct fanout *f = open_all(args, 1, true);
	struct exchange *x = exchange(1, "m", 200);
	struct exchange_delta d = {
		.id = 1, .kind = PART_TEXT, .text = SPAN_LIT("good "), .choices = 1
	};
	struct buf text;
	int fd;

	x->stream = true;
	fanout_observer.request(f, x);
	fanout_observer.delta(f, x, &d);
	d.seq = 2; /* "morning, " was left out */
	d.text = SPAN_LIT("Sir");
	fanout_observer.delta(f, x, &d);
	answer_text(x, 0, PART_TEXT, SPAN_LIT("good morning, Sir"));
	exchange_changed(x);
	end(f, x);
	fanout_finish(f);
	fanout_free(f);
	buf_init(&text, 1 << 20);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	file_read_all(fd, &text);
	close(fd);
	ok(strstr(text.ptr, "good morning, Sir"), "the end shows what the stream lacked");
	ok(!strstr(text.ptr, "good Sir"), "and nothing is put together across it");
	buf_done(&text);
	unlink(path);
}

/* ---- records of requests ---- */

static bool wait_for(const char *path, const char *what)
{
	bool found = false;

	for (int i = 0; i < 10000 && !found; i++) {
		AUTO_FREE char *text = text_of(path);

		found = strstr(text, what) != NULL;
		usleep(found ? 0 : 1000);
	}
	return found;
}

/* What is said of each exchange, in order: r, e or s, and its id. */
static char *events_of(const char *path)
{
	AUTO_FREE char *text = text_of(path);
	struct buf out;

	buf_init(&out, 1 << 10);
	for (char *line = text; *line; line = strchr(line, '\n') + 1) {
		const char *event = strstr(line, "\"event\":\"") + 9;

		buf_addf(&out, "%c%ld ", *event, strtol(strstr(line, "\"id\":") + 5, NULL, 10));
	}
	return buf_take(&out);
}

static void test_events(void)
{
	AUTO_FREE char *path = xasprintf("%s/events", dir);
	AUTO_FREE char *plain = xasprintf("%s/plain", dir);
	AUTO_FREE char *with = xasprintf("jsonl:%s,events=yes", path);
	AUTO_FREE char *without = xasprintf("jsonl:%s", plain);
	AUTO_FREE char *got = NULL, *ends = NULL, *all = NULL;
	const char *args[] = { with, without };
	struct fanout *f = open_all(args, 2, false);
	struct exchange *x = exchange(1, "m", 0), *server = exchange(2, "m", 0);

	x->response_seen = false;
	fanout_observer.request(f, x);
	ok(wait_for(path, "\"event\":\"request\",\"id\":1"),
	   "a request is written before its answer");
	fanout_observer.request(f, server);
	x->response_seen = true;
	x->status = 200;
	exchange_changed(x);
	server->twin_of = 1;
	fanout_observer.superseded(f, server);
	exchange_unref(server);
	end(f, x);
	end(f, exchange(3, "m", 200)); /* as in a replay */
	fanout_finish(f);
	fanout_free(f);
	got = events_of(path);
	ends = events_of(plain);
	all = text_of(path);
	is_str(got, "r1 r2 s2 e1 r3 e3 ", "each request once, and what became of it");
	is_str(ends, "e1 e3 ", "ends alone where nothing else is asked for");
	ok(strstr(strstr(all, "\"event\":\"request\",\"id\":3"), "\"status\":null"),
	   "the record of a request does not know the answer");
	unlink(path);
	unlink(plain);
}

int main(void)
{
	ok(mkdtemp(dir) != NULL, "a folder");
	test_wrong();
	test_selections();
	test_target();
	test_full();
	test_full_closed("har", "\"startedDateTime\"", "]}}\n");
	test_full_closed("md", "\n### Call ", "in, 0 out\n");
	test_full_closed("html", "<article ", "</html>\n");
	test_pipe(true);
	test_pipe(false);
	test_gap();
	test_events();
	ok(rmdir(dir) == 0, "nothing is left in it");
	return tap_done();
}
