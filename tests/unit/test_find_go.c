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
		{ "a function's frames", GO_TABLE + GO_FUNCS + 0x80 + 16, 4 },
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
	test_nothing("a longer name",
		     (struct go_image){ .magic = 0xf1,
					.unit = 1,
					.args = 32,
					.write_name = "x/crypto/tls.(*Conn).Write" });
	test_nothing("a name that goes on",
		     (struct go_image){ .magic = 0xf1,
					.unit = 1,
					.args = 32,
					.write_name = "crypto/tls.(*Conn).Write.func1" });
	test_wild_numbers();
	test_cut_file();
	return tap_done();
}
