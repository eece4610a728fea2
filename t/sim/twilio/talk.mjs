/*
 * One leg of a call that follows TwiML as Twilio does: each verb in turn, a Redirect or an
 * action's answer in place of what is left, the end when nothing is left.
 *
 * Whoever is at the other end is scripted. A step is used up each time the call listens:
 *   {say: "…", confidence: 0.9}   {press: "0"}   {silent: true}   {hangup: true}
 * each after `ms` (0) of silence. Behind the last step he hangs up. `stream` (0) is for steps in
 * media streams (streams.mjs): how many of them the call must have had before it.
 */
import {request} from '../lib/client.mjs';

import {faultOfDocument} from './twiml.mjs';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Over extends Error {}  // the leg has ended, or another document took over

export class Talk {
  /*
   * host: {fetch(url, method, extra) → delivery, ended(), end(status), log(entry), dial(verb,
   * talk) → {document url, extra}, stream(verb, talk), fallback}
   */
  constructor(host, script = []) {
    Object.assign(this, {host, script: [...script], turn: 0});
  }

  // Follows the document at url until the leg ends. A later run() takes over from this one.
  async run({url, method, twiml}, extra = {}) {
    const turn = ++this.turn;
    try {
      let verbs = twiml ?? await this.#load(url, method, extra);
      while (verbs) verbs = await this.#follow(verbs, turn);
      if (turn === this.turn) this.host.end('completed');
    } catch (e) {
      if (!(e instanceof Over)) throw e;
    }
  }

  // Those of the next document; undefined behind the last verb.
  async #follow(verbs, turn) {
    for (const verb of verbs) {
      this.#check(turn);
      const next = await this[verb.name](verb, turn);
      this.#check(turn);
      if (next) return next;
    }
    return undefined;
  }

  #check(turn) {
    if (turn !== this.turn || this.host.ended()) throw new Over();
  }

  /*
   * The verbs at an address, or, when there are none to be had there, those of the number's
   * fallback address; without one the leg ends.
   */
  async #load(url, method = 'POST', extra = {}, isFallback = false) {
    const target = new URL(url, this.base).href;
    const delivery = await this.host.fetch(target, method, extra);
    const fault = delivery.problem ?? wrongDocument(delivery.twiml);
    if (!fault) {
      this.base = target;
      return delivery.twiml.children;
    }
    this.host.log({who: 'carrier', error: fault, url: target});
    const {fallback} = this.host;
    if (!fallback || isFallback) {
      this.host.end('completed');
      throw new Over();
    }
    return this.#load(fallback, 'POST', {ErrorCode: fault.slice(0, 5), ErrorUrl: target}, true);
  }

  Say(verb) {
    const {language, voice} = verb.attributes;
    this.host.log({who: 'agent', text: verb.text, language, voice});
  }

  // A sound is fetched without a word of the call; what is none is complained of and left out.
  async Play(verb) {
    const url = new URL(verb.text.trim(), this.base).href;
    const {status, headers} = await request(url).catch((e) => ({status: e.message, headers: {}}));
    const type = headers['content-type'];
    if (status !== 200)
      this.host.log({who: 'carrier', error: `11200: ${status}`, url});
    else if (!/^audio\//.test(type))
      this.host.log({who: 'carrier', error: `12300: ${type}`, url});
    else
      this.host.log({who: 'agent', play: url});
  }

  async Pause(verb) {
    await wait(Number(verb.attributes.length ?? 1) * 1000);
  }

  Redirect(verb) {
    return this.#load(verb.text.trim(), verb.attributes.method);
  }

  Hangup() {
    this.host.log({who: 'agent', hangup: true});
    this.#hangUp();
  }

  // Whoever is at the other end hangs up, whatever the document says.
  leave() {
    this.host.log({who: 'caller', hangup: true});
    this.host.end('completed');
  }

  // hungUp tells an end by one of the two from a document that simply has no more verbs.
  #hangUp() {
    this.hungUp = true;
    this.host.end('completed');
    throw new Over();
  }

  Reject(verb) {
    this.host.end(verb.attributes.reason === 'busy' ? 'busy' : 'no-answer');
    throw new Over();
  }

  async Gather(verb, turn) {
    const {action, method, input = 'dtmf', actionOnEmptyResult, language} = verb.attributes;
    for (const child of verb.children) await this[child.name](child);
    const heard =
        await this.#listen(input.split(' '), Number(verb.attributes.numDigits ?? 100), language, turn);
    if (!heard && actionOnEmptyResult !== 'true') return undefined;
    const result = heard ?? {SpeechResult: '', Confidence: '0.0'};
    return this.#load(action ?? this.base, method, result);
  }

  // The next step as form fields; undefined: nothing was heard.
  async #listen(inputs, most, language, turn) {
    if (this.script[0]?.ms) {
      await wait(this.script[0].ms);
      this.#check(turn);
    }
    const step = this.script.shift() ?? {hangup: true};
    if (step.hangup) {
      this.host.log({who: 'caller', hangup: true});
      this.#hangUp();
    }
    if (step.press !== undefined && inputs.includes('dtmf')) {
      const keys = step.press.replace(/#.*/, '').slice(0, most);
      this.host.log({who: 'caller', press: keys, language});
      return {Digits: keys};
    }
    if (step.say !== undefined && inputs.includes('speech')) {
      this.host.log({who: 'caller', text: step.say, language});
      return {SpeechResult: step.say, Confidence: String(step.confidence ?? 0.92)};
    }
    this.host.log({who: 'caller', silent: true, language});
    return undefined;
  }

  async Dial(verb) {
    const {action, method} = verb.attributes;
    const result = await this.host.dial(verb, this);
    return action ? this.#load(action, method, result) : undefined;
  }

  // The next verb has its turn at once.
  Start(verb) {
    this.host.log({who: 'carrier', record: true});
    this.host.record(this.#absolute(verb.children[0].attributes));
  }

  #absolute(attributes) {
    const url = attributes.recordingStatusCallback;
    return url ? {...attributes, recordingStatusCallback: new URL(url, this.base).href} : attributes;
  }

  // The stream lasts until the application closes it; then the next verb has its turn.
  async Connect(verb) {
    const stream = verb.children[0];
    const parameters =
        Object.fromEntries(stream.children.map(({attributes: a}) => [a.name, a.value]));
    this.host.log({who: 'carrier', stream: stream.attributes.url, parameters});
    await this.host.stream({...stream.attributes, parameters}, this);
  }
}

function wrongDocument(root) {
  const fault = faultOfDocument(root);
  return fault && `12200: ${fault}`;
}
