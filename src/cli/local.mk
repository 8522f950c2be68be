# SPDX-License-Identifier: MIT
llm_spy_SOURCES += \
	src/cli/cmd_config.c \
	src/cli/cmd_config.h \
	src/cli/cmd_diff.c \
	src/cli/cmd_keys.c \
	src/cli/cmd_log.c \
	src/cli/cmd_pin.c \
	src/cli/cmd_replay.c \
	src/cli/cmd_replay.h \
	src/cli/cmd_replay_server.c \
	src/cli/cmd_serve.c \
	src/cli/cmd_show.c \
	src/cli/cmd_spend.c \
	src/cli/cmd_version.c \
	src/cli/cmd_version.h \
	src/cli/kept.c \
	src/cli/kept.h \
	src/cli/replay_calls.c \
	src/cli/replay_calls.h \
	src/cli/replay_http.c \
	src/cli/replay_http.h \
	src/cli/table.c \
	src/cli/table.h

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
	src/cli/target_text.c \
	src/cli/web_face.c \
	src/cli/web_face.h
endif
