/* SPDX-License-Identifier: MIT */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "json/text.h"
#include "json/write.h"
#include "telemetry/scrape.h"
#include "web/copy.h"
#include "web/events.h"
#include "web/gzip.h"
#include "web/search.h"
#include "web/types.h"

/* Above that of --metrics; and the next ones, since `serve` and --web may run at once. */
#define PORT	   "7557"
#define NEXT_PORTS 20

#define CONNECTIONS 256
/* Of whoever has not shown the cookie, and of a browser between two requests. */
#define STRANGER_SECONDS 3
#define IDLE_SECONDS	 60
#define HEAD_MAX	 ((size_t)32 << 10)
/* Shorter answers are sent as they are. */
#define PACK_MIN	 4096
#define ANSWER_BYTES_MAX ((size_t)256 << 20)

/* ---- answers ---- */

/* No script but ours runs, whatever texts of strangers may say; nothing is fetched from elsewhere,
 * shown within another page, kept by the browser or told to other sites. */
static void protect(struct MHD_Response *r)
{
	static const struct {
		const char *name, *value;
	} fields[] = {
		{ "Content-Security-Policy",
		  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
		  "connect-src 'self'; base-uri 'none'; form-action 'none'; "
		  "frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cache-Control", "no-store" },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		http_api.add_response_header(r, fields[i].name, fields[i].value);
}

static enum MHD_Result give(struct MHD_Connection *c, unsigned status, struct MHD_Response *r)
{
	protect(r);
	return http_send(c, status, r);
}

static enum MHD_Result give_text(struct MHD_Connection *c, unsigned status, const char *type,
				 const char *text)
{
	struct MHD_Response *r = http_api.create_response_from_buffer(strlen(text), (void *)text,
								      MHD_RESPMEM_MUST_COPY);

	http_api.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		http_api.add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	return give(c, status, r);
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned status, const char *why)
{
	json_t *o = json_object();
	AUTO_FREE char *text = NULL;

	json_object_set_new(o, "error", json_from_text(why));
	text = json_write_text(o);
	json_decref(o);
	return give_text(c, status, TYPE_JSON, text);
}

static const char no_cookie[] =
	"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">"
	"<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" "
	"content=\"light dark\"><title>llm-spy</title>"
	"<p>This browser may not read here yet. Open the address that <code>llm-spy</code> "
	"printed: it ends in <code>?token=</code> and 48 characters.</html>\n";

/* The token goes into a cookie, which only pages of ours send back, and out of the address. */
static enum MHD_Result give_cookie(struct web *w, struct MHD_Connection *c)
{
	struct MHD_Response *r =
		http_api.create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	AUTO_FREE char *cookie = xasprintf("%s=%s; Path=/; HttpOnly; SameSite=Strict",
					   w->auth.cookie, w->auth.token);

	http_api.add_response_header(r, MHD_HTTP_HEADER_SET_COOKIE, cookie);
	http_api.add_response_header(r, MHD_HTTP_HEADER_LOCATION, "/");
	return give(c, MHD_HTTP_SEE_OTHER, r);
}

/* ---- requests ---- */

static unsigned status_of(int err)
{
	switch (err) {
	case -EINVAL:
		return MHD_HTTP_BAD_REQUEST;
	case -ENOENT:
		return MHD_HTTP_NOT_FOUND;
	case -ENOTSUP:
	case -ENODATA:
		return 422;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

/* Packed, where that is worth it and the browser takes it. */
static struct MHD_Response *response_of(struct MHD_Connection *c, const char *type,
					struct buf *text)
{
	bool packed = text->len >= PACK_MIN && gzip_is_taken(http_field(c, "Accept-Encoding")) &&
		      gzip_pack(text) == 0;
	struct MHD_Response *r = http_text(type, text);

	if (packed)
		http_api.add_response_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	http_api.add_response_header(r, MHD_HTTP_HEADER_VARY, "Accept-Encoding");
	return r;
}

static enum MHD_Result give_answer(struct request *r, const struct route *route)
{
	struct MHD_Response *answer = response_of(r->connection, route->type, &r->out);

	if (r->file) {
		AUTO_FREE char *field = xasprintf("attachment; filename=\"%s\"", r->file);

		http_api.add_response_header(answer, MHD_HTTP_HEADER_CONTENT_DISPOSITION, field);
	}
	return give(r->connection, MHD_HTTP_OK, answer);
}

static bool is_loaded(struct web *w)
{
	bool loaded;

	pthread_mutex_lock(&w->lock);
	loaded = w->loaded;
	pthread_mutex_unlock(&w->lock);
	return loaded;
}

static enum MHD_Result answer(struct web *w, struct MHD_Connection *c, const char *path)
{
	AUTO_FREE char *segment = NULL;
	const struct route *route = route_find(path, &segment);
	struct request r = { .web = w, .connection = c, .segment = segment };
	bool loaded = is_loaded(w);
	struct error e = { 0 };
	enum MHD_Result given;
	int err;

	if (!route)
		return refuse(c, MHD_HTTP_NOT_FOUND, "there is nothing of this name");
	buf_init(&r.out, ANSWER_BYTES_MAX);
	err = route->fn(&r, &e);
	if (err == -EAGAIN) {
		buf_done(&r.out);
		search_wait(w, c);
		return MHD_YES;
	}
	if (!err && r.out.full)
		err = error_set(&e, -EFBIG, "the answer is too long");
	/* Maybe it comes. To wait is no failure, which a browser would tell in its console. */
	if (err == -ENOENT && !loaded)
		given = refuse(c, MHD_HTTP_ACCEPTED, "it is still being read");
	else
		given = err ? refuse(c, status_of(err), e.text) : give_answer(&r, route);
	buf_done(&r.out);
	free(r.file);
	return given;
}

static enum MHD_Result give_events(struct web *w, struct MHD_Connection *c)
{
	struct MHD_Response *r = listeners_add(w, c);

	return r ? give(c, MHD_HTTP_OK, r)
		 : refuse(c, MHD_HTTP_SERVICE_UNAVAILABLE, "too many pages are open");
}

static enum MHD_Result give_asset(struct MHD_Connection *c, const struct asset *asset)
{
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	buf_adds(&text, asset->text);
	return give(c, MHD_HTTP_OK, response_of(c, asset->type, &text));
}

/* Pages of other origins may not ask. */
static bool is_own(struct MHD_Connection *c)
{
	struct span site = http_field(c, "Sec-Fetch-Site");

	return web_auth_is_own_origin(http_field(c, "Origin"), http_field(c, "Host")) &&
	       (!site.len || span_eq(site, SPAN_LIT("same-origin")) ||
		span_eq(site, SPAN_LIT("none")));
}

static bool is_navigation(struct MHD_Connection *c)
{
	return span_eq(http_field(c, "Sec-Fetch-Mode"), SPAN_LIT("navigate"));
}

static enum MHD_Result on_root_with_token(struct web *w, struct MHD_Connection *c,
					  struct span token)
{
	if (web_auth_is_token(&w->auth, token))
		return give_cookie(w, c);
	return give_text(c, MHD_HTTP_UNAUTHORIZED, TYPE_HTML, no_cookie);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **state)
{
	struct web *w = arg;
	const struct asset *asset;
	struct span token;

	/* An answer before the whole request is there would end the connection. */
	if (!*state && strcmp(method, MHD_HTTP_METHOD_POST) != 0) {
		*state = w;
		return MHD_YES;
	}
	if (!scrape_host_is_ours(http_field(c, MHD_HTTP_HEADER_HOST), NULL))
		return refuse(c, MHD_HTTP_FORBIDDEN,
			      "this Host is not known: use an address or localhost");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD");
	token = span_str(http_api.lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "token"));
	if (token.ptr && strcmp(path, "/") == 0)
		return on_root_with_token(w, c, token);
	if (!is_own(c) && !(is_navigation(c) && strcmp(path, "/") == 0))
		return refuse(c, MHD_HTTP_FORBIDDEN, "only pages from here may ask");
	if (!web_auth_has_cookie(&w->auth, http_field(c, MHD_HTTP_HEADER_COOKIE)))
		return give_text(c, MHD_HTTP_UNAUTHORIZED, TYPE_HTML, no_cookie);
	http_api.set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, IDLE_SECONDS);
	if (strcmp(path, "/api/events") == 0)
		return give_events(w, c);
	asset = asset_find(path);
	return asset ? give_asset(c, asset) : answer(w, c, path);
}

/* ---- its life ---- */

static void *serve(void *arg)
{
	struct web *w = arg;
	struct pollfd fds[3] = { { .fd = w->end, .events = POLLIN },
				 { .fd = w->news, .events = POLLIN } };
	eventfd_t count;

	while (!(fds[0].revents & POLLIN)) {
		uint64_t ms;

		search_step(w);
		http_api.run(w->daemon);
		fds[2] = (struct pollfd){ .fd = http_server_fd(w->daemon, &ms), .events = POLLIN };
		listeners_wake(w, &ms);
		poll(fds, 3, w->waiting ? 0 : ms > 10000 ? 10000 : (int)ms);
		if (fds[1].revents & POLLIN)
			eventfd_read(w->news, &count);
	}
	/* None may be suspended when it stops. */
	search_end(w);
	listeners_end(w);
	return NULL;
}

static int open_views(struct web *w, struct error *reterr)
{
	w->kept = w->config.kept;
	return copy_open(w, reterr);
}

static int open_server(struct web *w, struct error *reterr)
{
	const struct http_port port = { "", PORT, w->config.another, NEXT_PORTS };
	const struct http_server_config c = { .port = &port,
					      .where = w->config.where,
					      .path = "/",
					      .flags = MHD_ALLOW_SUSPEND_RESUME,
					      .connections = CONNECTIONS,
					      .idle_seconds = STRANGER_SECONDS,
					      .head_max = HEAD_MAX,
					      .on_request = on_request,
					      .arg = w };
	const char *number;
	int err = http_server_start(&w->daemon, w->url, &c, reterr);

	if (err)
		return err;
	number = strrchr(w->url, ':');
	err = web_auth_init(&w->auth, (unsigned)strtoul(number + 1, NULL, 10), reterr);
	snprintf(w->full_url, sizeof(w->full_url), "%s?token=%s", w->url, w->auth.token);
	return err;
}

static int start_threads(struct web *w, struct error *reterr)
{
	int err = pthread_create(&w->server, NULL, serve, w);

	if (err)
		return error_set(reterr, -err, "cannot start a thread: %s", strerror(err));
	w->serves = true;
	err = pthread_create(&w->reader, NULL, web_read, w);
	if (err)
		return error_set(reterr, -err, "cannot start a thread: %s", strerror(err));
	w->reads = true;
	return 0;
}

static int start(struct web *w, struct error *reterr)
{
	int err = open_views(w, reterr);

	if (!err)
		err = open_server(w, reterr);
	w->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!err && (w->end < 0 || w->news < 0))
		err = error_set(reterr, -errno, "cannot wait: %s", strerror(errno));
	return err ? err : start_threads(w, reterr);
}

