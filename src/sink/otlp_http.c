/* SPDX-License-Identifier: MIT */
#include "sink/otlp_http.h"

#ifdef HAVE_CURL

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/comma.h"
#include "base/library.h"
#include "base/xalloc.h"
#include "base/percent.h"

#define ANSWER_MAX  (64 << 10)
#define GZIP_WINDOW (15 + 16) /* of deflateInit2: with gzip's head */
#define GZIP_MEMORY 8

#define FUNCTIONS(F)                                                                               \
	F(global_init)                                                                             \
	F(easy_init)                                                                               \
	F(easy_reset)                                                                              \
	F(easy_setopt)                                                                             \
	F(easy_perform)                                                                            \
	F(easy_getinfo)                                                                            \
	F(easy_strerror)                                                                           \
	F(easy_cleanup)                                                                            \
	F(slist_append)                                                                            \
	F(slist_free_all)

/* libcurl's. */
struct api {
#define MEMBER(name) __typeof__(&curl_##name) name;
	FUNCTIONS(MEMBER)
#undef MEMBER
};

struct otlp_http {
	struct api api;
	CURL *curl;
	struct buf answer;
};

static int load(struct api *a, struct error *reterr)
{
#define ROW(function) { "curl_" #function, &a->function },
	const struct library_function rows[] = { FUNCTIONS(ROW) };
#undef ROW

	return library_load(CURL_SONAME, rows, sizeof(rows) / sizeof(*rows), reterr);
}

int otlp_http_open(struct otlp_http **ret, struct error *reterr)
{
	struct otlp_http *h = xcalloc(1, sizeof(*h));
	int err = load(&h->api, reterr);

	buf_init(&h->answer, ANSWER_MAX);
	if (!err && h->api.global_init(CURL_GLOBAL_DEFAULT) == 0)
		h->curl = h->api.easy_init();
	if (!err && !h->curl)
		err = error_set(reterr, -EIO, "libcurl cannot be initialised");
	if (err)
		otlp_http_free(h);
	else
		*ret = h;
	return err;
}

void otlp_http_free(struct otlp_http *h)
{
	if (!h)
		return;
	if (h->curl)
		h->api.easy_cleanup(h->curl);
	buf_done(&h->answer);
	free(h);
}

/* A line end in one would begin another. */
static bool is_one_line(const char *text)
{
	return !strpbrk(text, "\r\n");
}

static struct curl_slist *add_header(const struct api *a, struct curl_slist *list, struct span pair)
{
	size_t equals = span_find(pair, '=');
	struct curl_slist *more = NULL;
	AUTO_FREE char *text = NULL;
	struct buf line;

	if (equals == 0 || equals == pair.len)
		return list;
	buf_init(&line, pair.len + 3);
	percent_decode(span_trim(span_first(pair, equals)), &line);
	buf_adds(&line, ": ");
	percent_decode(span_trim(span_from(pair, equals + 1)), &line);
	text = buf_take(&line);
	if (is_one_line(text))
		more = a->slist_append(list, text);
	return more ? more : list;
}

static struct curl_slist *headers(const struct api *a, const struct otlp_target *t)
{
	struct curl_slist *list = a->slist_append(NULL, "Content-Type: application/json");
	struct span rest = span_str(t->headers), pair;

	/* Without asking whether a body is welcome: that costs a round trip, or a second. */
	list = a->slist_append(list, "Expect:");
	if (t->gzip)
		list = a->slist_append(list, "Content-Encoding: gzip");
	while (comma_next(&rest, ",", &pair))
		list = add_header(a, list, pair);
	return list;
}

static size_t on_answer(char *data, size_t size, size_t count, void *arg)
{
	struct otlp_http *h = arg;

	buf_add(&h->answer, span_of(data, size * count));
	return size * count; /* what is too long is cut */
}

/* Whoever calls frees it. NULL: it could not be done. */
static uint8_t *compress_body(struct span body, size_t *ret_len)
{
	z_stream z = { .next_in = (Bytef *)body.ptr, .avail_in = (uInt)body.len };
	uint8_t *out;
	uLong room;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	room = deflateBound(&z, body.len);
	out = xmalloc(room);
	z.next_out = out;
	z.avail_out = (uInt)room;
	deflate(&z, Z_FINISH);
	*ret_len = z.total_out;
	deflateEnd(&z);
	return out;
}

static void only_http(const struct api *a, CURL *c)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	a->easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	a->easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

static void prepare(struct otlp_http *h, const struct otlp_target *t, struct span body,
		    struct curl_slist *list, char *problem)
{
	const struct api *a = &h->api;
	CURL *c = h->curl;

	a->easy_reset(c); /* connections stay */
	only_http(a, c);
	a->easy_setopt(c, CURLOPT_URL, t->url);
	a->easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	a->easy_setopt(c, CURLOPT_TIMEOUT_MS, t->timeout_ms);
	a->easy_setopt(c, CURLOPT_HTTPHEADER, list);
	a->easy_setopt(c, CURLOPT_USERAGENT, "llm-spy/" PACKAGE_VERSION);
	a->easy_setopt(c, CURLOPT_POST, 1L);
	a->easy_setopt(c, CURLOPT_POSTFIELDS, body.ptr);
	a->easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	a->easy_setopt(c, CURLOPT_WRITEFUNCTION, on_answer);
	a->easy_setopt(c, CURLOPT_WRITEDATA, h);
	a->easy_setopt(c, CURLOPT_ERRORBUFFER, problem);
	if (t->certificate)
		a->easy_setopt(c, CURLOPT_CAINFO, t->certificate);
}

static void read_answer(struct otlp_http *h, struct otlp_answer *ret)
{
	curl_off_t seconds = 0;
	long status = 0;

	h->api.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	h->api.easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &seconds);
	ret->status = (unsigned)status;
	ret->retry_after_ms = seconds > 0 ? (uint64_t)seconds * 1000 : 0;
	ret->body = h->answer;
}

void otlp_http_post(struct otlp_http *h, const struct otlp_target *t, struct span body,
		    struct otlp_answer *ret)
{
	struct curl_slist *list = headers(&h->api, t);
	char problem[CURL_ERROR_SIZE] = "";
	uint8_t *packed = NULL;
	size_t len = 0;
	CURLcode code;

	*ret = (struct otlp_answer){ 0 };
	buf_reset(&h->answer);
	if (t->gzip)
		packed = compress_body(body, &len);
	prepare(h, t, packed ? span_of(packed, len) : body, list, problem);
	code = h->api.easy_perform(h->curl);
	if (code == CURLE_OK)
		read_answer(h, ret);
	else
		snprintf(ret->problem, sizeof(ret->problem), "%.150s",
			 problem[0] ? problem : h->api.easy_strerror(code));
	h->api.slist_free_all(list);
	free(packed);
}

#endif
