# SPDX-License-Identifier: MIT
libpure_a_SOURCES += \
	src/run/environment.c \
	src/run/environment.h \
	src/run/service.c \
	src/run/service.h
llm_spy_SOURCES += \
	src/run/alert_past.c \
	src/run/alert_past.h \
	src/run/alert_runner.c \
	src/run/alert_runner.h \
	src/run/alert_webhook.c \
	src/run/alert_webhook.h \
	src/run/alerts.c \
	src/run/alerts.h \
	src/run/by_signal.c \
	src/run/by_signal.h \
	src/run/child.c \
	src/run/child.h \
	src/run/loop.c \
	src/run/loop.h \
	src/run/report.c \
	src/run/report.h
if BPF
llm_spy_SOURCES += \
	src/run/attach.c \
	src/run/beside.c \
	src/run/beside.h \
	src/run/command.c \
	src/run/command.h \
	src/run/daemon.c \
	src/run/daemon.h \
	src/run/destination.c \
	src/run/destination.h \
	src/run/faces.c \
	src/run/faces.h \
	src/run/health.c \
	src/run/key_secret.c \
	src/run/key_secret.h \
	src/run/messages.c \
	src/run/messages.h \
	src/run/notices.c \
	src/run/notices.h \
	src/run/recording.c \
	src/run/recording.h \
	src/run/outcome.c \
	src/run/outcome.h \
	src/run/past_proxy.c \
	src/run/past_proxy.h \
	src/run/proxy.c \
	src/run/proxy.h \
	src/run/proxy_command.c \
	src/run/proxy_command.h \
	src/run/proxy_listener.c \
	src/run/proxy_listener.h \
	src/run/proxy_process.c \
	src/run/proxy_process.h \
	src/run/privileges.c \
	src/run/privileges.h \
	src/run/redirected.c \
	src/run/redirected.h \
	src/run/report_files.c \
	src/run/report_files.h \
	src/run/result.c \
	src/run/result.h \
	src/run/speakers.c \
	src/run/speakers.h \
	src/run/tracer.c \
	src/run/tracer.h \
	src/run/tracer_int.h
endif

check_PROGRAMS += tests/unit/test_environment tests/unit/test_service
