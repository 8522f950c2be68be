# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/cli/cmd_diff.c \
	src/cli/cmd_log.c \
	src/cli/cmd_pin.c \
	src/cli/cmd_replay.c \
	src/cli/cmd_replay.h \
	src/cli/cmd_replay_server.c \
	src/cli/cmd_show.c \
	src/cli/cmd_spend.c \
	src/cli/cmd_top.c \
	src/cli/cmd_version.c \
	src/cli/cmd_version.h \
	src/cli/curl.c \
	src/cli/curl.h \
	src/cli/kept.c \
	src/cli/kept.h \
	src/cli/replay_calls.c \
	src/cli/replay_calls.h \
	src/cli/replay_http.c \
	src/cli/replay_http.h \
	src/cli/table.c \
	src/cli/table.h \
	src/cli/top_json.c \
	src/cli/top_json.h \
	src/cli/top_lines.c \
	src/cli/top_lines.h \
	src/cli/top_view.h

if CURSES
llm_spy_SOURCES += \
	src/cli/top_filter.c \
	src/cli/top_filter.h \
	src/cli/top_screen.c \
	src/cli/top_screen.h \
	src/cli/top_talk.c \
	src/cli/top_talk.h \
	src/cli/top_view.c
endif

# The commit that a build in a checkout is made of; a tarball has its version alone.
revision.h: FORCE
	@hash=`test -e $(top_srcdir)/.git && git -C $(top_srcdir) describe --always --dirty --exclude='*' 2>/dev/null`; \
	echo "#define REVISION \"$$hash\"" >$@.tmp; \
	if cmp -s $@.tmp $@; then rm $@.tmp; else mv $@.tmp $@; fi
src/cli/cmd_version.$(OBJEXT): revision.h
FORCE:
.PHONY: FORCE
BUILT_SOURCES += revision.h
CLEANFILES += revision.h
if BPF
llm_spy_SOURCES += \
	src/cli/cmd_doctor.c \
	src/cli/cmd_doctor.h \
	src/cli/cmd_targets.c \
	src/cli/cmd_targets.h \
	src/cli/target_json.c \
	src/cli/target_row.h \
	src/cli/target_rows.c \
	src/cli/target_text.c
endif
