/*
 * Speech for tests: words as mu-law sound (8 kHz, a byte a sample) that is loud, lasts as long as
 * words do, and can be understood again from whatever part of it was played. A word is 200 ms;
 * its text stands in its first 20 ms.
 */
const RATE = 8;  // bytes a millisecond
export const FRAME = 20 * RATE;
export const WORD_MS = 200;
const SILENCE = 0xff;
const MARK = Buffer.from([0xa5, 0x5a, 0xc3, 0x3c]);
const LONGEST = FRAME - MARK.length - 1;

export const milliseconds = (bytes) => bytes / RATE;
export const silence = (ms) => Buffer.alloc(ms * RATE, SILENCE);

function word(text) {
  const bytes = Buffer.from(text).subarray(0, LONGEST);
  const sound = Buffer.alloc(WORD_MS * RATE, Buffer.from([0x80, 0x00]));
  MARK.copy(sound);
  sound[MARK.length] = bytes.length;
  bytes.copy(sound, MARK.length + 1);
  return sound;
}

export const words = (text) => text.split(/\s+/).filter(Boolean);
export const speak = (text) => Buffer.concat(words(text).map(word));

// True for sound that somebody makes: far from the middle more often than not.
export const isLoud = (frame) => frame.filter((b) => (b & 0x7f) < 0x40).length > frame.length / 2;

// Understands sound that comes piece by piece.
export class Ear {
  #rest = Buffer.alloc(0);

  // The words whose beginning is whole by now.
  hear(sound) {
    const found = [];
    let at, rest = Buffer.concat([this.#rest, sound]);
    while ((at = rest.indexOf(MARK)) >= 0 && at + MARK.length < rest.length) {
      const end = at + MARK.length + 1 + rest[at + MARK.length];
      if (end > rest.length) break;
      found.push(rest.subarray(at + MARK.length + 1, end).toString());
      rest = rest.subarray(end);
    }
    this.#rest = Buffer.from(at >= 0 ? rest.subarray(at) : rest.subarray(-MARK.length + 1));
    return found;
  }
}
