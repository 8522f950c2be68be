/* SPDX-License-Identifier: MIT */
/* Signs, plans and the catalog of searched files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "find/catalog.h"
#include "find/prefilter.h"
#include "tests/unit/tap.h"

static const uint8_t stamp[CATALOG_STAMP_LEN] = "made by this test";

/* ---- signs ---- */

static void test_sign_places(void)
{
	static const char *const strings[] = { "SSL_write", "ssl_lib.cc", "abcd" };
	struct prefilter *s = prefilter_new(strings, 3);
	char text[64];
	int wrong = 0;

	for (size_t at = 0; at + 9 <= sizeof(text); at++)
		for (size_t which = 0; which < 3; which++) {
			size_t len = strlen(strings[which]);

			memset(text, 'S', sizeof(text));
			if (at + len > sizeof(text))
				continue;
			memcpy(text + at, strings[which], len);
			wrong += prefilter_search(s, span_of(text, sizeof(text))) != 1u << which;
			/* Without its last byte it is not there. */
			wrong += prefilter_search(s, span_of(text, at + len - 1)) != 0;
		}
	is_int(wrong, 0, "signs: each is found wherever it stands");
	is_int(prefilter_search(s, SPAN_LIT("xSSL_writeabcdssl_lib.cc")), 7,
	       "signs: all of them at once");
	is_int(prefilter_search(s, SPAN_LIT("abc")), 0, "signs: in less than the shortest");
	is_int(prefilter_search(s, span_of(NULL, 0)), 0, "signs: in nothing");
	prefilter_free(s);
}

/* Against a plain search, over few letters so that parts of strings are met often. */
static void test_signs_at_random(void)
{
	int wrong = 0;

	srand(1);
	for (int round = 0; round < 2000; round++) {
		char strings[3][8], text[200];
		const char *list[3];
		uint64_t want = 0;
		struct prefilter *s;

		for (size_t i = 0; i < 3; i++) {
			size_t len = 4 + (size_t)rand() % 4;

			for (size_t j = 0; j < len; j++)
				strings[i][j] = (char)('a' + rand() % 2);
			strings[i][len] = '\0';
			list[i] = strings[i];
		}
		for (size_t j = 0; j < sizeof(text); j++)
			text[j] = (char)('a' + rand() % 2);
		text[(size_t)rand() % 40] = '\0';
		for (size_t i = 0; i < 3; i++)
			want |= memmem(text, sizeof(text), list[i], strlen(list[i])) ? 1ull << i
										     : 0;
		s = prefilter_new(list, 3);
		wrong += prefilter_search(s, span_of(text, sizeof(text))) != want;
		prefilter_free(s);
	}
	is_int(wrong, 0, "signs: as a plain search finds them");
}

/* ---- plans ---- */

static struct plan make_plan(uint64_t first)
{
	struct plan p = { .nparts = 3 };

	p.parts = calloc(3, sizeof(*p.parts));
	for (size_t i = 0; i < 3; i++) {
		struct plan_entry *part = &p.parts[i];

		part->implementation = strdup(i == 0   ? "OpenSSL"
					      : i == 1 ? "dynamic linker"
						       : "Go");
		part->method = strdup("symbols");
		part->guess = i == 0;
		part->watch = i == 1;
		part->problem = i == 2 ? strdup("made by an old one") : NULL;
		part->nsites = 3;
		part->sites = calloc(3, sizeof(*part->sites));
		for (size_t s = 0; s < 3; s++)
			part->sites[s] = (struct site){ .addr = first + s,
							.prog = (enum probe_program)s,
							.at_return = s == 1 };
	}
	return p;
}

static bool same_plan(const struct plan *a, const struct plan *b)
{
	struct buf x, y;
	bool same;

	buf_init(&x, PLAN_BYTES_MAX);
	buf_init(&y, PLAN_BYTES_MAX);
	plan_encode(a, &x);
	plan_encode(b, &y);
	same = span_eq(buf_span(&x), buf_span(&y));
	buf_done(&x);
	buf_done(&y);
	return same;
}

static void test_plan_bytes(void)
{
	struct plan p = make_plan(0x1000), back;
	struct buf b;
	int good = 0;
	char *text = plan_text(&p);

	is_str(text, "OpenSSL by symbols", "plan: what it hooks, without what only watches");
	free(text);
	text = plan_problem(&p);
	is_str(text, "Go made by an old one", "plan: what it cannot hook");
	free(text);
	buf_init(&b, PLAN_BYTES_MAX);
	is_int(plan_encode(&p, &b), 0, "plan: encoded");
	is_int(plan_decode(buf_span(&b), &back), 0, "plan: decoded");
	ok(same_plan(&p, &back) && back.parts[0].sites[1].at_return && back.parts[0].guess &&
		   back.parts[1].watch && !back.parts[1].guess && back.parts[2].problem,
	   "plan: the same after both");
	ok(plan_is_guess(&back), "plan: a guess, when nothing else is hooked");
	back.parts[0].guess = false;
	ok(!plan_is_guess(&back), "plan: no guess");
	back.parts[1].watch = false;
	back.parts[1].guess = true;
	ok(!plan_is_guess(&back), "plan: no guess, when what passes may be of another one");
	plan_done(&back);
	for (size_t cut = 0; cut < b.len; cut++) {
		good += plan_decode(span_of(b.ptr, cut), &back) == 0;
		plan_done(&back);
	}
	is_int(good, 0, "plan: cut anywhere, it is refused");
	b.ptr[b.len - 2] = (char)0xff; /* no such program */
	is_int(plan_decode(buf_span(&b), &back), -EPROTO, "plan: a program that there is not");
	plan_done(&back);
	b.ptr[0] = PLAN_ENTRIES_MAX + 1;
	is_int(plan_decode(buf_span(&b), &back), -EPROTO, "plan: too many parts");
	plan_done(&back);
	plan_done(&p);
	buf_done(&b);
}

