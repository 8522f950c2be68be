/* SPDX-License-Identifier: MIT */
/* Who was seen, and who was not, as running tracers tell. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <stdlib.h>
#include <unistd.h>

#include "report/status_file.h"
#include "web/call_json.h"
#include "web/process_tls.h"

static json_t *hosts_of(const struct process_row *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < PROCESS_HOSTS && p->hosts[i][0]; i++)
		json_array_append_new(list, web_name(p->hosts[i]));
	return list;
}

static json_t *note_of(const struct unseen *notes, uint32_t pid, const char **ret_remedy)
{
	*ret_remedy = NULL;
	for (size_t i = 0; pid && i < notes->count; i++)
		if ((uint32_t)notes->items[i].pid == pid && !notes->items[i].ended) {
			*ret_remedy = notes->items[i].remedy;
			return web_name(notes->items[i].reason);
		}
	return json_null();
}

static json_t *seen_row(const struct process_row *p, const struct status *s)
{
	const struct unseen *notes = &s->notes;
	json_t *o = json_object();
	const char *remedy;
	json_t *why = note_of(notes, p->tgid, &remedy);
	bool talked = p->calls || p->others || p->bytes[0] || p->bytes[1];

	set(o, "pid", p->tgid ? json_integer(p->tgid) : json_null());
	set(o, "processes", json_integer((json_int_t)p->processes));
	set(o, "program", web_name(p->program));
	set(o, "user", web_name(p->user));
	set(o, "tls", process_tls(&s->hooked, p->tgid));
	set(o, "seen", json_string(!json_is_null(why) ? "partly" : talked ? "yes" : "idle"));
	set(o, "calls", json_integer((json_int_t)p->calls));
	set(o, "others", json_integer((json_int_t)p->others));
	set(o, "bytes", json_integer((json_int_t)p->bytes[0] + (json_int_t)p->bytes[1]));
	set(o, "talks_to", hosts_of(p));
	set(o, "why", why);
	set(o, "remedy", web_name(remedy));
	return o;
}

static bool has_row(const struct status *s, const struct unseen_note *n)
{
	for (size_t i = 0; i < s->nrows; i++)
		if (n->pid && !n->ended && s->rows[i].tgid == (uint32_t)n->pid)
			return true;
	return false;
}

static json_t *blind_row(const struct unseen_note *n, const struct status *s)
{
	json_t *o = json_object();

	set(o, "pid", n->pid ? json_integer(n->pid) : json_null());
	set(o, "processes", n->processes ? json_integer((json_int_t)n->processes) : json_null());
	set(o, "program", web_name(n->name));
	set(o, "user", process_user(n->ended ? 0 : (uint32_t)n->pid));
	set(o, "tls", process_tls(&s->hooked, n->ended ? 0 : (uint32_t)n->pid));
	set(o, "seen", json_string("blind"));
	set(o, "ended", json_boolean(n->ended));
	set(o, "calls", json_null());
	set(o, "others", json_null());
	set(o, "bytes", json_null());
	set(o, "talks_to", json_array());
	set(o, "why", web_name(n->reason));
	set(o, "remedy", web_name(n->remedy));
	return o;
}

static void add_status(json_t *rows, const struct status *s)
{
	for (size_t i = 0; i < s->notes.count; i++)
		if (!has_row(s, &s->notes.items[i]))
			json_array_append_new(rows, blind_row(&s->notes.items[i], s));
	for (size_t i = 0; i < s->nrows; i++)
		json_array_append_new(rows, seen_row(&s->rows[i], s));
}

static const char *why_unknown(const struct web *w, size_t tracers, size_t unread)
{
	if (!view_is_archive(w->kept))
		return "a file tells what was captured, and not what could not be";
	if (tracers)
		return NULL;
	if (unread || geteuid() != 0)
		return "only root can read what running tracers have seen";
	return "no tracer runs on this host";
}

int api_coverage(struct request *r, struct error *reterr)
{
	json_t *o = json_object(), *rows = json_array();
	bool here = view_is_archive(r->web->kept);
	struct status *all = NULL;
	size_t unread = 0, count = here ? status_file_read_all(&all, &unread) : 0;
	const char *why = why_unknown(r->web, count, unread);

	for (size_t i = 0; i < count; i++) {
		add_status(rows, &all[i]);
		status_done(&all[i]);
	}
	free(all);
	set(o, "known", json_boolean(!why));
	set(o, "why", web_name(why));
	set(o, "rows", rows);
	answer_json(r, o);
	return 0;
}

#endif
