/*
 * Speech for tests: words as mu-law sound (8 kHz, a byte a sample) that is loud, lasts as long as
 * words do, and can be understood again from whatever part of it was played. A word is 200 ms;
 * its text stands in its first 20 ms. In PCM, which is played at another rate than it was made
 * for, its text stands in signs that last long enough to survive that.
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

// The same in PCM of 16 bits: a bit is as loud as can be, above or below the middle.
const BIT = 6;  // samples of telephony
const LOUD = 16000;
const BITS = [...bitsOf(0xf1), ...bitsOf(0x35)];  // before each word's
const LONGEST_PCM = Math.floor(WORD_MS * RATE / BIT / 8) - BITS.length / 8 - 1;

function bitsOf(byte) {
  return Array.from({length: 8}, (_, i) => (byte >> (7 - i)) & 1);
}

function pcmWord(text, hz) {
  const bytes = Buffer.from(text).subarray(0, LONGEST_PCM);
  const bits = [...BITS, ...bitsOf(bytes.length), ...[...bytes].flatMap(bitsOf)];
  const sound = Buffer.alloc(2 * hz * WORD_MS / 1000);
  for (let i = 0; 2 * i < sound.length; i++) {
    const n = Math.floor(i * RATE * 1000 / hz / BIT);
    sound.writeInt16LE((bits[n] ?? n % 2) ? LOUD : -LOUD, 2 * i);
  }
  return sound;
}

export const speakPcm = (text, hz) => Buffer.concat(words(text).map((w) => pcmWord(w, hz)));

// True for sound that somebody makes: far from the middle more often than not.
export const isLoud = (frame) => frame.filter((b) => (b & 0x7f) < 0x40).length > frame.length / 2;

// Understands sound that comes piece by piece.
export class Ear {
  #rest = Buffer.alloc(0);
  #signs = new SignEar();

  // The words whose beginning is whole by now.
  hear(sound) {
    return [...this.#exact(sound), ...this.#signs.hear(sound)];
  }

  #exact(sound) {
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

// Understands what was PCM.
class SignEar {
  #rest = Buffer.alloc(0);

  hear(sound) {
    const found = [];
    this.#rest = Buffer.concat([this.#rest, sound]);
    let at = 0;
    while (at + BIT * (BITS.length + 8) <= this.#rest.length) {
      if (!BITS.every((bit, i) => this.#bit(at, i) === bit)) {
        at++;
        continue;
      }
      const length = this.#byte(at, BITS.length);
      const end = BITS.length + 8 * (1 + length);
      if (at + BIT * end > this.#rest.length) break;
      found.push(Buffer.from(Array.from({length}, (_, i) => this.#byte(at, BITS.length + 8 * (1 + i)))).toString());
      at += BIT * end;
    }
    this.#rest = this.#rest.subarray(at);
    return found;
  }

  // Of its samples the two in the middle decide; undefined: it is none.
  #bit(at, n) {
    const [a, b] = this.#rest.subarray(at + BIT * n + BIT / 2 - 1);
    const loud = (byte) => (byte & 0x7f) < 0x40;
    return loud(a) && loud(b) && a >> 7 === b >> 7 ? a >> 7 : undefined;
  }

  #byte = (at, n) => Array.from({length: 8}, (_, i) => this.#bit(at, n + i)).reduce((v, bit) => v << 1 | bit, 0);
}
