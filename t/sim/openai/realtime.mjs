/*
 * The Realtime API (GA) over WebSocket: hears by the loudness of what it is sent, understands the
 * sound of lib/speech.mjs, and says what the model (model.mjs) says.
 *
 *   GET  /_sim/realtime   the sessions: their items, how they were cut, how they ended
 *   POST /_sim/realtime   {cap_ms, told_ms, tells_end, transcription_ms, gap_ms, refuse,
 *                         hold_updates, answers, fails, breaks, begin_ms, cancel_ms, cancels_late}: how old
 *                         a session grows, how old it says that it will (0: as old as it does),
 *                         whether it says so when it begins, how long behind the end of what he
 *                         says words are heard, the time between two pieces of sound (each 400 ms
 *                         long). refuse: connections are answered with that
 *                         status. hold_updates: session.update has no effect and no answer until it
 *                         is false again. answers: false: nothing comes of response.create.
 *                         fails: so many answers fail when they have begun. breaks: so many fail
 *                         behind the first half of their sound. begin_ms: how late
 *                         response.create is heeded, and whatever is told behind it. cancel_ms: how
 *                         late response.cancel is: until then the answer goes on. cancels_late: an answer has just ended when it is to be cancelled
 *                         vad: false: nothing is taken for speech
 *   POST /_sim/realtime/lose {id}   the session's connection breaks
 *   POST /_sim/realtime/deaden      the living sessions take everything and say nothing more; pings are answered
 */
import {randomBytes} from 'node:crypto';
import {WebSocketServer} from 'ws';

import {json} from '../lib/server.mjs';
import {Ear, FRAME, isLoud, milliseconds, speak, words} from '../lib/speech.mjs';

const DEFAULTS = {
  cap_ms: 3_600_000,
  told_ms: 0,
  tells_end: true,
  transcription_ms: 300,
  gap_ms: 20,
  refuse: 0,
  hold_updates: false,
  answers: true,
  fails: 0,
  breaks: 0,
  begin_ms: 0,
  cancel_ms: 100,
  cancels_late: false,
  vad: true,
};
const PIECE = 20 * FRAME;
const id = (kind) => `${kind}_${randomBytes(9).toString('base64url')}`;

// The schema each event of a client is judged by.
const KNOWN = {
  'session.update': 'SessionUpdate',
  'input_audio_buffer.append': 'InputAudioBufferAppend',
  'input_audio_buffer.commit': 'InputAudioBufferCommit',
  'input_audio_buffer.clear': 'InputAudioBufferClear',
  'conversation.item.create': 'ConversationItemCreate',
  'conversation.item.truncate': 'ConversationItemTruncate',
  'conversation.item.delete': 'ConversationItemDelete',
  'response.create': 'ResponseCreate',
  'response.cancel': 'ResponseCancel',
};

// Names that the events have, where the description is open.
const MEMBERS = {
  'session.update': ['session'],
  'input_audio_buffer.append': ['audio'],
  'conversation.item.create': ['item', 'previous_item_id'],
  'conversation.item.truncate': ['item_id', 'content_index', 'audio_end_ms'],
  'conversation.item.delete': ['item_id'],
  'response.create': ['response'],
  'response.cancel': ['response_id'],
};

export class Realtime {
  #server = new WebSocketServer({noServer: true});

  constructor({sim, model, description, apiKey}) {
    Object.assign(this, {sim, model, description, apiKey});
    this.sessions = [];
    this.settings = {...DEFAULTS};
  }

  reset() {
    this.sessions.forEach((s) => s.end());
    this.sessions = [];
    this.settings = {...DEFAULTS};
  }

  configure({body = {}}) {
    const odd = Object.keys(body).find((k) => !(k in DEFAULTS));
    if (odd) return json(400, {error: `the realtime service has no ${odd}`});
    Object.assign(this.settings, body);
    if (!this.settings.hold_updates) this.sessions.forEach((s) => s.updateHeld());
    return json(200, this.settings);
  }

  lose({body = {}}) {
    const session = this.sessions.find((s) => s.id === body.id && !s.closed);
    if (!session) return json(404, {error: `no living session ${body.id}`});
    session.lose();
    return json(200, {});
  }

  deaden() {
    this.sessions.forEach((s) => s.deaden());
    return json(200, {});
  }

  show = () => json(200, this.sessions.map((s) => s.shown()));

