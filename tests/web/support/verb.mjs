// A verb of the binary that runs beside a scenario, as one in a pipe does: lines in, lines out.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';

export class Verb {
  /**
   * @param {string[]} words @param {(line: string) => void} [heard] is given each line of stdout
   */
  constructor(words, heard = () => {}) {
    this.words = words;
    this.errors = '';
    this.child = spawn(String(process.env.CHAT_BIN), words, {stdio: 'pipe'});
    this.exit = once(this.child, 'exit');
    createInterface({input: this.child.stdout}).on('line', heard);
    this.child.stdin.on('error', () => {}); // it has ended; finish() tells why
    this.child.stderr.on('data', (part) => (this.errors += part));
  }

  /** @param {string} line */
  write(line) {
    this.child.stdin.write(`${line}\n`);
  }

  /** The end of its stdin; it must end well by itself. */
  async finish() {
    this.child.stdin.end();
    const [code] = await this.exit;
    assert.equal(code, 0, `chat ${this.words.join(' ')}: ${this.errors}`);
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.exit;
  }
}
