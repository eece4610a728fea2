/*
 * What an agent does in a conversation, whatever carries its sound: it hears by loudness and
 * understands the sound of lib/speech.mjs, answers when the caller has ended, says what the model
 * (openai/model.mjs) says, calls tools, and falls silent when a word is said while it speaks.
 *
 * Whoever carries it (out) is told: sound(bytes, id) transcript(text) tentative(text)
 * response(text) correction(before, after) interruption(id) tool(call) → its answer, and end().
 */
import {setTimeout as sleep} from 'node:timers/promises';

import {Ear, FRAME, isLoud, milliseconds, speak, WORD_MS, words} from '../lib/speech.mjs';

const PIECE_MS = 400;
const SILENCE_MS = 500;  // behind which the caller has ended
const sizeOf = (ms) => ms / milliseconds(1);

export class Talk {
  #ear = new Ear();
  #quiet = Buffer.alloc(0);
  #speech = null;  // {words, silentMs}
  #answer = 0;     // a count: what belongs to an older one stops
  #playing = null; // {text, began, sentMs}
  #over = false;

  constructor({agent, tools, data, model, settings, out}) {
    Object.assign(this, {agent, tools, model, settings, out});
    this.config = overridden(agent.conversation_config.agent ?? {}, data.conversation_config_override?.agent);
    this.variables = data.dynamic_variables ?? {};
    this.messages = [{role: 'system', content: this.#filled(this.config.prompt?.prompt ?? '')}];
    this.turns = [];
    this.heardMs = 0;
    this.events = 0;
  }

  // One order of all events of the conversation.
  nextEvent = () => ++this.events;

  begin() {
    const first = this.#filled(this.config.first_message ?? '');
    return first ? this.#say(first, ++this.#answer) : undefined;
  }

  stop() {
    this.#over = true;
    this.#answer++;
  }

  // What is told in between, and what somebody writes.
  context = (text) => this.messages.push({role: 'system', content: text});

  message(text) {
    this.messages.push({role: 'user', content: text});
    return this.#respond();
  }

  hear(mulaw) {
    this.#quiet = Buffer.concat([this.#quiet, mulaw]);
    for (; this.#quiet.length >= FRAME; this.#quiet = this.#quiet.subarray(FRAME))
      this.#hearFrame(this.#quiet.subarray(0, FRAME));
  }

  #hearFrame(frame) {
    const found = this.#ear.hear(frame);
    const loud = isLoud(frame);
    this.heardMs += milliseconds(FRAME);
    if (loud && !this.#speech) this.#speech = {words: [], silentMs: 0};
    if (!this.#speech) return;
    this.#speech.silentMs = loud ? 0 : this.#speech.silentMs + milliseconds(FRAME);
    for (const word of found) this.#heardWord(word);
    if (this.#speech.silentMs >= SILENCE_MS) this.#callerEnded();
  }

  #heardWord(word) {
    this.#speech.words.push(word);
    this.out.tentative(this.#speech.words.join(' '));
    if (this.isSpeaking()) this.#interrupt();
  }

  #callerEnded() {
    const text = this.#speech.words.join(' ');
    this.#speech = null;
    if (!text) return;
    this.out.transcript(text);
    this.turns.push({role: 'user', message: text});
    this.message(text);
  }

  // By the time that what it has sent takes to be heard.
  isSpeaking = () =>
      this.#playing !== null && performance.now() - this.#playing.began < this.#playing.sentMs;

  #interrupt() {
    const {text, began} = this.#playing;
    const heard = Math.floor((performance.now() - began) / WORD_MS);
    const after = words(text).slice(0, heard).join(' ');
    const id = this.nextEvent();
    this.#playing = null;
    this.#answer++;
    this.messages.push({role: 'assistant', content: `${after} ...`});
    Object.assign(this.turns.at(-1), {message: after, interrupted: true});
    this.out.interruption(id);
    this.out.correction(text, after);
    // What was on its way all the same.
    for (let i = 0; i < this.settings.stale; i++) this.out.sound(speak('stale'), id - 1);
  }

  // ------------------------------------------------------------------ the agent's turn

  async #respond() {
    const own = ++this.#answer;
    await sleep(this.settings.think_ms);
    for (let round = 0; round < 5 && own === this.#answer; round++) {
      const {text, tool_calls: calls = []} = this.model.answer({
        messages: this.messages,
        tools: this.tools.map((t) => ({type: 'function', function: t}))
      });
      if (text) await this.#say(text, own);
      if (calls.length === 0) return;
      for (const call of calls) await this.#call(call, own);
    }
  }

  async #call({name, arguments: args}, own) {
    const parameters = typeof args === 'string' ? JSON.parse(args) : args ?? {};
    if (name === 'end_call' && !this.tools.some((t) => t.name === name)) return this.#endCall(own);
    const answer = this.tools.some((t) => t.name === name) ?
        await this.out.tool({name, parameters}) :
        {result: `no tool ${name}`, is_error: true};
    this.turns.push({role: 'agent', tool: {name, arguments: parameters, result: answer.result, error: answer.is_error}});
    this.messages.push({role: 'tool', content: answer.result});
    return undefined;
  }

  // The platform's own tool: the conversation is over when it has said all.
  async #endCall(own) {
    const left = this.isSpeaking() ? this.#playing.sentMs - (performance.now() - this.#playing.began) : 0;
    await sleep(left);
    if (own !== this.#answer || this.#over) return;
    this.turns.push({role: 'agent', tool: {name: 'end_call'}});
    this.stop();
    this.out.end();
  }

  // Sound faster than it is spoken, its words beside it.
  async #say(text, own) {
    const sound = speak(text);
    if (!this.settings.words_late) this.out.response(text);
    this.turns.push({role: 'agent', message: text});
    const left = this.isSpeaking() ? this.#playing.sentMs - (performance.now() - this.#playing.began) : 0;
    this.#playing = {text, began: performance.now() + left, sentMs: 0};
    for (let at = 0; at < sound.length; at += sizeOf(PIECE_MS)) {
      if (own !== this.#answer) return;
      const piece = sound.subarray(at, at + sizeOf(PIECE_MS));
      this.#playing.sentMs += milliseconds(piece.length);
      this.out.sound(piece, this.nextEvent());
      await sleep(this.settings.gap_ms);
    }
    if (own !== this.#answer) return;
    this.messages.push({role: 'assistant', content: text});
    if (this.settings.words_late) this.out.response(text);
  }

  #filled = (text) => text.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, name) => this.variables[name] ?? '');
}

function overridden(own, override) {
  if (override === undefined) return own;
  return {...own, ...override, prompt: {...own.prompt, ...override.prompt}};
}
