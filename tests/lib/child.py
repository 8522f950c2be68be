# SPDX-License-Identifier: MIT
import subprocess


class Child(subprocess.Popen):
    """A process that `with` waits for; where its block breaks off, it is ended: a test that fails has to come to an end."""

    def __exit__(self, why, *rest):
        if why:
            self.kill()
        return super().__exit__(why, *rest)
