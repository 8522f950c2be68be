/* SPDX-License-Identifier: MIT */
/* One call in other forms, to be saved. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "exchange/json.h"
#include "json/write.h"
#include "sink/har.h"
#include "view/curl.h"
#include "web/call_json.h"
#include "web/shorten.h"
#include "web/written.h"

static struct exchange *whole_of(struct request *r, struct error *reterr)
{
	uint64_t id = 0;

	return request_id(r, &id, reterr) == 0 ? web_whole(r->web, id, reterr) : NULL;
}

static void save_as(struct request *r, const char *end)
{
	r->file = xasprintf("call-%s.%s", r->segment, end);
}

/* ---- as outputs write it ---- */

static int write_as(struct request *r, const char *format, const char *end, struct error *reterr)
{
	struct exchange *x = whole_of(r, reterr);
	struct written w;
	int err;

	if (!x)
		return reterr->code;
	err = written_begin(&w, format, reterr);
	if (!err) {
		err = written_add(&w, x, reterr);
		err = written_end(&w, &r->out, reterr) ? reterr->code : err;
	}
	exchange_unref(x);
	if (!err)
		save_as(r, end);
	return err;
}

int api_call_har(struct request *r, struct error *reterr)
{
	return write_as(r, "har", "har", reterr);
}

int api_call_md(struct request *r, struct error *reterr)
{
	return write_as(r, "md", "md", reterr);
}

int api_call_html(struct request *r, struct error *reterr)
{
	return write_as(r, "html", "html", reterr);
}

int api_call_json(struct request *r, struct error *reterr)
{
	return write_as(r, "jsonl", "json", reterr);
}

/* ---- as a command ---- */

int api_call_curl(struct request *r, struct error *reterr)
{
	struct exchange *x = whole_of(r, reterr);
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int err;

	if (!x)
		return reterr->code;
	out = open_memstream(&text, &len);
	err = out ? curl_print(x, out, reterr) : error_set(reterr, -ENOMEM, "cannot write");
	if (out)
		fclose(out);
	if (!err)
		buf_add(&r->out, span_of(text, len));
	free(text);
	exchange_unref(x);
	return err;
}

/* ---- bytes ---- */

/* The body of the answer, or with side=request that of the request, as it was kept. */
int api_call_raw(struct request *r, struct error *reterr)
{
	const char *side = request_text(r, "side");
	bool asked = side && strcmp(side, "request") == 0;
	struct exchange *x = whole_of(r, reterr);
	const struct body *b;
	int err = 0;

	if (!x)
		return reterr->code;
	b = asked ? &x->request_body : &x->response_body;
	if (!b->text.len && body_kept(b))
		err = error_set(reterr, -ENODATA,
				"bodies were not kept: an archive keeps them with bodies=yes, and "
				"jsonl with --bodies");
	else
		buf_add(&r->out, buf_span(&b->text));
	exchange_unref(x);
	if (!err)
		r->file = xasprintf("call-%s-%s.bin", r->segment, asked ? "request" : "response");
	return err;
}

/* One text of the record: at=/request/messages/3/parts/0/text */
int api_call_part(struct request *r, struct error *reterr)
{
	const char *at = request_text(r, "at");
	struct exchange *x = whole_of(r, reterr);
	const json_t *text;
	json_t *record;
	int err = 0;

	if (!x)
		return reterr->code;
	record = exchange_to_json(x, EXCHANGE_JSON_BODIES);
	text = at ? shorten_find(record, at) : NULL;
	if (text)
		buf_add(&r->out, span_of(json_string_value(text), json_string_length(text)));
	else
		err = error_set(reterr, -ENOENT, "at: the record has no text there");
	json_decref(record);
	exchange_unref(x);
	return err;
}

/* ---- events of a stream ---- */

#define EVENTS_MAX 1000

static json_t *event_json(const struct exchange *x, json_t *from, size_t *left)
{
	bool timed = x->response_body.arrival.count > 0;
	double began = (double)exchange_began_ns(x) / 1e6;
	double at = json_number_value(json_object_get(from, "time")) * 1000;
	json_t *o = json_object();

	json_object_set_new(o, "t_ms", timed ? json_real(at - began) : json_null());
	json_object_set(o, "type", json_object_get(from, "eventName"));
	json_object_set(o, "data", json_object_get(from, "data"));
	shorten(o, left);
	return o;
}

static json_t *events_json(const struct exchange *x, json_t *all, size_t offset)
{
	json_t *o = json_object(), *list = json_array();
	size_t left = SHORT_ALL, end = offset + EVENTS_MAX;

	for (size_t i = offset; i < json_array_size(all) && i < end; i++)
		json_array_append_new(list, event_json(x, json_array_get(all, i), &left));
	json_object_set_new(o, "events", list);
	json_object_set_new(o, "offset", json_integer((json_int_t)offset));
	json_object_set_new(o, "total", json_integer((json_int_t)json_array_size(all)));
	return o;
}

static json_t *no_events(const char *why)
{
	json_t *o = json_object();

	json_object_set_new(o, "events", json_null());
	json_object_set_new(o, "why", json_string(why));
	return o;
}

int api_call_events(struct request *r, struct error *reterr)
{
	uint64_t offset = 0;
	struct exchange *x;
	json_t *all;

	if (request_number(r, "offset", INT32_MAX, &offset, reterr) != 0)
		return reterr->code;
	x = whole_of(r, reterr);
	if (!x)
		return reterr->code;
	if (!x->stream) {
		answer_json(r, no_events("the answer is no stream"));
	} else if (!x->response_body.text.len) {
		answer_json(r, no_events("the body was not kept: an archive keeps bodies with "
					 "bodies=yes, and jsonl with --bodies"));
	} else {
		all = har_events(x);
		answer_json(r, events_json(x, all, offset));
		json_decref(all);
	}
	exchange_unref(x);
	return 0;
}

#endif
