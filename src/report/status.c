/* SPDX-License-Identifier: MIT */
#include "report/status.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "json/read.h"
#include "json/write.h"

/* ---- out ---- */

/* A name may hold any bytes. */
static json_t *text_of(const char *s, size_t size)
{
	char text[STATUS_TEXT_LEN];

	if (!s)
		return json_null();
	utf8_cut(span_str(s), text, size);
	return json_string(text);
}

static json_t *note_text(const char *s)
{
	return text_of(s, STATUS_TEXT_LEN);
}

static json_t *row_out(const struct process_row *r)
{
	json_t *hosts = json_array();

	for (size_t i = 0; i < PROCESS_HOSTS && r->hosts[i][0]; i++)
		json_array_append_new(hosts, text_of(r->hosts[i], sizeof(r->hosts[i])));
	return json_pack("{s:I, s:I, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:b}", "pid",
			 (json_int_t)r->tgid, "processes", (json_int_t)r->processes, "program",
			 text_of(r->program, sizeof(r->program)), "user",
			 text_of(r->user, sizeof(r->user)), "calls", (json_int_t)r->calls, "others",
			 (json_int_t)r->others, "sent", (json_int_t)r->bytes[DIR_WRITE], "received",
			 (json_int_t)r->bytes[DIR_READ], "connections", (json_int_t)r->conns,
			 "opaque", (json_int_t)r->opaque, "last_ns", (json_int_t)r->last_ns,
			 "hosts", hosts, "more_hosts", r->more_hosts);
}

static int by_age(const void *a, const void *b)
{
	const struct process_row *const *x = a, *const *y = b;

	return (*x)->last_ns < (*y)->last_ns ? 1 : (*x)->last_ns > (*y)->last_ns ? -1 : 0;
}

static json_t *rows_out(const struct process_row *rows, size_t count)
{
	const struct process_row **order = xcalloc(count ? count : 1, sizeof(*order));
	json_t *ret = json_array();

	for (size_t i = 0; i < count; i++)
		order[i] = &rows[i];
	qsort(order, count, sizeof(*order), by_age);
	for (size_t i = 0; i < count && i < STATUS_ROWS_MAX; i++)
		json_array_append_new(ret, row_out(order[i]));
	free(order);
	return ret;
}

static json_t *note_out(const struct unseen_note *n)
{
	return json_pack("{s:I, s:I, s:b, s:b, s:I, s:I, s:o, s:o, s:o}", "pid", (json_int_t)n->pid,
			 "processes", (json_int_t)n->processes, "ended", n->ended, "proven",
			 n->proven, "dev", (json_int_t)n->dev, "ino", (json_int_t)n->ino, "name",
			 note_text(n->name), "reason", note_text(n->reason), "remedy",
			 note_text(n->remedy));
}

static json_t *notes_out(const struct unseen *n)
{
	json_t *ret = json_array();

	for (int running = 0; running <= 1; running++)
		for (size_t i = 0; i < n->count && json_array_size(ret) < STATUS_NOTES_MAX; i++)
			if ((n->items[i].processes && !n->items[i].ended) == running)
				json_array_append_new(ret, note_out(&n->items[i]));
	return ret;
}

static json_t *hooked_out(const struct tls_files *t)
{
	json_t *ret = json_array();

	for (size_t i = 0; i < t->count; i++)
		json_array_append_new(ret, json_pack("{s:I, s:I, s:o, s:o}", "dev",
						     (json_int_t)t->items[i].dev, "ino",
						     (json_int_t)t->items[i].ino, "name",
						     note_text(t->items[i].name), "found",
						     note_text(t->items[i].found)));
	return ret;
}

static bool has_more(const struct status *s)
{
	bool more = s->more || s->nrows > STATUS_ROWS_MAX;

	for (size_t i = 0; i < s->nrows; i++)
		more |= !s->rows[i].tgid;
	return more;
}

int status_encode(const struct status *s, struct buf *out)
{
	json_t *o = json_pack("{s:I, s:b, s:b, s:o, s:o, s:o}", "started", (json_int_t)s->started,
			      "all", s->all, "more", has_more(s), "processes",
			      rows_out(s->rows, s->nrows), "unseen", notes_out(&s->notes), "hooked",
			      hooked_out(&s->hooked));
	int err = json_dump_to(o, JSON_COMPACT, out);

	json_decref(o);
	return err ? -ENOBUFS : 0;
}

/* ---- in ---- */

static bool take_number(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(v);
	return true;
}

/* The number of a device or an inode may have its highest bit set. */
static bool take_bits(const json_t *o, const char *key, uint64_t *ret)
{
	const json_t *v = json_object_get(o, key);

	*ret = (uint64_t)json_integer_value(v);
	return json_is_integer(v);
}

static bool take_flag(const json_t *o, const char *key, bool *ret)
{
	const json_t *v = json_object_get(o, key);

	*ret = json_is_true(v);
	return json_is_boolean(v);
}

