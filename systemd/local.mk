# SPDX-License-Identifier: MIT
EXTRA_DIST += systemd/llm-spy.service.in
# Where it can trace and keep.
if BPF
if SQLITE
systemdunit_DATA = systemd/llm-spy.service
systemd/llm-spy.service: systemd/llm-spy.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && sed 's|@bindir[@]|$(bindir)|' $(top_srcdir)/systemd/llm-spy.service.in >$@.tmp && mv $@.tmp $@
CLEANFILES += systemd/llm-spy.service
endif
endif