int web_start(struct web **ret, const struct web_config *c, struct error *reterr)
{
	struct web *w = xcalloc(1, sizeof(*w));
	int err;

	w->config = *c;
	limits_init(&w->limits);
	w->end = w->news = -1;
	w->book = book_new();
	w->texts = book_texts_new();
	w->listeners = listeners_new();
	w->rates = rate_limits_new();
	pthread_mutex_init(&w->lock, NULL);
	err = start(w, reterr);
	if (err)
		web_stop(w);
	else
		*ret = w;
	return err;
}

void web_stop(struct web *w)
{
	if (!w)
		return;
	if (w->end >= 0)
		eventfd_write(w->end, 1);
	if (w->serves)
		pthread_join(w->server, NULL);
	if (w->reads)
		pthread_join(w->reader, NULL);
	if (w->daemon)
		http_api.stop_daemon(w->daemon);
	if (w->end >= 0)
		close(w->end);
	if (w->news >= 0)
		close(w->news);
	copy_close(w);
	book_free(w->book);
	book_texts_free(w->texts);
	listeners_free(w->listeners);
	rate_limits_free(w->rates);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

const char *web_url(const struct web *w)
{
	return w->full_url;
}

bool web_is_watched(const struct web *w)
{
	return listeners_count(w->listeners) > 0;
}

#else

#include <errno.h>

int web_start(struct web **ret, const struct web_config *c, struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without libmicrohttpd");
}

void web_stop(struct web *w)
{
}

const char *web_url(const struct web *w)
{
	return "";
}

bool web_is_watched(const struct web *w)
{
	return false;
}

#endif
