// A real terminal: tmux with a server of its own, as tests/tui/tmux.py has it. Waits are for what the screen shows.

import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {promisify} from 'node:util';

const PATIENCE_MS = 20_000;
const run = promisify(execFile);

export class Terminal {
  /** Runs `command` in a new one. @param {string[]} command @param {{columns?: number, lines?: number}} [size] */
  static async open(command, {columns = 80, lines = 24} = {}) {
    const terminal = new Terminal(await mkdtemp(join(tmpdir(), 'chat-tmux-')));
    const config = join(terminal.folder, 'tmux.conf');
    await writeFile(config, 'set -g default-terminal tmux-256color\nset -sg escape-time 0\nset -g status off\n');
    const size = ['-x', String(columns), '-y', String(lines)];
    // tmux sometimes overlooks how a command ended: a shell tells.
    const told = ['sh', '-c', '"$@"; echo "ended with $?."; exec sleep 600', 'sh', ...command];
    await terminal.tmux('-f', config, 'new-session', '-d', ...size, ...told);
    return terminal;
  }

  /** @param {string} folder its own */
  constructor(folder) {
    this.folder = folder;
    const inherited = Object.entries(process.env).filter(([name]) => !/^(CHAT_|TMUX)/.test(name));
    this.env = {...Object.fromEntries(inherited), LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', TERM: 'xterm-256color', XDG_STATE_HOME: folder};
  }

  async close() {
    try {
      await this.tmux('kill-server');
    } finally {
      await rm(this.folder, {recursive: true, force: true});
    }
  }

  /** @param {...string} words @returns {Promise<string>} what it printed */
  async tmux(...words) {
    return (await run('tmux', ['-S', join(this.folder, 'tmux'), ...words], {env: this.env, timeout: PATIENCE_MS})).stdout;
  }

  /** Typed, and Enter. @param {string} text */
  async enter(text) {
    await this.tmux('send-keys', '-l', '--', text, ';', 'send-keys', 'Enter');
  }

  /** The lines, without what is empty below them. */
  async screen() {
    return (await this.tmux('capture-pane', '-p')).trimEnd().split('\n');
  }

  /**
   * Waits until the screen is so; shows it when it does not come.
   * @param {(lines: string[]) => boolean} condition @param {string} what
   */
  async until(condition, what) {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const lines = await this.screen();
      if (condition(lines)) return lines;
      assert.ok(performance.now() < deadline, `${what}: it never came; the screen:\n${lines.join('\n')}`);
      await pause(20);
    }
  }

  /** @param {string} text */
  shows(text) {
    return this.until((lines) => lines.some((line) => line.includes(text)), `${text} is shown`);
  }
}