static bool take_text(const json_t *v, char *ret, size_t size)
{
	if (!json_is_string(v))
		return false;
	utf8_cut(span_of(json_string_value(v), json_string_length(v)), ret, size);
	return true;
}

static bool row_in(const json_t *o, struct process_row *ret)
{
	const json_t *hosts = json_object_get(o, "hosts");
	uint64_t pid;
	bool good = take_number(o, "pid", &pid) && pid <= INT32_MAX &&
		    take_number(o, "processes", &ret->processes) &&
		    take_text(json_object_get(o, "program"), ret->program, sizeof(ret->program)) &&
		    take_number(o, "calls", &ret->calls) &&
		    take_number(o, "others", &ret->others) &&
		    take_number(o, "sent", &ret->bytes[DIR_WRITE]) &&
		    take_number(o, "received", &ret->bytes[DIR_READ]) &&
		    take_number(o, "connections", &ret->conns) &&
		    take_number(o, "opaque", &ret->opaque) &&
		    take_number(o, "last_ns", &ret->last_ns) &&
		    take_flag(o, "more_hosts", &ret->more_hosts) && json_is_array(hosts) &&
		    json_array_size(hosts) <= PROCESS_HOSTS;

	/* Of an older tracer there is none. */
	if (good && json_object_get(o, "user"))
		good = take_text(json_object_get(o, "user"), ret->user, sizeof(ret->user));
	for (size_t i = 0; good && i < json_array_size(hosts); i++)
		good = take_text(json_array_get(hosts, i), ret->hosts[i], sizeof(*ret->hosts));
	if (good)
		ret->tgid = (uint32_t)pid;
	return good;
}

static bool rows_in(const json_t *all, struct status *ret)
{
	bool good = json_is_array(all) && json_array_size(all) <= STATUS_ROWS_MAX;
	struct process_row *rows = xcalloc(STATUS_ROWS_MAX, sizeof(*rows));

	for (size_t i = 0; good && i < json_array_size(all); i++)
		good = row_in(json_array_get(all, i), &rows[ret->nrows++]);
	ret->rows = rows;
	return good;
}

/* Its texts are o's. */
static bool note_in(const json_t *o, struct unseen_note *ret)
{
	const json_t *remedy = json_object_get(o, "remedy");
	uint64_t pid;

	if (!take_number(o, "pid", &pid) || pid > INT32_MAX)
		return false;
	*ret = (struct unseen_note){ .pid = (pid_t)pid,
				     .name = (char *)json_string_value(json_object_get(o, "name")),
				     .reason = (char *)json_string_value(
					     json_object_get(o, "reason")),
				     .remedy = (char *)json_string_value(remedy) };
	return take_number(o, "processes", &ret->processes) && take_flag(o, "ended", &ret->ended) &&
	       take_flag(o, "proven", &ret->proven) && take_bits(o, "dev", &ret->dev) &&
	       take_bits(o, "ino", &ret->ino) && ret->name && ret->reason &&
	       (ret->remedy || json_is_null(remedy));
}

static bool notes_in(const json_t *all, struct unseen *ret)
{
	bool good = json_is_array(all) && json_array_size(all) <= STATUS_NOTES_MAX;

	for (size_t i = 0; good && i < json_array_size(all); i++) {
		struct unseen_note n;

		good = note_in(json_array_get(all, i), &n);
		if (good)
			notes_put(ret, &n);
	}
	return good;
}

/* Of an older tracer there are none. */
static bool hooked_in(const json_t *all, struct tls_files *ret)
{
	bool good = !all || (json_is_array(all) && json_array_size(all) <= TLS_FILES_MAX);

	for (size_t i = 0; good && i < json_array_size(all); i++) {
		const json_t *o = json_array_get(all, i);
		struct tls_file f = {
			.name = (char *)json_string_value(json_object_get(o, "name")),
			.found = (char *)json_string_value(json_object_get(o, "found")),
		};

		good = take_bits(o, "dev", &f.dev) && take_bits(o, "ino", &f.ino) && f.name &&
		       f.found;
		if (good)
			tls_files_put(ret, &f);
	}
	return good;
}

int status_decode(struct span in, struct status *ret)
{
	json_t *o = in.len > STATUS_BYTES_MAX ? NULL : json_read_own(in);
	bool good;

	*ret = (struct status){ 0 };
	good = json_is_object(o) && take_flag(o, "all", &ret->all) &&
	       take_flag(o, "more", &ret->more) && take_number(o, "started", &ret->started) &&
	       rows_in(json_object_get(o, "processes"), ret) &&
	       notes_in(json_object_get(o, "unseen"), &ret->notes) &&
	       hooked_in(json_object_get(o, "hooked"), &ret->hooked);
	json_decref(o);
	if (!good)
		status_done(ret);
	return good ? 0 : -EPROTO;
}

void status_done(struct status *s)
{
	free((struct process_row *)s->rows);
	unseen_done(&s->notes);
	tls_files_done(&s->hooked);
	*s = (struct status){ 0 };
}