  // Takes the connection over, or refuses it as the real one does.
  upgrade(req, socket, head) {
    const url = new URL(req.url, 'http://sim.invalid');
    const refused = this.settings.refuse || this.#refusal(req, url);
    this.sim.record({method: 'WEBSOCKET', path: url.pathname, query: url.search, headers: req.headers});
    if (refused) {
      socket.end(`HTTP/1.1 ${refused} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(req, socket, head, (ws) => {
      this.sessions.push(new Session(this, ws, url.searchParams.get('model')));
    });
  }

  #refusal({headers}, url) {
    if (url.pathname !== '/v1/realtime') return 404;
    if (headers.authorization !== `Bearer ${this.apiKey}`) return 401;
    // The beta's header is refused since the beta is gone.
    return headers['openai-beta'] || !url.searchParams.get('model') ? 400 : 0;
  }
}

class Session {
  #ear = new Ear();
  #timers = new Set();

  constructor(service, ws, model) {
    Object.assign(this, {service, ws});
    this.id = id('sess');
    this.session = {type: 'realtime', object: 'realtime.session', id: this.id, model, tools: []};
    const {cap_ms, told_ms, tells_end} = service.settings;
    if (tells_end) this.session.expires_at = Math.floor((Date.now() + (told_ms || cap_ms)) / 1000);
    this.items = [];
    this.events = [];  // of the client, without its sound
    this.errors = [];
    this.held = [];       // session.update that wait
    this.behind = null;   // events behind a response.create that waits
    this.heardMs = 0;
    this.quiet = Buffer.alloc(0);
    this.speech = null;  // {item, words, silentMs}
    this.response = null;
    ws.on('message', (data, binary) => this.#receive(data, binary));
    ws.on('close', (code) => this.end(code));
    this.#later(cap_ms, () => this.#expire());
    this.#send('session.created', {session: this.session});
  }

  end(code) {
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    this.closed ??= code ?? 1001;
    if (this.ws.readyState <= 1) this.ws.close(1001);
  }

  lose = () => this.ws.terminate();

  deaden = () => { this.dead = true; };

  updateHeld = () => this.held.splice(0).forEach((event) => this.#update(event));

  shown = () => ({
    id: this.id,
    session: this.session,
    items: this.items.map(({sound, ...item}) => ({...item, ms: sound ? milliseconds(sound) : 0})),
    events: this.events,
    errors: this.errors,
    heard_ms: this.heardMs,
    closed: this.closed ?? null
  });

  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #send(type, members = {}) {
    const event = {type, event_id: id('event'), ...members};
    if (this.dead) return;
    if (this.ws.readyState === 1) this.ws.send(JSON.stringify(event));
  }

  #error(code, message, event = {}) {
    this.errors.push({code, message, event: {...event, audio: undefined}});
    const error = {type: 'invalid_request_error', code, message, param: null, event_id: event.event_id};
    this.#send('error', {error});
  }

  #expire() {
    this.#error('session_expired', 'Your session hit the maximum duration of 60 minutes.');
    this.ws.close(1001);
  }

  #receive(data, binary) {
    let event;
    try {
      event = binary ? null : JSON.parse(data.toString());
    } catch {
      event = null;
    }
    if (event === null || typeof event !== 'object')
      return this.#error('invalid_json', 'We could not parse the JSON body of your event.');
    if (event.type !== 'input_audio_buffer.append') this.events.push(event);
    if (this.dead) return undefined;
    if (event.type === 'input_audio_buffer.append') return this.#judge(event);
    if (this.behind) return this.behind.push(event);
    if (event.type === 'response.create' && this.service.settings.begin_ms) return this.#delay(event);
    return this.#judge(event);
  }

  #delay(event) {
    this.behind = [event];
    this.#later(this.service.settings.begin_ms, () => {
      const events = this.behind;
      this.behind = null;
      events.forEach((e) => this.#judge(e));
    });
  }

  #judge(event) {
    const wrong = this.#problem(event);
    return wrong ? this.#error('invalid_value', wrong, event) : this.#handle(event);
  }

  #problem(event) {
    const schema = KNOWN[event.type];
    if (!schema) return `Invalid value: '${event.type}'. Supported values are: ${Object.keys(KNOWN)}.`;
    const odd = Object.keys(event).find(
        (k) => !['type', 'event_id', ...(MEMBERS[event.type] ?? [])].includes(k));
    if (odd) return `Unknown parameter: '${odd}'.`;
    if (event.type === 'input_audio_buffer.append') return undefined;  // too many to be judged
    const {conversation = 'auto', ...response} = event.response ?? {};
    if (!['auto', 'none'].includes(conversation)) return `Invalid value: '${conversation}'.`;
    // The description lets no conversation pass: two of its choices are the same.
    const judged = event.response ? {...event, response} : event;
    const problems = this.service.description?.named(`RealtimeClientEvent${schema}`, judged) ?? [];
    return problems[0] && `${problems[0].path.join('.')}: ${problems[0].message}`;
  }

  #handle(event) {
    switch (event.type) {
      case 'session.update':
        return this.#update(event);
      case 'input_audio_buffer.append':
        return this.#hear(event);
      case 'conversation.item.create':
        return this.#create(event);
      case 'conversation.item.truncate':
        return this.#truncate(event);
      case 'response.create':
        return this.#respond(event);
      case 'response.cancel':
        return this.#cancel(event);
      default:
        return this.#error('unsupported', `${event.type} is not simulated`, event);
    }
  }

  #update(event) {
    const {session} = event;
    if (this.service.settings.hold_updates) return this.held.push(event);
    const formats = [session.audio?.input?.format, session.audio?.output?.format];
    if (session.type !== 'realtime')
      return this.#error('missing_required_parameter', 'Missing required parameter: \'session.type\'.', event);
    if (formats.some((f) => f && f.type !== 'audio/pcmu'))
      return this.#error('unsupported', 'this simulation hears and speaks audio/pcmu only', event);
    Object.assign(this.session, session);
    return this.#send('session.updated', {session: this.session});
  }

  // ------------------------------------------------------------------ the caller

  #hear(event) {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(event.audio ?? '') || event.audio.length % 4 !== 0)
      return this.#error('invalid_value', 'Invalid \'audio\'. Expected base64-encoded audio bytes.', event);
    this.quiet = Buffer.concat([this.quiet, Buffer.from(event.audio, 'base64')]);
    for (; this.quiet.length >= FRAME; this.quiet = this.quiet.subarray(FRAME))
      this.#hearFrame(this.quiet.subarray(0, FRAME));
    return undefined;
  }

  #hearFrame(frame) {
    const found = this.#ear.hear(frame);
    const loud = this.service.settings.vad && isLoud(frame);
    this.heardMs += 20;
    if (loud && !this.speech) this.#speechStarted();
    if (!this.speech) return;
    this.speech.silentMs = loud ? 0 : this.speech.silentMs + 20;
    this.speech.words.push(...found);
    const {turn_detection: vad} = this.session.audio?.input ?? {};
    if (this.speech.silentMs >= (vad?.silence_duration_ms ?? 500)) this.#speechStopped(vad);
  }

  #speechStarted() {
    this.speech = {item: id('item'), words: [], silentMs: 0};
    this.#send('input_audio_buffer.speech_started', {audio_start_ms: this.heardMs, item_id: this.speech.item});
  }

  #speechStopped(vad) {
    const speech = this.speech;
    this.speech = null;
    this.#send('input_audio_buffer.speech_stopped', {audio_end_ms: this.heardMs, item_id: speech.item});
    this.#send('input_audio_buffer.committed', {item_id: speech.item, previous_item_id: this.items.at(-1)?.id ?? null});
    this.#add({id: speech.item, type: 'message', role: 'user', text: speech.words.join(' ')});
    this.#later(this.service.settings.transcription_ms, () => this.#transcribe(speech));
    if (vad?.create_response !== false) this.#respond({});
  }

  // What is transcribed is what was committed, beside the answer to it.
  #transcribe({item, words: heard}) {
    const place = {item_id: item, content_index: 0};
    heard.forEach((word, i) => this.#send('conversation.item.input_audio_transcription.delta',
        {...place, delta: (i > 0 ? ' ' : '') + word}));
    this.#send('conversation.item.input_audio_transcription.completed',
        {...place, transcript: heard.join(' '), usage: {type: 'duration', seconds: 1}});
  }

  // ------------------------------------------------------------------ the conversation

  #add(item) {
    this.items.push(item);
    const told = {id: item.id, type: item.type, role: item.role, status: 'completed', content: []};
    this.#send('conversation.item.added', {item: told, previous_item_id: this.items.at(-2)?.id ?? null});
    this.#send('conversation.item.done', {item: told});
  }

  #create(event) {
    const {item} = event;
    if (item.type === 'function_call_output' && !this.items.some((i) => i.call_id === item.call_id && i.type === 'function_call'))
      return this.#error('item_not_found', `No tool call found for call_id '${item.call_id}'.`, event);
    const text = item.output ?? item.content?.map((c) => c.text).join(' ');
    return this.#add({...item, id: item.id ?? id('item'), content: undefined, text});
  }

  #truncate(event) {
    const item = this.items.find((i) => i.id === event.item_id);
    if (!item?.sound)
      return this.#error('item_not_found', `The item '${event.item_id}' has no audio to truncate.`, event);
    if (event.audio_end_ms > milliseconds(item.sound))
      return this.#error('invalid_value', `Audio content of ${milliseconds(item.sound)}ms is already shorter than ${event.audio_end_ms}ms`, event);
    item.truncated_ms = event.audio_end_ms;
    return this.#send('conversation.item.truncated', {item_id: item.id, content_index: 0, audio_end_ms: event.audio_end_ms});
  }

  // ------------------------------------------------------------------ the agent

  #respond(event) {
    if (!this.service.settings.answers) return undefined;
    if (this.response)
      return this.#error('conversation_already_has_active_response', 'Conversation already has an active response in progress.', event);
    const asked = event.response ?? {};
    const response = {id: id('resp'), output: [], aside: asked.conversation === 'none'};
    this.response = response;
    this.#send('response.created', {response: {object: 'realtime.response', id: response.id, status: 'in_progress', output: []}});
    if (this.service.settings.fails > 0) {
      this.service.settings.fails--;
      return this.#fail(response);
    }
    const answer = this.#answer(asked);
    const calls = answer.tool_calls ?? [];
    const say = answer.text ?? (answer.json ? JSON.stringify(answer.json) : '');
    const callAll = () => {
      if (this.response !== response) return;
      calls.forEach((call) => this.#call(response, call));
      this.#done(response, 'completed');
    };
    return say ? this.#speak(response, say, callAll) : callAll();
  }

  #answer(asked) {
    const exactly = /Say (?:exactly this|this next)[^:]*: ([^]*)/.exec(asked.instructions ?? '');
    if (exactly) return {text: exactly[1]};
    const messages = [
      {role: 'system', content: this.session.instructions ?? ''},
      ...this.items.filter((i) => i.text).map(
          (i) => ({role: i.type === 'function_call_output' ? 'tool' : i.role, content: i.text})),
    ];
    if (asked.instructions) messages.push({role: 'user', content: asked.instructions});
    const tools = asked.tool_choice === 'none' ? [] : this.session.tools.map((t) => ({type: 'function', function: t}));
    return this.service.model.answer({messages, tools, tool_choice: asked.tool_choice});
  }

  // Sound faster than it is spoken, its words beside it.
  #speak(response, text, then) {
    const item = {id: id('item'), type: 'message', role: 'assistant', text, sound: 0};
    const place = {response_id: response.id, item_id: item.id, output_index: 0, content_index: 0};
    const sound = speak(text), spoken = words(text);
    response.output.push(item);
    if (!response.aside) this.items.push(item);
    this.#send('response.output_item.added', {...place, content_index: undefined, item: {id: item.id, type: 'message', role: 'assistant', status: 'in_progress', content: []}});
    const piece = () => {
      if (this.response !== response) return;
      const part = sound.subarray(item.sound, item.sound + PIECE);
      const from = item.sound / speak('x').length;
      item.sound += part.length;
      const said = spoken.slice(from, from + 2).join(' ');
      this.#send('response.output_audio_transcript.delta', {...place, delta: (from > 0 ? ' ' : '') + said});
      this.#send('response.output_audio.delta', {...place, delta: part.toString('base64')});
      if (this.service.settings.breaks > 0 && 2 * item.sound >= sound.length) {
        this.service.settings.breaks--;
        return this.#fail(response);
      }
      if (item.sound < sound.length) return this.#later(this.service.settings.gap_ms, piece);
      this.#send('response.output_audio.done', place);
      this.#send('response.output_audio_transcript.done', {...place, transcript: text});
      return then();
    };
    piece();
  }

  #call(response, {name, arguments: args}) {
    const text = typeof args === 'string' ? args : JSON.stringify(args ?? {});
    const item = {id: id('item'), type: 'function_call', call_id: id('call'), name, arguments: text};
    const place = {response_id: response.id, item_id: item.id, output_index: response.output.length};
    response.output.push(item);
    this.items.push(item);
    this.#send('response.output_item.added', {...place, item});
    this.#send('response.function_call_arguments.delta', {...place, call_id: item.call_id, delta: text});
    this.#send('response.function_call_arguments.done', {...place, call_id: item.call_id, name, arguments: text});
  }

  #fail(response) {
    const error = {type: 'server_error', code: 'rate_limit_exceeded', message: 'Rate limit reached'};
    return this.#done(response, 'failed', {error});
  }

  #done(response, status, why) {
    this.response = null;
    const details = why ? {type: status, ...why} : null;
    this.#send('response.done', {response: {object: 'realtime.response', id: response.id, status, status_details: details,
      output: response.output.map(({sound, ...item}) => item), usage: {}}});
  }

  #cancel(event) {
    if (this.response && this.service.settings.cancels_late) this.#done(this.response, 'completed');
    if (!this.response || (event.response_id ?? this.response.id) !== this.response.id)
      return this.#error('response_cancel_not_active', 'Cancellation failed: no active response found', event);
    const response = this.response;
    return this.#later(this.service.settings.cancel_ms, () => {
      if (this.response === response) this.#done(response, 'cancelled', {reason: 'client_cancelled'});
    });
  }
}
