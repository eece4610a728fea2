// A conversation over the agent's WebSocket: its messages, judged by what the API knows.
import {Ear, silence, speakPcm} from '../lib/speech.mjs';

import {isObject, isText} from './resource.mjs';
import {Talk} from './talk.mjs';
import {initiationFaults} from './webhooks.mjs';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isNumber = Number.isInteger;

// Each message of a client and what its members must be. Sound is the one without a type.
const MESSAGES = {
  conversation_initiation_client_data: {
    conversation_config_override: isObject, custom_llm_extra_body: isObject, dynamic_variables: isObject,
    user_id: isText, source_info: isObject
  },
  pong: {event_id: isNumber},
  client_tool_result: {tool_call_id: isText, result: (v) => typeof v === 'string', is_error: (v) => typeof v === 'boolean'},
  contextual_update: {text: isText},
  user_message: {text: isText},
  user_activity: {},
  feedback: {event_id: isNumber, score: (v) => ['like', 'dislike'].includes(v)},
};

function problemOf(event) {
  const {type, ...members} = event;
  if (type === undefined && Object.keys(event).join() === 'user_audio_chunk')
    return BASE64.test(event.user_audio_chunk) ? undefined : 'user_audio_chunk is no Base64';
  const known = MESSAGES[type];
  if (!known) return `no message of type ${type}`;
  const odd = Object.entries(members).find(([k, v]) => !known[k]?.(v));
  return odd && `${type} with ${odd[0]} = ${JSON.stringify(odd[1])}`;
}

export class SocketConversation {
  #timers = new Set();
  #waiting = new Map();  // tool_call_id → {resolve}
  #late = Buffer.alloc(0);  // of PCM, what the next piece of sound begins with

  constructor(live, ws, {agent}) {
    Object.assign(this, {live, ws, agentId: agent, agent: live.agents.get(agent)});
    this.told = [];    // by the client, without its sound
    this.errors = [];
    this.pings = [];
    this.sent = [];    // the kinds of what it was told, in their order
    this.soundBytes = 0;
    const {asr = {}, tts = {}} = this.agent.conversation_config;
    this.hears = asr.user_input_audio_format ?? 'pcm_16000';
    this.speaks = tts.agent_output_audio_format ?? 'pcm_16000';
    live.sessions.push(this);
    ws.on('message', (data) => this.#receive(data.toString()));
    ws.on('close', (code) => this.#ended(code));
  }

  shown = () => ({
    agent_id: this.agentId,
    conversation_id: this.conversation?.conversation_id ?? null,
    told: this.told,
    turns: this.talk?.turns ?? [],
    speaking: this.talk?.isSpeaking() ?? false,
    errors: this.errors,
    pings: this.pings,
    sent: this.sent,
    heard_ms: this.talk?.heardMs ?? 0,
    sound_bytes: this.soundBytes,
    closed: this.closed ?? null,
  });

  // Without a code the connection breaks.
  close(code) {
    if (code === undefined) this.ws.terminate();
    else this.ws.close(code);
  }

  #ended(code) {
    this.closed = code;
    this.talk?.stop();
    this.#timers.forEach(clearTimeout);
    if (this.conversation) this.live.ended(this.conversation, this.talk, {agent_id: this.agentId});
  }

  #later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    this.#timers.add(timer);
  }

