// Frames as a server sends them, with what a test does not care about filled in.

export const LIMITS = {message_bytes: 1000, inflight: 256, frames_per_second: 1000, history_page: 200, members: 3};

/** @param {Record<string, unknown>} [given] @returns {any} */
export const welcome = (given = {}) => ({
  type: 'welcome', room: 'lobby', name: 'ann', client: 'PublicOfAnn', epoch: 'e', head: 0, members: ['ann'],
  count: 1, limits: LIMITS, resume_within_ms: 0, ...given,
});

/** @param {number} seq @param {Record<string, unknown>} [given] @returns {any} */
export const message = (seq, given = {}) => ({
  type: 'message', seq, at: 1_000_000 + seq, name: 'bob', message: `m${seq}`, ...given,
});

/** One page with messages of `seqs`. @param {number[]} seqs @param {Record<string, unknown>} [given] @returns {any} */
export const history = (seqs, given = {}) => ({
  type: 'history',
  messages: seqs.map((seq) => {
    const {type: _, ...one} = message(seq);
    return one;
  }),
  more: false,
  ...given,
});

/** @param {string} code @param {Record<string, unknown>} [given] @returns {any} */
export const error = (code, given = {}) => ({type: 'error', code, text: `about ${code}`, ...given});