/* ---- the catalog ---- */

static struct file_id id_of(uint64_t n)
{
	return (struct file_id){
		.dev = 1, .ino = n, .size = 100 + n, .mtime_ns = 5, .ctime_ns = 6
	};
}

static void add(struct catalog *c, uint64_t n, bool with_plan)
{
	static const uint8_t check[SHA256_DIGEST_SIZE] = "check";
	struct plan p = with_plan ? make_plan(n) : (struct plan){ 0 };
	struct file_id id = id_of(n);

	catalog_add(c, &id, check, &p);
}

static bool has(struct catalog *c, uint64_t n)
{
	struct file_id id = id_of(n);

	return catalog_find(c, &id) != NULL;
}

static void test_identity(void)
{
	struct catalog *c = catalog_new(10);
	uint8_t likeness[SHA256_DIGEST_SIZE];
	struct file_id id = id_of(7), other;
	uint64_t *fields[] = { &other.dev, &other.ino, &other.size, &other.mtime_ns,
			       &other.ctime_ns };
	int found = 0;

	add(c, 7, true);
	ok(has(c, 7), "catalog: a file is found again");
	for (size_t i = 0; i < 5; i++) {
		other = id;
		(*fields[i])++;
		found += catalog_find(c, &other) != NULL;
	}
	is_int(found, 0, "catalog: not when anything about it is different");
	memset(catalog_find(c, &id)->likeness, 7, SHA256_DIGEST_SIZE);
	memset(likeness, 7, sizeof(likeness));
	ok(catalog_find_copy(c, id.size, likeness) == catalog_find(c, &id),
	   "a copy is known by its likeness");
	ok(!catalog_find_copy(c, id.size + 1, likeness), "but not of another size");
	likeness[31] = 8;
	ok(!catalog_find_copy(c, id.size, likeness), "nor with another likeness");
	catalog_drop(c, &id);
	ok(!has(c, 7), "catalog: nor when it was dropped");
	catalog_free(c);
}

static void test_ceiling(void)
{
	struct catalog *c = catalog_new(100);
	int kept = 0;

	for (uint64_t i = 1; i <= 1000; i++) {
		add(c, i, i % 2);
		has(c, 1);
	}
	for (uint64_t i = 1; i <= 1000; i++)
		kept += has(c, i);
	ok(kept <= 100 && kept >= 50 && has(c, 1) && has(c, 1000),
	   "catalog: at its ceiling, what is in use stays");
	is_int(catalog_dropped(c), 1000 - kept, "catalog: what was dropped is counted");
	catalog_free(c);
}

static void fill(struct catalog *c, struct buf *out)
{
	struct file_id id = id_of(3);

	add(c, 1, true);
	add(c, 2, false);
	add(c, 3, false);
	catalog_find(c, &id)->failed = true;
	catalog_encode(c, stamp, out);
}

static void test_catalog_bytes(void)
{
	static const uint8_t other[CATALOG_STAMP_LEN] = "made by another";
	struct catalog *c = catalog_new(10), *back = catalog_new(10);
	struct file_id id = id_of(1);
	struct plan p = make_plan(1);
	struct buf b;

	buf_init(&b, CATALOG_BYTES_MAX);
	fill(c, &b);
	is_int(catalog_decode(back, stamp, buf_span(&b)), 0, "catalog: read back");
	ok(has(back, 1) && has(back, 2) && !has(back, 3),
	   "catalog: all but what could not be searched");
	ok(same_plan(&catalog_find(back, &id)->plan, &p), "catalog: with the same plan");
	ok(catalog_changed(c) && !catalog_changed(back), "catalog: nothing new to store");
	catalog_free(back);
	back = catalog_new(10);
	is_int(catalog_decode(back, other, buf_span(&b)), -ESTALE, "catalog: of another program");
	ok(!has(back, 1), "catalog: of which nothing is taken");
	plan_done(&p);
	catalog_free(back);
	catalog_free(c);
	buf_done(&b);
}

static void test_catalog_damage(void)
{
	struct catalog *c = catalog_new(10), *back = catalog_new(10);
	int taken = 0;
	struct buf b;

	buf_init(&b, CATALOG_BYTES_MAX);
	fill(c, &b);
	for (size_t i = 0; i < b.len; i++) {
		taken += catalog_decode(back, stamp, span_of(b.ptr, i)) == 0;
		b.ptr[i] ^= 4;
		taken += catalog_decode(back, stamp, buf_span(&b)) == 0;
		b.ptr[i] ^= 4;
	}
	ok(taken == 0 && !has(back, 1) && !has(back, 2),
	   "catalog: damaged or cut anywhere, nothing is taken");
	catalog_free(back);
	catalog_free(c);
	buf_done(&b);
}

/* ---- finders on a real file ---- */

static void test_own_image(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct plan p = { 0 };
	struct image im;
	int err = image_open(&im, fd);

	if (!err)
		plan_make(&im, &p);
	is_int(err, 0, "image: this very program");
	is_int(p.nparts, 0, "plan: nothing to hook in it");
	plan_done(&p);
	image_close(&im);
	close(fd);
}

int main(void)
{
	test_sign_places();
	test_signs_at_random();
	test_plan_bytes();
	test_identity();
	test_ceiling();
	test_catalog_bytes();
	test_catalog_damage();
	test_own_image();
	return tap_done();
}
