// Time that stands still until a test moves it.

export class FakeClock {
  constructor() {
    this.time = 1_000_000;
    this.last = 0;
    /** @type {Map<number, {at: number, run: () => void}>} */
    this.timers = new Map();
    this.now = () => this.time;
    /** @param {() => void} run @param {number} ms */
    this.setTimeout = (run, ms) => {
      this.timers.set(++this.last, {at: this.time + Math.max(0, ms), run});
      return this.last;
    };
    /** @param {number} timer */
    this.clearTimeout = (timer) => void this.timers.delete(timer);
  }

  /** Runs what falls due within `ms`, each at its time. @param {number} ms */
  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, {at}]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
      if (!next) break;
      const [id, {at, run}] = next;
      this.timers.delete(id);
      this.time = Math.max(this.time, at);
      run();
    }
    this.time = end;
  }

  /** Milliseconds until the next timer; null when there is none. */
  get untilNext() {
    const due = [...this.timers.values()].map(({at}) => at);
    return due.length === 0 ? null : Math.min(...due) - this.time;
  }
}
