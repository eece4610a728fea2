/*
 * Streaming speech to text (v1): understands the sound of lib/speech.mjs. Words are told as they
 * are heard, settled after SETTLED of them, and end with a pause; silence is told too.
 *
 *   mute      it takes everything and never says a word
 *   garbage   what it says is no message
 *   words_ms  how late words are told
 *   endless   it never tells that somebody has ended
 *   cap_ms    how old a session grows before it is closed
 */
import {randomUUID} from 'node:crypto';
import {WebSocketServer} from 'ws';

import {openDescription} from '../lib/openapi.mjs';
import {json, refuseUpgrade} from '../lib/server.mjs';
import {Ear, FRAME, isLoud, WORD_MS} from '../lib/speech.mjs';

const DEFAULTS = {mute: false, garbage: false, words_ms: 50, endless: false, cap_ms: 3_600_000};
const SETTLED = 4;
const IDLE_MS = 10000;  // without sound or KeepAlive

// The names an address may carry (deepgram.asyncapi.yml, /v1/listen).
const PARAMETERS = [
  'callback', 'callback_method', 'channels', 'detect_entities', 'diarize', 'diarize_model', 'dictation',
  'encoding', 'endpointing', 'extra', 'interim_results', 'keyterm', 'keywords', 'language', 'mip_opt_out',
  'model', 'multichannel', 'numerals', 'profanity_filter', 'punctuate', 'redact', 'replace', 'sample_rate',
  'search', 'smart_format', 'tag', 'utterance_end_ms', 'vad_events', 'version'
];

const messages = openDescription('deepgram.asyncapi.yml');
const judge = (type, message) => messages?.named(`ListenV1_ListenV1${type}`, message) ?? [];

export class Listen {
  #server = new WebSocketServer({noServer: true});

  constructor({sim, apiKey}) {
    Object.assign(this, {sim, apiKey, sessions: [], settings: {...DEFAULTS}});
    judge('Results', {});  // reads the description before anybody waits
  }

  reset() {
    this.sessions.forEach((s) => s.end());
    this.sessions = [];
    this.settings = {...DEFAULTS};
  }

  configure({body = {}}) {
    const odd = Object.keys(body).find((k) => !(k in DEFAULTS));
    if (odd) return json(400, {error: `the ears have no ${odd}`});
    Object.assign(this.settings, body);
    return json(200, this.settings);
  }

  endAll() {
    this.sessions.forEach((s) => s.end());
    return json(200, {});
  }

  show = () => json(200, this.sessions.map((s) => s.shown()));

  upgrade(req, socket, head) {
    const url = new URL(req.url, 'http://sim.invalid');
    const fault = this.#fault(req, url);
    this.sim.record({
      method: 'WEBSOCKET',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: req.headers,
      answer: {status: fault?.status ?? 101},
    });
    if (fault) return refuseUpgrade(socket, fault.status, {'dg-error': fault.why, 'dg-request-id': randomUUID()});
    return this.#server.handleUpgrade(req, socket, head, (ws) => {
      this.sessions.push(new Session(this, ws, url.searchParams));
    });
  }

  #fault({headers}, url) {
    const q = url.searchParams;
    const odd = [...q.keys()].find((name) => !PARAMETERS.includes(name));
    const wrong = (why) => ({status: 400, why});
    if (url.pathname !== '/v1/listen') return {status: 404, why: 'no such path'};
    if (headers.authorization !== `Token ${this.apiKey}`) return {status: 401, why: 'Invalid credentials.'};
    if (odd) return wrong(`unknown parameter ${odd}`);
    if (!q.get('model')) return wrong('model is required');
    if (q.get('encoding') !== 'mulaw' || q.get('sample_rate') !== '8000')
      return wrong('this simulation hears mulaw at 8000 only');
    if (q.has('utterance_end_ms') && (q.get('interim_results') !== 'true' || q.get('utterance_end_ms') < 1000))
      return wrong('utterance_end_ms needs interim_results, and is 1000 or more');
    return undefined;
  }
}

class Session {
  #ear = new Ear();
  #rest = Buffer.alloc(0);
  #timers = new Set();

