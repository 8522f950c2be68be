/* SPDX-License-Identifier: MIT */
/* The finder of Go's crypto/tls over made-up files, one for each layout; real programs are found in
 * tests/e2e/test_go.py. */
#include "find/finder.h"
#include "tests/unit/goimage.h"
#include "tests/unit/tap.h"

static struct finding find(const struct go_image *g)
{
	struct finding f = { 0 };
	struct image im;

	if (image_open_bytes(&im, span_of(g->bytes, sizeof(g->bytes))) == 0)
		finder_go.find(&im, &f);
	image_close(&im);
	return f;
}

static bool is_site(const struct finding *f, size_t i, uint64_t addr, enum probe_program prog)
{
	const struct site *s = &f->sites[i];

	return i < f->nsites && s->addr == addr && s->prog == prog && !s->at_return;
}

static bool is_whole(const struct go_image *g, const struct finding *f)
{
	uint64_t text = g->base + GO_TEXT;

	return f->nsites == 7 && is_site(f, 0, text, PROG_GO_CALL) &&
	       is_site(f, 1, text + 40, PROG_GO_WRITE_RETURN) &&
	       is_site(f, 2, text + 64, PROG_GO_CALL) &&
	       is_site(f, 3, text + 104, PROG_GO_READ_RETURN) &&
	       is_site(f, 4, text + 128, PROG_GO_BEGIN) &&
	       is_site(f, 5, text + 192, PROG_GO_BEGIN) && is_site(f, 6, text + 256, PROG_GO_CLOSE);
}

/* With and without a section's name, relocated and not. */
static void test_layout(const char *what, struct go_image g)
{
	for (unsigned i = 0; i < 4; i++) {
		struct finding f;

		g.section = i & 1;
		g.relocated = i & 2;
		go_image_make(&g);
		f = find(&g);
		ok(is_whole(&g, &f), "%s%s%s", what, g.section ? ", by its section" : "",
		   g.relocated ? ", with relocations" : "");
		is_str(f.implementation, "Go crypto/tls", "and named");
	}
}

static void test_nothing(const char *what, struct go_image g)
{
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	ok(!f.implementation && !f.nsites && !f.problem, "nothing: %s", what);
}

static void test_stack_calls(void)
{
	struct go_image g = { .magic = 0xfa, .unit = 1, .args = 56 };
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	ok(f.implementation && !f.nsites && f.problem,
	   "arguments on the stack: it is said why it is not hooked");
}

/* One write, one read, no more: entries and returns. */
static bool is_pair(const struct go_image *g, const struct finding *f, size_t i, unsigned write,
		    unsigned read, enum probe_program entry)
{
	uint64_t w = g->base + GO_TEXT + write * GO_FUNCTION_BYTES;
	uint64_t r = g->base + GO_TEXT + read * GO_FUNCTION_BYTES;

	return is_site(f, i, w, entry) && is_site(f, i + 1, w + 40, PROG_GO_WRITE_RETURN) &&
	       is_site(f, i + 2, r, entry) && is_site(f, i + 3, r + 40, PROG_GO_READ_RETURN);
}

static uint64_t function(const struct go_image *g, unsigned i)
{
	return g->base + GO_TEXT + i * GO_FUNCTION_BYTES;
}

/* uTLS: a type of its own around the Conn, with methods of its own. */
static void test_fork(uint8_t unit)
{
	struct go_image g = {
		.magic = 0xf1,
		.unit = unit,
		.args = 32,
		.names = { "x.org/a/utls.(*Conn).Write", "x.org/a/utls.(*Conn).Read",
			   "x.org/a/utls.(*Conn).clientHandshake",
			   "x.org/a/utls.(*Conn).writeRecordLocked", "x.org/a/utls.(*UConn).Write",
			   "x.org/a/utls.(*UConn).Read", "x.org/a/utls.(*UConn).clientHandshake",
			   "x.org/a/utls.(*UConn).Close" }
	};
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	is_str(f.implementation, "a fork of Go crypto/tls", "a fork is named");
	ok(f.nsites == 11 && is_pair(&g, &f, 0, 0, 1, PROG_GO_CALL) &&
		   is_pair(&g, &f, 4, 4, 5, PROG_GO_CALL_OUTER) &&
		   is_site(&f, 8, function(&g, 2), PROG_GO_BEGIN) &&
		   is_site(&f, 9, function(&g, 6), PROG_GO_BEGIN_OUTER) &&
		   is_site(&f, 10, function(&g, 7), PROG_GO_CLOSE_OUTER),
	   "both types are hooked");
}

