/* SPDX-License-Identifier: MIT */
/* What is shown, and where it comes from. */
#include "web/web_int.h"

#ifdef HAVE_MICROHTTPD

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "json/text.h"
#include "web/call_json.h"

static json_t *source(const struct web *w)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(w->config.live ? "live" : view_kind(w->kept)));
	json_object_set_new(o, "name", json_from_text(w->config.path));
	return o;
}

static json_t *host(void)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	return web_name(name);
}

int api_info(struct request *r, struct error *reterr)
{
	struct web *w = r->web;
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(o, "host", host());
	json_object_set_new(o, "source", source(w));
	json_object_set_new(o, "follows", json_boolean(view_is_archive(w->kept)));
	json_object_set_new(o, "charts", json_boolean(asset_find("/chart.js") != NULL));
	json_object_set_new(o, "now_ms", web_moment(wall_ns()));
	json_object_set_new(o, "today_ms", web_moment(wall_today_ns()));
	pthread_mutex_lock(&w->lock);
	json_object_set_new(o, "loaded", json_boolean(w->loaded));
	json_object_set_new(o, "calls", json_integer((json_int_t)book_count(w->book)));
	json_object_set_new(o, "dropped", json_integer((json_int_t)book_dropped(w->book)));
	json_object_set_new(o, "damage", web_name(w->damage.text));
	pthread_mutex_unlock(&w->lock);
	answer_json(r, o);
	return 0;
}

#endif
