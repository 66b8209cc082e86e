"""A real terminal: tmux with a server of its own, gone behind. Waits are for what the screen shows, and bounded."""

import asyncio
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
import time

PATIENCE = 20  # seconds


class Terminal:
    """`with Terminal(["chat", "join", "lobby"]) as terminal:` – `command` runs in it."""

    def __init__(self, command, columns=80, lines=24, variables=None, term="tmux-256color"):
        self.folder = tempfile.TemporaryDirectory(prefix="chat-tmux-")
        self.socket = str(pathlib.Path(self.folder.name) / "tmux")
        self.columns, self.lines = columns, lines
        inherited = {name: text for name, text in os.environ.items()
                     if not name.startswith(("CHAT_", "TMUX"))}
        self.environment = {**inherited, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
                            "XDG_STATE_HOME": self.folder.name, "CHAT_CONFIG": "/dev/null", **(variables or {})}
        self.command = command
        self.term = term

    def __enter__(self):
        config = pathlib.Path(self.folder.name) / "tmux.conf"
        config.write_text(f"set -g default-terminal {self.term}\nset -sg escape-time 0\n"
                          "set -g status off\n", encoding="ascii")
        # tmux sometimes overlooks how a command ended: a shell tells.
        told = ["sh", "-c", '"$@"; echo "ended with $?."; exec sleep 600', "sh", *self.command]
        self._tmux("-f", str(config), "new-session", "-d", "-x", str(self.columns), "-y",
                   str(self.lines), shlex.join(told))
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False, timeout=PATIENCE,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.folder.cleanup()

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self.socket, *arguments], check=False, timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment)
        text = done.stdout.decode(errors="backslashreplace")
        assert done.returncode == 0, f"tmux {arguments}: {text}"
        return text

    def type(self, text):
        """As if typed."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys):
        """Keys by tmux's names: Enter, C-z, M-1, PPage."""
        self._tmux("send-keys", *keys)

    def enter(self, text):
        self.type(text)
        self.press("Enter")

    def interrupt(self):
        """SIGTERM for the command."""
        shell = self._tmux("display-message", "-p", "#{pane_pid}").strip()
        for child in pathlib.Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGTERM)

    def paste(self, text):
        """As a terminal with bracketed paste does."""
        pasted = pathlib.Path(self.folder.name) / "pasted"
        pasted.write_bytes(text.encode())
        self._tmux("load-buffer", str(pasted))
        self._tmux("paste-buffer", "-p")

    def resize(self, columns, lines):
        self._tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def screen(self):
        return self._tmux("capture-pane", "-p").rstrip("\n").split("\n")

    def styled(self):
        """The screen with its escape sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    def shows(self, text):
        return any(text in line for line in self.screen())

    async def until(self, condition, what):
        """Waits until `condition(lines)`; shows the screen when it does not come."""
        deadline = time.monotonic() + PATIENCE
        while not condition(lines := self.screen()):
            assert time.monotonic() < deadline, f"{what}: it never came; the screen:\n" + "\n".join(lines)
            await asyncio.sleep(0.02)
        return lines

    async def until_ended(self, code):
        """Waits for the command's end, which must be with this exit code."""
        lines = await self.until_shown("ended with ")
        assert any(f"ended with {code}." in line for line in lines), lines

    async def until_shown(self, text):
        return await self.until(lambda lines: any(text in line for line in lines), f"{text!r} is shown")

    async def until_completed(self, line):
        """Presses Tab until the input line is this one: what completes it may have to be fetched."""
        deadline = time.monotonic() + PATIENCE
        while not self.shows(line):
            assert time.monotonic() < deadline, f"{line!r}: Tab never made it; the screen:\n" + "\n".join(self.screen())
            self.press("Tab")
            await asyncio.sleep(0.02)

    async def until_gone(self, text):
        return await self.until(lambda lines: not any(text in line for line in lines), f"{text!r} is gone")