static void test_both(void)
{
	struct go_image g = {
		.magic = 0xf1,
		.unit = 1,
		.args = 32,
		.names = { "v/gmtls.(*Conn).Write", "v/gmtls.(*Conn).Read",
			   "v/gmtls.(*Conn).writeRecordLocked", "crypto/tls.(*Conn).Write",
			   "crypto/tls.(*Conn).Read", "crypto/tls.(*Conn).writeRecordLocked",
			   "w/tls.(*Conn).Read", "w/tls.(*Conn).writeRecordLocked" }
	};
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	is_str(f.implementation, "Go crypto/tls and its fork", "both are named");
	ok(f.nsites == 8 && is_pair(&g, &f, 0, 0, 1, PROG_GO_CALL) &&
		   is_pair(&g, &f, 4, 3, 4, PROG_GO_CALL),
	   "both are hooked, and not a third that has no Write");
}

/* Compilers give a type that embeds a *Conn all methods of it. */
static void test_promoted(uint8_t unit)
{
	struct go_image g = { .magic = 0xf1,
			      .unit = unit,
			      .args = 32,
			      .names = { "a/utls.(*Conn).Write", "a/utls.(*Conn).Read",
					 "a/utls.(*Conn).writeRecordLocked",
					 "a/utls.(*UConn).Write", "a/utls.(*UConn).Read" },
			      .caller = 4,
			      .callee = 1 };
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	ok(f.nsites == 6 && is_pair(&g, &f, 0, 0, 1, PROG_GO_CALL) &&
		   is_site(&f, 4, function(&g, 3), PROG_GO_CALL_OUTER) &&
		   is_site(&f, 5, function(&g, 3) + 40, PROG_GO_WRITE_RETURN),
	   "a method that goes on to the Conn's is not hooked too");
}

/* The linker leaves out what nobody calls. */
static void test_only_outer(void)
{
	struct go_image g = { .magic = 0xf1,
			      .unit = 1,
			      .args = 32,
			      .names = { "a/utls.(*UConn).Write", "a/utls.(*UConn).Read",
					 "a/utls.(*Conn).writeRecordLocked" } };
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	ok(f.nsites == 4 && is_pair(&g, &f, 0, 0, 1, PROG_GO_CALL_OUTER),
	   "a UConn whose Conn has no Write and Read");
}

static struct go_image garbled(uint8_t unit)
{
	return (struct go_image){ .magic = 0x77,
				  .unit = unit,
				  .args = 32,
				  .section = true,
				  .sends = true,
				  .names = { "q1.(*z2).Write", "q1.(*z2).Read",
					     "q1.(*z2).ConnectionState", "q1.(*z2).Close",
					     "q1.(*z2).HandshakeContext", "q1.(*z2).x3" } };
}

/* Packages, types and methods have made-up names, but for methods of interfaces. */
static void test_garbled(uint8_t unit)
{
	struct go_image g = garbled(unit);
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	is_str(f.method, "its methods", "garbled: named by what is left");
	ok(f.nsites == 5 && is_pair(&g, &f, 0, 0, 1, PROG_GO_CALL) &&
		   is_site(&f, 4, function(&g, 3), PROG_GO_CLOSE),
	   "garbled: hooked");
	g.section = false;
	go_image_make(&g);
	f = find(&g);
	ok(!f.implementation, "a number that is no magic is none outside of its section");
}

static void test_garbled_not(const char *what, struct go_image g)
{
	struct finding f;

	go_image_make(&g);
	f = find(&g);
	ok(f.implementation && !f.nsites && f.problem, "garbled, said to be unknown: %s", what);
}

static void test_garbled_unknown(void)
{
	struct go_image g = garbled(1);

	g.sends = false;
	test_garbled_not("its Write passes on no record", g);
	g = garbled(1);
	g.names[2] = "q1.(*z2).Other";
	test_garbled_not("a method is missing", g);
	g = garbled(1);
	g.args = 40;
	test_garbled_not("other arguments", g);
	g = garbled(1);
	g.no_returns = true;
	test_garbled_not("no return known", g);
	g.names[4] = "q1.(*z2).Another";
	test_nothing("garbled, without TLS", g);
}

