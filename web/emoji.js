// @ts-check
// Emoji by their short names. Pure.

import {TABLE} from './emoji_table.js';
import {changedOutsideCode} from './rich.js';

/** @type {Map<string, string>} */
export const EMOJI = new Map();
const words = TABLE.trim().split(/\s+/);
for (let i = 0; i + 1 < words.length; i += 2) EMOJI.set(words[i], words[i + 1]);

/** `text` with its `:short_names:` as emoji, where they are known and no code. @param {string} text */
export function withEmoji(text) {
  return changedOutsideCode(text, (plain) =>
    plain.replace(/(?<![\p{L}\p{N}]):([a-z0-9_+-]+):(?![\p{L}\p{N}])/gu, (whole, name) => EMOJI.get(name) ?? whole));
}
