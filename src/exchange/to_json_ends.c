/* SPDX-License-Identifier: MIT */
/* Who is at both ends of a connection, and the connection itself. */
#include <stdio.h>

#include "exchange/to_json_int.h"
#include "json/text.h"

static json_t *container(const struct container *c)
{
	json_t *o;

	if (!c->runtime && !c->id && !c->name && !c->pod && !c->unit)
		return json_null();
	o = json_object();
	set(o, "runtime", json_from_text(c->runtime));
	set(o, "id", json_from_text(c->id));
	set(o, "name", json_from_text(c->name));
	set(o, "pod", json_from_text(c->pod));
	set(o, "unit", json_from_text(c->unit));
	return o;
}

static json_t *ancestors(const struct ancestors *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < a->count; i++)
		json_array_append_new(list, json_integer(a->pids[i]));
	return list;
}

json_t *json_of_process(const struct exchange *x)
{
	const struct ancestors *a = &x->ancestors;
	json_t *o = json_object();

	set(o, "pid", json_integer(x->tgid));
	set(o, "parent", a->count ? json_integer(a->pids[0]) : json_null());
	set(o, "ancestors", ancestors(a));
	set(o, "tid", json_integer(x->tid));
	set(o, "uid", json_integer(x->uid));
	set(o, "user", json_from_text(x->user));
	set(o, "cgroup", json_integer((json_int_t)x->cgroup));
	set(o, "container", container(&x->container));
	set(o, "name", json_from_text(x->process));
	set(o, "script", json_from_text(x->script));
	set(o, "exe", json_from_text(x->exe));
	set(o, "cmdline", json_from_text(x->cmdline));
	set(o, "thread", json_from_text(x->comm));
	return o;
}

json_t *json_of_leg(const struct leg *l)
{
	json_t *o;

	if (!l->tgid)
		return json_null();
	o = json_object();
	set(o, "pid", json_integer(l->tgid));
	set(o, "program", json_from_text(l->program));
	set(o, "user", json_from_text(l->user));
	return o;
}

json_t *json_of_other_end(const struct other_end *e)
{
	json_t *o;

	if (!e)
		return json_null();
	o = json_object();
	set(o, "pid", json_integer(e->tgid));
	set(o, "uid", json_integer(e->uid));
	set(o, "user", json_from_text(e->user));
	set(o, "name", json_from_text(e->process));
	set(o, "script", json_from_text(e->script));
	set(o, "exe", json_from_text(e->exe));
	set(o, "cmdline", json_from_text(e->cmdline));
	set(o, "cgroup", json_integer((json_int_t)e->cgroup));
	return o;
}

json_t *json_of_connection(const struct exchange *x)
{
	json_t *o = json_object();
	char id[64];

	snprintf(id, sizeof(id), "%u-%llx-%llx", x->tgid, (unsigned long long)x->conn_object,
		 (unsigned long long)x->conn_first_seen_ns);
	set(o, "id", json_string(id));
	set(o, "role", json_string(x->is_server ? "server" : "client"));
	set(o, "server_name", json_from_text(x->server_name));
	set(o, "local", json_from_text(x->local));
	set(o, "peer", json_from_text(x->peer));
	set(o, "tls", json_boolean(!x->cleartext));
	set(o, "protocol", json_from_text(x->protocol));
	set(o, "from_middle", json_boolean(x->from_middle));
	set(o, "from_middle_reason", x->hooked_late ? json_string("hooked_late") : json_null());
	return o;
}