  constructor(service, ws, query) {
    Object.assign(this, {service, ws, query: Object.fromEntries(query), id: randomUUID()});
    Object.assign(this, {heardMs: 0, silentMs: 0, wordlessMs: 0, speaking: false, words: []});
    this.transcripts = [];  // of each stretch between two pauses
    this.stretch = [];
    this.controls = [];
    this.errors = [];
    this.heardAt = performance.now();
    ws.on('message', (data, binary) => (binary ? this.#sound(data) : this.#control(data.toString())));
    ws.on('close', (code) => this.#closed(code));
    this.#later(service.settings.cap_ms, () => ws.close(1011, 'NET-0000'));
    this.idle = setInterval(() => this.#checkIdle(), 1000);
  }

  shown = () => ({
    id: this.id,
    query: this.query,
    transcripts: this.transcripts,
    controls: this.controls,
    errors: this.errors,
    heard_ms: this.heardMs,
    closed: this.closedWith ?? null,
  });

  end() {
    if (this.ws.readyState <= 1) this.ws.close(1001);
  }

  #closed(code) {
    this.closedWith ??= code;
    clearInterval(this.idle);
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
  }

  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #checkIdle() {
    if (performance.now() - this.heardAt > IDLE_MS) this.ws.close(1011, 'NET-0001');
  }

  #control(text) {
    let message = {};
    try {
      message = JSON.parse(text);
    } catch {
      message.type = 'no JSON';
    }
    this.controls.push(message.type);
    this.heardAt = performance.now();
    if (message.type === 'CloseStream') return this.#bye();
    if (message.type === 'Finalize') return this.#results({final: true, pause: true});
    if (message.type === 'KeepAlive') return undefined;
    this.errors.push(message);
    return this.ws.close(1008, 'DATA-0000');
  }

  #bye() {
    this.#send('Metadata', {
      transaction_key: 'deprecated',
      request_id: this.id,
      sha256: '0'.repeat(64),
      created: new Date().toISOString(),
      duration: this.heardMs / 1000,
      channels: 1,
    });
    this.#later(this.service.settings.words_ms, () => this.ws.close(1000));
  }

  // ------------------------------------------------------------------ hearing

  #sound(data) {
    this.heardAt = performance.now();
    if (data.length === 0) {
      this.errors.push('an empty message');
      return this.#bye();
    }
    this.#rest = Buffer.concat([this.#rest, data]);
    for (; this.#rest.length >= FRAME; this.#rest = this.#rest.subarray(FRAME))
      this.#frame(this.#rest.subarray(0, FRAME));
    return undefined;
  }

  #frame(frame) {
    const found = this.#ear.hear(frame);
    this.heardMs += 20;
    this.wordlessMs = found.length > 0 ? 0 : this.wordlessMs + 20;
    this.silentMs = isLoud(frame) ? 0 : this.silentMs + 20;
    found.forEach((word) => this.#word({word, start: this.heardMs - 20, end: this.heardMs - 20 + WORD_MS}));
    if (this.words.length >= SETTLED && this.heardMs >= this.lastEnd) this.#results({final: true});
    if (this.speaking && this.silentMs >= Number(this.query.endpointing ?? 10)) this.#pause();
    if (!this.speaking && this.heardMs % 1000 === 0) this.#results({final: true});
    const ends = this.transcripts.length > 0 && !this.service.settings.endless;
    if (this.wordlessMs === Number(this.query.utterance_end_ms) && ends)
      this.#send('UtteranceEnd', {channel: [0, 1], last_word_end: this.lastEnd / 1000});
  }

  #word(word) {
    this.speaking = true;
    this.words.push(word);
    this.lastEnd = word.end;
    this.stretch.push(word.word);
    if (this.query.interim_results === 'true') this.#results({});
  }

  #pause() {
    this.speaking = false;
    this.transcripts.push(this.stretch.join(' '));
    this.stretch = [];
    this.#results({final: true, pause: true});
  }

  // ------------------------------------------------------------------ telling

  #results({final = false, pause = false}) {
    const transcript = this.words.map(({word}) => word).join(' ');
    // A word that goes on ends, for now, where the sound does.
    const words = this.words.map(({word, start, end}) => ({
      word, punctuated_word: word, start: start / 1000, end: Math.min(end, this.heardMs) / 1000, confidence: 0.99}));
    if (final) this.words = [];
    this.#send('Results', {
      channel_index: [0, 1],
      start: 0,
      duration: this.heardMs / 1000,
      is_final: final,
      speech_final: pause && !this.service.settings.endless,
      from_finalize: false,
      channel: {alternatives: [{transcript, confidence: 0.99, words}]},
      metadata: {
        request_id: this.id,
        model_uuid: this.id,
        model_info: {name: this.query.model, version: '1', arch: this.query.model},
      },
    });
  }

  // In the order of their time.
  #send(type, members) {
    const {mute, garbage, words_ms} = this.service.settings;
    const message = {type, ...members};
    const [wrong] = judge(type, message);
    if (wrong) throw new Error(`our own ${type} breaks the description: ${JSON.stringify(wrong)}`);
    if (mute) return;
    const text = garbage ? '{"type":' : JSON.stringify(message);
    this.#later(words_ms, () => this.ws.readyState === 1 && this.ws.send(text));
  }
}
