# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/alert/alerts.c \
	src/alert/alerts.h \
	src/alert/hash.h \
	src/alert/loops.c \
	src/alert/loops.h \
	src/alert/rules.c \
	src/alert/rules.def \
	src/alert/rules.h \
	src/alert/scan.c \
	src/alert/scan.h \
	src/alert/spent.c \
	src/alert/spent.h

check_PROGRAMS += tests/unit/test_alerts tests/unit/test_alert_rules tests/unit/test_key_find

check_PROGRAMS += tests/fuzz/fuzz_alert_rules
tests_fuzz_fuzz_alert_rules_SOURCES = tests/fuzz/fuzz_alert_rules.c $(FUZZ_MAIN)
tests_fuzz_fuzz_alert_rules_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
EXTRA_DIST += tests/fuzz/corpus/alert_rules
