/* SPDX-License-Identifier: MIT */
#include <jansson.h>

#include "base/clock.h"
#include "cli/target_row.h"
#include "json/text.h"

static void set(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_from_text(value));
}

static void set_number(json_t *o, const char *key, bool known, uint64_t value)
{
	json_object_set_new(o, key, known ? json_integer((json_int_t)value) : json_null());
}

static json_t *hosts_of(const struct process_row *r)
{
	json_t *hosts = json_array();

	for (size_t i = 0; r && i < PROCESS_HOSTS && r->hosts[i][0]; i++)
		json_array_append_new(hosts, json_from_text(r->hosts[i]));
	return hosts;
}

static json_t *tls_of(const struct coverage *c)
{
	json_t *all = json_array();

	for (size_t i = 0; c && i < c->ntls; i++) {
		json_t *t = json_object();

		set(t, "implementation", c->tls[i].implementation);
		set(t, "method", c->tls[i].method);
		set(t, "file", c->tls[i].file);
		json_array_append_new(all, t);
	}
	return all;
}

void target_print_json(FILE *out, const struct target_row *r)
{
	static const struct process_row none;
	const struct process_row *s = r->seen ? r->seen : &none;
	json_t *o = json_object();
	bool known = r->seen != NULL;

	set_number(o, "pid", r->pid != 0, (uint64_t)r->pid);
	set(o, "program", r->program);
	set(o, "script", r->script);
	set(o, "user", r->user);
	set(o, "container", r->container);
	set(o, "pod", r->pod);
	set(o, "unit", r->unit);
	set(o, "status", r->status);
	json_object_set_new(o, "tls", tls_of(r->c));
	set_number(o, "connections", true, r->c ? r->c->conns : 0);
	set_number(o, "udp_connections", true, r->c ? r->c->udp : 0);
	set(o, "peer", r->c && r->c->peer[0] ? r->c->peer : NULL);
	set(o, "reason", r->reason);
	set(o, "remedy", r->remedy);
	set_number(o, "processes", true, r->processes);
	set_number(o, "calls", known, s->calls);
	set_number(o, "other_exchanges", known, s->others);
	set_number(o, "bytes_sent", known, s->bytes[DIR_WRITE]);
	set_number(o, "bytes_received", known, s->bytes[DIR_READ]);
	set_number(o, "seconds_ago", known && s->last_ns, (now_ns() - s->last_ns) / 1000000000);
	json_object_set_new(o, "hosts", hosts_of(r->seen));
	json_dumpf(o, out, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', out);
	json_decref(o);
}
