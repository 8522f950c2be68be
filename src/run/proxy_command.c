/* SPDX-License-Identifier: MIT */
#include "run/proxy_command.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "run/environment.h"

static const char *const proxies[] = { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
				       "http_proxy", "https_proxy", "all_proxy" };
/* Nothing goes past it. */
static const char *const exceptions[] = { "NO_PROXY", "no_proxy" };
/* Each of these runtimes and tools reads one of them: OpenSSL, requests, pip, curl, Deno, Codex,
 * the SDKs of AWS, Git, Cargo, Perl's LWP, gRPC. It replaces the system's certificates, which the
 * bundle has as well. */
static const char *const bundles[] = {
	"SSL_CERT_FILE",
	"REQUESTS_CA_BUNDLE",
	"PIP_CERT",
	"CURL_CA_BUNDLE",
	"DENO_CERT",
	"CODEX_CA_CERTIFICATE",
	"AWS_CA_BUNDLE",
	"GIT_SSL_CAINFO",
	"CARGO_HTTP_CAINFO",
	"PERL_LWP_SSL_CA_FILE",
	"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
};

static void set_all(char ***environment, const char *const *names, size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++)
		environment_set(environment, names[i], value);
}

void proxy_command_environment(char ***environment, const char *url, const char *address,
			       unsigned port, const char *dir)
{
	AUTO_FREE char *bundle = xasprintf("%s/bundle.pem", dir), *ca = xasprintf("%s/ca.pem", dir);
	AUTO_FREE char *ways =
		xasprintf("-Dhttp.proxyHost=%s -Dhttp.proxyPort=%u -Dhttps.proxyHost=%s "
			  "-Dhttps.proxyPort=%u -Dhttp.nonProxyHosts= ",
			  address, port, address, port);
	AUTO_FREE char *java = xasprintf(
		"%s-Djavax.net.ssl.trustStore=%s/truststore.jks "
		"-Djavax.net.ssl.trustStoreType=JKS -Djavax.net.ssl.trustStorePassword=changeit",
		url ? ways : "", dir);

	if (url) {
		set_all(environment, proxies, sizeof(proxies) / sizeof(*proxies), url);
		set_all(environment, exceptions, sizeof(exceptions) / sizeof(*exceptions), "");
		environment_set(environment, "NODE_USE_ENV_PROXY", "1");
	}
	set_all(environment, bundles, sizeof(bundles) / sizeof(*bundles), bundle);
	environment_set(environment, "SSL_CERT_DIR", dir);
	environment_set(environment, "NODE_EXTRA_CA_CERTS", ca);
	environment_set(environment, "JAVA_TOOL_OPTIONS", java);
}
