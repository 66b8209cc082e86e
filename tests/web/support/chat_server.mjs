// The real `chat serve`, started for one scenario.

import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFile, readdir} from 'node:fs/promises';
import {createInterface} from 'node:readline';
import {setTimeout as pause} from 'node:timers/promises';

const BINARY = process.env.CHAT_BIN;
const PATIENCE_MS = 25_000;

/** @template T @param {Promise<T>} promise @param {string} what @returns {Promise<T>} */
function soon(promise, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} took more than ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export class ChatServer {
  /**
   * Starts one and waits until it listens.
   * @param {...string} options of `chat serve`
   */
  static async start(...options) {
    const server = new ChatServer(options);
    await server.listen(0);
    return server;
  }

  /** @param {string[]} options */
  constructor(options) {
    this.options = options;
    this.port = 0;
    /** @type {string[]} */
    this.log = [];
    /** @type {import('node:child_process').ChildProcess | null} */
    this.process = null;
  }

  /** @param {number} port */
  async listen(port) {
    if (!BINARY) throw new Error('CHAT_BIN must name the chat binary; ctest sets it');
    const child = spawn(BINARY, ['serve', '--listen', `127.0.0.1:${port}`, ...this.options], {stdio: ['ignore', 'ignore', 'pipe'], env: {CHAT_CONFIG: '/dev/null', ...process.env}});
    this.process = child;
    const found = new Promise((resolve, reject) => {
      createInterface({input: /** @type {import('node:stream').Readable} */ (child.stderr)}).on('line', (line) => {
        this.log.push(line);
        const [, told] = /rooms on http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
        if (told) resolve(Number(told));
      });
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`chat serve ended:\n${this.log.join('\n')}`)));
    });
    this.port = await soon(found, 'listening');
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Stops its world without ending it, and waits until all of it stands still. */
  async freeze() {
    const child = this.process;
    if (!child) return;
    child.kill('SIGSTOP');
    const tasks = `/proc/${child.pid}/task`;
    const stopped = async (/** @type {string} */ task) => /^State:\s*T/m.test(await readFile(`${tasks}/${task}/status`, 'utf8'));
    const still = async () => {
      while (!(await Promise.all((await readdir(tasks)).map(stopped))).every(Boolean)) await pause(1);
    };
    await soon(still(), 'stopping');
  }

  thaw() {
    this.process?.kill('SIGCONT');
  }

  /** kill -9. */
  kill() {
    return this.end('SIGKILL');
  }

  /** The same server again, on the same port. */
  restart() {
    return this.listen(this.port);
  }

  /** @param {NodeJS.Signals} [signal] */
  async end(signal = 'SIGTERM') {
    const child = this.process;
    this.process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await soon(exit, 'ending');
  }

  /** The messages that the server has of `room`. @param {string} room @returns {Promise<any[]>} */
  async messages(room) {
    const answer = await fetch(`${this.origin}/api/rooms/${encodeURIComponent(room)}/messages`);
    return (await answer.json()).messages;
  }

  /**
   * Runs another verb of the binary against this server, and waits for its end.
   * @param {string[]} words @param {string} [input] its stdin
   * @returns {Promise<string>} its stdout
   */
  run(words, input = '') {
    const done = new Promise((resolve, reject) => {
      const options = {maxBuffer: 1 << 26, env: {CHAT_CONFIG: '/dev/null', ...process.env, CHAT_URL: `ws://127.0.0.1:${this.port}`}};
      const child = execFile(String(BINARY), words, options, (error, stdout) => (error ? reject(error) : resolve(stdout)));
      child.stdin?.end(input);
    });
    return soon(done, words.join(' '));
  }

  /** Publishes as a script does. @param {string} room @param {string} body JSON */
  async post(room, body) {
    const answer = await fetch(`${this.origin}/api/rooms/${encodeURIComponent(room)}/messages`, {
      method: 'POST', headers: {'Content-Type': 'application/json'}, body,
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  }
}
