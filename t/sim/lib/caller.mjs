/*
 * A telephone at the other end of a media stream, as Twilio connects one: the WebSocket, sound
 * in both directions at the speed of speech, marks, `clear`, digits. What it plays is kept, as
 * it was heard and when it came.
 */
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {setTimeout as sleep} from 'node:timers/promises';
import WebSocket from 'ws';

import {Ear, FRAME, silence, speak} from './speech.mjs';

const QUIET = silence(20).toString('base64');
const sid = (kind) => kind + randomBytes(16).toString('hex');

export class Caller {
  #ws;
  #clock;
  #sequence = 0;
  #chunk = 0;
  #speaking = Buffer.alloc(0);
  #buffer = [];  // what is to be played: {sound, ms} and {mark}
  #heardUntil = 0;  // the end of the last frame played
  #ear = new Ear();

  // keepSound: false for one who talks for long; then played and arrived know of no sound.
  constructor({call = sid('CA'), account = sid('AC'), parameters = {}, stream = sid('MZ'),
               keepSound = true} = {}) {
    Object.assign(this, {call, account, parameters, stream, keepSound});
    this.arrived = [];    // every message, with when it came: {ms, event}
    this.played = [];     // every frame that was heard: {ms, sound}
    this.frames = 0;      // how many were heard, and when the first and the last
    this.firstMs = null;
    this.lastMs = null;
    this.words = [];      // understood of them: {ms, at, word}; at: were no timer ever late
    this.closed = null;
    this.spokeUntil = null;  // timestamp of the last frame that had words in it
  }

  // Resolves when the stream has begun. options: of the ws client (headers, ca).
  async dial(url, options = {}) {
    this.#ws = new WebSocket(url, options);
    this.#ws.on('message', (data) => this.#receive(JSON.parse(data.toString())));
    this.#ws.on('error', () => undefined);  // its end follows
    this.ended = new Promise((resolve) => {
      this.#ws.on('close', (code) => (this.#stop(), resolve(this.closed = code)));
    });
    await once(this.#ws, 'open');
    this.began = performance.now();
    this.#ws.send(JSON.stringify({event: 'connected', protocol: 'Call', version: '1.0.0'}));
    this.#send('start', {
      start: {
        streamSid: this.stream, accountSid: this.account, callSid: this.call, tracks: ['inbound'],
        customParameters: this.parameters,
        mediaFormat: {encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1}
      }
    });
    this.#clock = setInterval(() => this.#catchUp(), 20);
    return this;
  }

  now = () => performance.now() - this.began;

  // Speaks; resolves when it has been said.
  async say(text) {
    const sound = speak(text);
    this.#speaking = Buffer.concat([this.#speaking, sound]);
    await sleep(this.#speaking.length / 8);
  }

  press = (digit) => this.#send('dtmf', {dtmf: {track: 'inbound_track', digit}});

  hangUp() {
    this.#send('stop', {stop: {accountSid: this.account, callSid: this.call}});
    this.#ws.close();
  }

  // The network is gone, without a word.
  die() {
    this.#stop();
    this.#ws.terminate();
  }

  heard = () => this.words.map((w) => w.word).join(' ');
  heardSince = (ms) => this.words.filter((w) => w.ms >= ms).map((w) => w.word).join(' ');

  // Resolves with what was heard when it matches.
  async hears(pattern, limit = 60000) {
    const end = performance.now() + limit;
    while (!pattern.test(this.heard())) {
      if (this.closed !== null || performance.now() > end)
        throw new Error(`${pattern} was not heard, but: ${this.heard()} (closed: ${this.closed})`);
      await sleep(20);
    }
    return this.heard();
  }

  // Resolves when all that came has been heard to its end.
  async quiet() {
    while (this.closed === null && (this.#buffer.length > 0 || this.now() < this.#heardUntil)) await sleep(20);
  }

  bufferedMs = () => this.#buffer.reduce((n, b) => n + (b.sound?.length ?? 0), 0) / 8;

  // 20 ms of sound each way, as often as that much time has gone by.
  #catchUp() {
    while (this.#chunk * 20 <= this.now()) {
      this.#sendFrame();
      this.#playFrame();
    }
  }

  #sendFrame() {
    const frame = this.#speaking.subarray(0, FRAME);
    this.#speaking = this.#speaking.subarray(frame.length);
    this.#chunk++;
    if (frame.length > 0) this.spokeUntil = this.#chunk * 20;
    this.#send('media', {
      media: {track: 'inbound', chunk: String(this.#chunk), timestamp: String(this.#chunk * 20),
              payload: frame.length > 0 ? frame.toString('base64') : QUIET}
    });
  }

  // Nothing is played in a frame that began before it came, however late the timer is: sound takes
  // no less time to be heard than it lasts.
  #playFrame() {
    const began = (this.#chunk - 1) * 20;
    let room = FRAME;
    while (this.#buffer.length > 0 && (room > 0 || this.#buffer[0].mark)) {
      const next = this.#buffer[0];
      if (next.mark) {
        this.#echo(this.#buffer.shift());
        continue;
      }
      if (next.ms > began) break;
      const part = next.sound.subarray(0, room);
      this.#hear(part);
      room -= part.length;
      next.sound = next.sound.subarray(part.length);
      if (next.sound.length === 0) this.#buffer.shift();
    }
  }

  #hear(sound) {
    const ms = this.now();
    this.frames++;
    this.firstMs ??= ms;
    this.lastMs = ms;
    this.#heardUntil = this.#chunk * 20;
    if (this.keepSound) this.played.push({ms, sound});
    for (const word of this.#ear.hear(sound)) this.words.push({ms, at: this.#chunk * 20, word});
  }

  #echo = ({mark}) => this.#send('mark', {mark: {name: mark}});

  #receive({event, streamSid, media, mark}) {
    if (this.keepSound || !media) this.arrived.push({ms: this.now(), event});
    if (streamSid !== this.stream) throw new Error(`a message for ${streamSid}`);
    if (event === 'media') {
      this.#buffer.push({sound: Buffer.from(media.payload, 'base64'), ms: this.now()});
    } else if (event === 'mark') {
      if (this.#buffer.length === 0) this.#echo({mark: mark.name});
      else this.#buffer.push({mark: mark.name});
    } else if (event === 'clear') {
      const marks = this.#buffer.filter((b) => b.mark);
      this.#buffer = [];
      marks.forEach(this.#echo);
    } else {
      throw new Error(`the carrier knows no ${event}`);
    }
  }

  #send(event, members) {
    if (this.#ws.readyState !== WebSocket.OPEN) return;
    this.#ws.send(JSON.stringify(
        {event, sequenceNumber: String(++this.#sequence), streamSid: this.stream, ...members}));
  }

  #stop() {
    clearInterval(this.#clock);
  }
}
