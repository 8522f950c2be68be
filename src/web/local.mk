# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/web/api_calls.c \
	src/web/api_call.c \
	src/web/api_check.c \
	src/web/api_coverage.c \
	src/web/api_diff.c \
	src/web/api_forms.c \
	src/web/api_info.c \
	src/web/api_sums.c \
	src/web/api_talks.c \
	src/web/api_timeline.c \
	src/web/api_totals.c \
	src/web/api_words.c \
	src/web/assets.def \
	src/web/auth.c \
	src/web/auth.h \
	src/web/call_json.c \
	src/web/call_json.h \
	src/web/copy.c \
	src/web/copy.h \
	src/web/embedded.h \
	src/web/events.c \
	src/web/events.h \
	src/web/query.c \
	src/web/query.h \
	src/web/flight.c \
	src/web/flight.h \
	src/web/gzip.c \
	src/web/gzip.h \
	src/web/reader.c \
	src/web/request.c \
	src/web/routes.c \
	src/web/routes.def \
	src/web/search.c \
	src/web/search.h \
	src/web/server.c \
	src/web/shorten.c \
	src/web/shorten.h \
	src/web/totals.h \
	src/web/types.h \
	src/web/web.h \
	src/web/web_int.h \
	src/web/process_tls.c \
	src/web/process_tls.h \
	src/web/written.c \
	src/web/written.h
nodist_llm_spy_SOURCES = src/web/embedded.c
BUILT_SOURCES += src/web/embedded.c
CLEANFILES += src/web/embedded.c

# Each stands in src/web/assets.def too.
WEB_ASSETS = \
	src/web/assets/api.js \
	src/web/assets/bars.js \
	src/web/assets/base.css \
	src/web/assets/call.js \
	src/web/assets/calls.js \
	src/web/assets/calltabs.js \
	src/web/assets/charts.js \
	src/web/assets/conversation.js \
	src/web/assets/conversations.js \
	src/web/assets/coverage.js \
	src/web/assets/detail.css \
	src/web/assets/diffview.js \
	src/web/assets/dom.js \
	src/web/assets/empty.js \
	src/web/assets/events.js \
	src/web/assets/facts.js \
	src/web/assets/flight.js \
	src/web/assets/format.js \
	src/web/assets/icon.svg \
	src/web/assets/index.html \
	src/web/assets/keys.js \
	src/web/assets/layout.css \
	src/web/assets/limits.js \
	src/web/assets/lines.js \
	src/web/assets/list.css \
	src/web/assets/live.js \
	src/web/assets/longtext.js \
	src/web/assets/main.js \
	src/web/assets/message.js \
	src/web/assets/notice.js \
	src/web/assets/panes.js \
	src/web/assets/prose.js \
	src/web/assets/rows.js \
	src/web/assets/search.js \
	src/web/assets/sessions.js \
	src/web/assets/spend.js \
	src/web/assets/state.js \
	src/web/assets/terms.js \
	src/web/assets/theme.js \
	src/web/assets/timeline.js \
	src/web/assets/timing.js \
	src/web/assets/toolcall.js \
	src/web/assets/totals.js \
	src/web/assets/turn.js \
	src/web/assets/vlist.js
EXTRA_DIST += $(WEB_ASSETS)

# Of src/web/assets/app.js, asset_app_js. CHART_JS is the distribution's, or an empty file.
src/web/embedded.c: $(WEB_ASSETS) $(CHART_JS) scripts/embed src/web/local.mk
	$(AM_V_GEN)$(MKDIR_P) src/web && pairs= && for f in $(WEB_ASSETS); do \
		pairs="$$pairs asset_`basename $$f | tr .- __`=$(top_srcdir)/$$f"; done; \
	$(SHELL) $(top_srcdir)/scripts/embed web/embedded.h $$pairs asset_chart_js=$(CHART_JS) \
		>$@.tmp && mv $@.tmp $@