/* A number that leads out of the file, at each place that holds one. */
static void test_wild_numbers(void)
{
	static const struct {
		const char *what;
		uint64_t at;
		size_t len;
	} rows[] = {
		{ "count", GO_TABLE + 8, 8 },
		{ "names", GO_TABLE + 32, 8 },
		{ "end of the names", GO_TABLE + 40, 8 },
		{ "frames", GO_TABLE + 56, 8 },
		{ "functions", GO_TABLE + 64, 8 },
		{ "start of the code", GO_TABLE + 24, 8 },
		{ "a function's place", GO_TABLE + GO_FUNCS + 4, 4 },
		{ "end of a function", GO_TABLE + GO_FUNCS + 8, 4 },
		{ "a function's frames", GO_TABLE + GO_FUNCS + GO_INFOS + 16, 4 },
		{ "size of a frame", GO_TABLE + GO_PCTAB + 8, 8 },
	};
	static const uint64_t values[] = { UINT64_MAX, UINT64_MAX >> 1, UINT64_MAX - 7,
					   GO_IMAGE_BYTES };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++) {
			struct go_image g = { .magic = 0xf1, .unit = 1, .args = 32 };
			struct finding f;

			go_image_make(&g);
			go_put(&g, rows[i].at, values[k], rows[i].len);
			f = find(&g);
			ok(!f.nsites, "wild %s: %#" PRIx64, rows[i].what, values[k]);
		}
}

static void test_cut_file(void)
{
	struct go_image g = { .magic = 0xf1, .unit = 1, .args = 32 };
	size_t found = 0;

	go_image_make(&g);
	for (size_t len = 0; len < sizeof(g.bytes); len += 8) {
		struct finding f = { 0 };
		struct image im;

		if (image_open_bytes(&im, span_of(g.bytes, len)) == 0)
			finder_go.find(&im, &f);
		found += f.nsites != 0 && len < GO_TABLE + GO_FUNCS;
		image_close(&im);
	}
	ok(found == 0, "a file cut short at every length");
}

int main(void)
{
	test_layout("Go 1.20", (struct go_image){ .magic = 0xf1, .unit = 1, .args = 32 });
	test_layout("Go 1.27, start of the code in moduledata",
		    (struct go_image){ .magic = 0xf1, .unit = 1, .args = 32, .no_text = true });
	test_layout("Go 1.18", (struct go_image){ .magic = 0xf0, .unit = 1, .args = 32 });
	test_layout("Go 1.17", (struct go_image){ .magic = 0xfa, .unit = 1, .args = 32 });
	test_layout("Go 1.20 on arm64", (struct go_image){ .magic = 0xf1, .unit = 4, .args = 32 });
	test_stack_calls();
	test_nothing("other arguments", (struct go_image){ .magic = 0xf1, .unit = 1, .args = 40 });
	test_nothing("another magic", (struct go_image){ .magic = 0xf2, .unit = 1, .args = 32 });
	test_nothing("no return known",
		     (struct go_image){ .magic = 0xf1, .unit = 1, .args = 32, .no_returns = true });
	test_nothing("names that go on",
		     (struct go_image){ .magic = 0xf1,
					.unit = 1,
					.args = 32,
					.names = { "crypto/tls.(*Conn).Write.func1",
						   "crypto/tls.(*Conn).Read",
						   "crypto/tls.(*Conn).writeRecordLocked" } });
	test_nothing("a Conn without a record layer: it wraps one",
		     (struct go_image){ .magic = 0xf1,
					.unit = 1,
					.args = 32,
					.names = { "a/tls.(*Conn).Write", "a/tls.(*Conn).Read",
						   "a/tls.(*Conn).Close" } });
	test_fork(1);
	test_fork(4);
	test_both();
	test_promoted(1);
	test_promoted(4);
	test_only_outer();
	test_garbled(1);
	test_garbled(4);
	test_garbled_unknown();
	test_wild_numbers();
	test_cut_file();
	return tap_done();
}
