// A client of the tutorial, made of the npm package ws: it knows no history, no acknowledgement, and comes back by itself.

import {setTimeout as pause} from 'node:timers/promises';

import WebSocket from 'ws';

const AGAIN_MS = 50;
const PATIENCE_MS = 20_000;

export class PlainClient {
  /** @param {string} url of a room's socket */
  constructor(url) {
    this.url = url;
    /** @type {string[]} */
    this.read = [];
    this.visits = 0;
    this.gone = false;
    /** @type {WebSocket | null} in its room */
    this.socket = null;
    /** @type {(() => void)[]} */
    this.waiting = [];
    this.going = this.stay();
  }

  async stay() {
    while (!this.gone) {
      const socket = new WebSocket(this.url);
      socket.on('message', (data) => {
        this.read.push(JSON.parse(String(data)).message);
        this.wake();
      });
      socket.on('error', () => {}); // 'close' comes behind it
      const closed = new Promise((resolve) => socket.once('close', resolve));
      // The server looks at the first frame when the room has been entered.
      socket.once('open', () => socket.ping());
      socket.once('pong', () => this.entered(socket));
      await closed;
      this.socket = null;
      if (!this.gone) await pause(AGAIN_MS);
    }
  }

  /** @param {WebSocket} socket */
  entered(socket) {
    this.socket = socket;
    ++this.visits;
    this.wake();
  }

  wake() {
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** @param {() => boolean} ready looked at when something came @param {string} what */
  async until(ready, what) {
    const deadline = performance.now() + PATIENCE_MS;
    while (!ready()) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${what}: it never came; the last that was read: ${this.read.slice(-5).join(', ')}`);
      await new Promise((resolve) => {
        const timer = setTimeout(() => resolve(null), left);
        this.waiting.push(() => resolve(clearTimeout(timer)));
      });
    }
  }

  /** Waits until it is in its room. */
  async here() {
    await this.until(() => this.socket !== null, 'being in the room');
    return /** @type {WebSocket} */ (this.socket);
  }

  /** Waits until this is the last that it read. @param {string} message */
  reads(message) {
    return this.until(() => this.read.at(-1) === message, message);
  }

  /** Once, whatever becomes of it. @param {string} message */
  async say(message) {
    (await this.here()).send(JSON.stringify({message}));
  }

  async leave() {
    this.gone = true;
    this.socket?.close();
    await this.going;
  }
}
