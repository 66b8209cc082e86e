// WebSockets whose other end is the test.

/** A class of sockets of its own; `made` has every one of them, oldest first. */
export function fakeSockets() {
  return class FakeSocket {
    /** @type {FakeSocket[]} */
    static made = [];

    static get latest() {
      const latest = FakeSocket.made.at(-1);
      if (!latest) throw new Error('no socket was made');
      return latest;
    }

    /** @param {string} url @param {string[]} protocols */
    constructor(url, protocols) {
      this.url = url;
      this.protocols = protocols;
      this.readyState = 0;
      /** @type {any[]} */
      this.sent = [];
      this.closed = false;
      /** @type {((event: any) => void) | null} */
      this.onopen = null;
      /** @type {((event: any) => void) | null} */
      this.onmessage = null;
      /** @type {((event: any) => void) | null} */
      this.onclose = null;
      FakeSocket.made.push(this);
    }

    /** @param {string} text */
    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.closed = true;
      this.readyState = 2;
    }

    // ---- what the server and the network do

    open() {
      this.readyState = 1;
      this.onopen?.({});
    }

    /** @param {unknown} data an object is sent as its JSON */
    say(data) {
      this.onmessage?.({data: typeof data === 'object' ? JSON.stringify(data) : data});
    }

    /** @param {number} code */
    lose(code) {
      this.readyState = 3;
      this.onclose?.({code});
    }
  };
}