  #send(type, member, event) {
    if (this.ws.readyState !== 1 || this.dead) return;
    this.sent.push(type);
    this.ws.send(JSON.stringify(event === undefined ? {type} : {type, [member]: event}));
  }

  deaden = () => { this.dead = true; };

  #receive(text) {
    let event;
    if (this.dead) return undefined;
    try {
      event = JSON.parse(text);
    } catch {
      event = undefined;
    }
    const problem = isObject(event) ? problemOf(event) : 'no JSON object';
    if (problem) {
      this.errors.push(problem);
      return this.ws.close(1008, 'Invalid message received.');
    }
    if (event.user_audio_chunk !== undefined) return this.#hear(Buffer.from(event.user_audio_chunk, 'base64'));
    this.told.push(event);
    return this.#handle(event);
  }

  #hear(sound) {
    this.soundBytes += sound.length;
    if (this.hears === 'ulaw_8000') return this.talk?.hear(sound);
    // Of other formats only the time is known.
    return this.talk?.hear(silence(sound.length / 2 / Number(this.hears.split('_')[1]) * 1000));
  }

  #handle(event) {
    switch (event.type) {
      case 'conversation_initiation_client_data':
        return this.#begin(event);
      case 'pong':
        return this.#pong(event);
      case 'client_tool_result':
        return this.#toolAnswered(event);
      case 'contextual_update':
        return this.talk?.context(event.text);
      case 'user_message':
        return this.talk?.message(event.text);
      default:
        return undefined;
    }
  }

  // The agent does not begin when a variable is missing or an override is not allowed.
  #begin(data) {
    if (this.talk) return this.errors.push('begun twice');
    const {missing_variables: missing, ignored_overrides: refused, problem} = initiationFaults(data, this.agent);
    const fault = problem ??
        (missing.length > 0 ? `Missing required dynamic variables: ${missing}` : undefined) ??
        (refused.length > 0 ? `Override for field '${refused[0]}' is not allowed by config.` : undefined);
    if (fault) {
      this.errors.push(fault);
      return this.ws.close(1008, fault);
    }
    const {dynamic_variables} = data;
    this.conversation = this.live.began({agent_id: this.agentId, user_id: data.user_id, dynamic_variables});
    this.talk = new Talk({
      agent: this.agent, tools: this.live.toolsOf(this.agent), data, model: this.live.model,
      settings: this.live.settings, out: this.#out()
    });
    this.#send('conversation_initiation_metadata', 'conversation_initiation_metadata_event', {
      conversation_id: this.conversation.conversation_id,
      agent_output_audio_format: this.speaks,
      user_input_audio_format: this.hears
    });
    this.#ping();
    return this.talk.begin();
  }

  #out = () => ({
    sound: (mulaw, event_id) => this.#send('audio', 'audio_event', {audio_base_64: this.#encoded(mulaw), event_id}),
    tentative: (text) => this.#send('tentative_user_transcript', 'tentative_user_transcription_event',
                                    {user_transcript: text, event_id: this.talk.nextEvent()}),
    transcript: (text) => this.#send('user_transcript', 'user_transcription_event',
                                     {user_transcript: text, event_id: this.talk.nextEvent()}),
    response: (text) => this.#send('agent_response', 'agent_response_event',
                                   {agent_response: text, event_id: this.talk.nextEvent()}),
    correction: (before, after) => this.#send('agent_response_correction', 'agent_response_correction_event',
        {original_agent_response: before, corrected_agent_response: after, event_id: this.talk.nextEvent()}),
    interruption: (event_id) => {
      this.#late = Buffer.alloc(0);
      this.#send('interruption', 'interruption_event', {event_id});
    },
    tool: (call) => this.#call(call),
    end: () => {
      this.#send('agent_tool_response', 'agent_tool_response', {
        tool_name: 'end_call', tool_call_id: 'end', tool_type: 'system', is_error: false, is_called: true,
        event_id: this.talk.nextEvent()});
      this.ws.close(1000);
    },
  });

  // PCM: the same words, as they survive another rate.
  #encoded(mulaw) {
    if (this.speaks === 'ulaw_8000') return mulaw.toString('base64');
    const spoken = speakPcm(new Ear().hear(mulaw).join(' '), Number(this.speaks.split('_')[1]));
    const pcm = Buffer.concat([this.#late, spoken]);
    const end = pcm.length - (this.live.settings.half_samples ? 1 : 0);
    this.#late = pcm.subarray(end);
    return pcm.subarray(0, end).toString('base64');
  }

  #call({name, parameters}) {
    const tool_call_id = `tool_call_${this.#waiting.size}_${Date.now()}`;
    this.#send('client_tool_call', 'client_tool_call',
               {tool_name: name, tool_call_id, parameters, event_id: this.talk.nextEvent()});
    return new Promise((resolve) => {
      this.#waiting.set(tool_call_id, {resolve});
      this.#later(this.live.settings.tool_ms, () => resolve({result: 'the tool did not answer', is_error: true}));
    });
  }

  #toolAnswered({tool_call_id, result, is_error}) {
    const waiting = this.#waiting.get(tool_call_id);
    if (!waiting || waiting.answered) return this.errors.push(`no tool call ${tool_call_id} waits`);
    waiting.answered = true;
    return waiting.resolve({result, is_error});
  }

  #ping() {
    const {ping_ms} = this.live.settings;
    if (ping_ms === 0) return;
    const event_id = this.talk.nextEvent();
    this.pings.push({event_id, answered: false});
    this.#send('ping', 'ping_event', {event_id, ping_ms: null});
    this.#later(ping_ms, () => this.#ping());
  }

  #pong({event_id}) {
    const ping = this.pings.find((p) => p.event_id === event_id && !p.answered);
    if (ping) ping.answered = true;
    else this.errors.push(`a pong for ${event_id}, which was no ping's`);
  }
}
