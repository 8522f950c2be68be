# SPDX-License-Identifier: MIT
"""A program on a terminal of its own, and what a person would see there: a pseudo terminal read by an emulator."""
import codecs
import errno
import fcntl
import itertools
import os
import pty
import select
import signal
import struct
import termios
import time

import pyte

WAIT = 60  # seconds that an event may take, on a host that does much else


class Screen:
    """Reads only while it waits for something: so whatever is looked at is as it was when the wait ended."""

    def __init__(self, *argv, columns=80, lines=24, env=None, cwd=None, user=None, group=None, history=2000):
        self.emulator = pyte.HistoryScreen(columns, lines, history=history, ratio=1)
        self.stream = pyte.Stream(self.emulator)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.bytes = b""  # all that was written to the terminal
        self.status = None
        # What a background script ignores, its children would ignore too.
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                for s in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP, signal.SIGPIPE):
                    signal.signal(s, signal.SIG_DFL)
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
                if cwd:
                    os.chdir(cwd)
                if user is not None:
                    os.fchown(0, user, -1)
                    os.setgroups([])
                    os.setgid(group)
                    os.setuid(user)
                os.execvpe(argv[0], argv, dict(os.environ if env is None else env))
            except BaseException as e:
                os.write(2, f"{argv[0]}: {e}\r\n".encode())
                os._exit(127)
        os.set_blocking(self.fd, False)

    # ---- reading ----

    def read(self, seconds):
        """What comes within so many seconds; False where the terminal was closed."""
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as e:
            if e.errno == errno.EAGAIN:
                return True
            return False  # EIO: nobody has it open any more
        self.bytes += data
        # pyte drops what follows a joiner or a selector, which take no column.
        self.stream.feed(self.decoder.decode(data).translate({0x200d: None, 0xfe0f: None}))
        return bool(data)

    def until(self, what, seconds=WAIT):
        """What `what(self)` returns once that is true, or at last."""
        end = time.monotonic() + seconds
        while True:
            got = self.is_whole() and what(self)
            if got or time.monotonic() > end or not self.read(min(0.2, end - time.monotonic())):
                return got or what(self)

    def is_whole(self):
        """Whether no update of several lines is half read."""
        return self.bytes.rfind(b"\x1b[?2026h") <= self.bytes.rfind(b"\x1b[?2026l")

    def shows(self, text, seconds=WAIT):
        """Waits until the text is on the screen."""
        return self.until(lambda s: text in s.text(), seconds)

    def end(self, seconds=WAIT):
        """Waits for the program; its exit status, as a shell tells it: 128 + the signal that killed it. None: it runs on."""
        end = time.monotonic() + seconds
        while self.status is None and time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                self.status = 128 - code if code < 0 else code
        while select.select([self.fd], [], [], 0)[0] and self.read(0):
            pass
        return self.status

    def close(self):
        if self.status is None:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    # ---- what is on it ----

    def lines(self):
        """Without blanks at the ends."""
        return [line.rstrip() for line in self.emulator.display]

    def text(self):
        return "\n".join(self.lines())

    def scrolled(self):
        """What has left at the top."""
        width = self.emulator.columns
        return ["".join(row[x].data for x in range(width)).rstrip() for row in self.emulator.history.top]

    def everything(self):
        """What has left at the top and what is there, without empty lines at the end."""
        lines = self.scrolled() + self.lines()
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def marked(self):
        """The same with its colours: <red:text>."""
        e = self.emulator
        rows = [*e.history.top, *(e.buffer[y] for y in range(e.lines))]
        lines = [self.marked_row([row[x] for x in range(e.columns)]) for row in rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    @staticmethod
    def marked_row(cells):
        def look(cell):
            return "+".join([*(["bold"] if cell.bold else []), *([cell.fg] if cell.fg != "default" else [])])
        out = ""
        for name, group in itertools.groupby(cells, look):
            text = "".join(c.data for c in group)
            out += f"<{name}:{text}>" if name else text
        return out.rstrip()

    def cells(self):
        """Each cell with its look, and the cursor."""
        e = self.emulator
        return [[tuple(e.buffer[y][x]) for x in range(e.columns)] for y in range(e.lines)], (e.cursor.x, e.cursor.y, e.cursor.hidden)

    def attributes(self):
        """The terminal's own settings, as stty shows them."""
        return termios.tcgetattr(self.fd)

    # ---- the person ----

    def type(self, text):
        data = text.encode()
        while data:
            try:
                data = data[os.write(self.fd, data):]
            except BlockingIOError:
                self.read(0.05)

    def resize(self, columns, lines):
        self.emulator.resize(lines, columns)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
