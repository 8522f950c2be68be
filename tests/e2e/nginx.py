# SPDX-License-Identifier: MIT
"""TLS and HTTP/2 in front of a provider, by a real nginx."""
import os
import shutil
import socket
import subprocess

from spy import TMP

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:" + os.environ["PATH"])

NGINX_CONF = """
daemon off; user root; pid {dir}/pid; error_log {dir}/error.log; worker_processes 1;
events {{ worker_connections 512; }}
http {{
	access_log off;
	client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
	uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
	server {{
		listen 127.0.0.1:{port} ssl http2;
		ssl_certificate {cert}; ssl_certificate_key {key};
		client_max_body_size 8m;
		location / {{
			proxy_pass http://127.0.0.1:{upstream};
			proxy_http_version 1.1;
			proxy_buffering off;
		}}
	}}
}}
"""


class Nginx:
    """It inherits its socket, as in an update of itself, so that no port need be guessed and none is missing
    while it starts."""

    def __init__(self, upstream, key, cert, ca):
        folder = os.path.join(TMP, "nginx")
        os.makedirs(folder)
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = listener.getsockname()[1]
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w") as f:
            f.write(NGINX_CONF.format(dir=folder, port=self.port, cert=cert, key=key, upstream=upstream))
        self.log = os.path.join(folder, "error.log")
        self.proc = subprocess.Popen([NGINX, "-p", folder, "-c", conf], pass_fds=[listener.fileno()],
                                     env={"NGINX": f"{listener.fileno()};"}, stderr=subprocess.DEVNULL)
        listener.close()
        self.url, self.ca = f"https://localhost:{self.port}", ca

    def stop(self):
        self.proc.terminate()
        self.proc.wait(timeout=30)
