// @ts-check
// How a name looks: its colour and its initial, always the same ones. Pure.

const HUES = 8;

/** A number below HUES that a name always has. @param {string} name */
export function hueOf(name) {
  let hash = 41;
  for (let i = 0; i < name.length; ++i) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % HUES;
}

/** @param {string} name */
export function initialOf(name) {
  const [first] = name.normalize('NFC').replace(/[^\p{L}\p{N}]/gu, '');
  return (first ?? '•').toLocaleUpperCase();
}

/** The one form of names that differ in capitals only. @param {string} name */
export const folded = (name) => name.normalize('NFC').toLowerCase();
