// A call that was registered: the carrier's media stream comes straight to the platform, and the
// agent talks over it. Its client tools have nobody to ask.
import {Talk} from './talk.mjs';

const DONE = 'done';  // the mark behind all that was said

export class RegisteredCall {
  constructor(live, ws, {agent, call}) {
    Object.assign(this, {live, ws, call, agentId: agent, agent: live.agents.get(agent)});
    this.errors = [];
    live.calls.push(this);
    ws.on('message', (data) => this.#receive(JSON.parse(data.toString())));
    ws.on('close', (code) => this.#ended(code));
  }

  shown = () => ({
    agent_id: this.agentId,
    conversation_id: this.conversation?.conversation_id ?? null,
    registered: this.call,
    call_sid: this.callSid ?? null,
    turns: this.talk?.turns ?? [],
    heard_ms: this.talk?.heardMs ?? 0,
    errors: this.errors,
    closed: this.closed ?? null,
  });

  close = () => this.ws.terminate();

  get #told() {
    const {direction, from, to, data} = this.call;
    return {agent_id: this.agentId, direction, caller: from, called: to, call_sid: this.callSid,
            user_id: data.user_id, dynamic_variables: data.dynamic_variables};
  }

  #ended(code) {
    this.closed = code;
    this.talk?.stop();
    this.#store();
  }

  #store() {
    if (this.conversation) this.live.ended(this.conversation, this.talk, this.#told);
  }

  // Whoever asks when the carrier comes back knows it.
  #hangUp() {
    this.#store();
    this.ws.close(1000);
  }

  #receive({event, start, media, mark}) {
    if (event === 'start') return this.#begin(start);
    if (event === 'media') return this.talk?.hear(Buffer.from(media.payload, 'base64'));
    if (event === 'mark' && mark.name === DONE) return this.#hangUp();
    return event === 'stop' ? this.ws.close(1000) : undefined;
  }

  #begin({streamSid, callSid}) {
    Object.assign(this, {stream: streamSid, callSid});
    this.conversation = this.live.began(this.#told);
    this.talk = new Talk({
      agent: this.agent, tools: [], data: this.call.data, model: this.live.model,
      settings: this.live.settings, out: this.#out()
    });
    return this.talk.begin();
  }

  #send = (event, members = {}) => this.ws.readyState === 1 &&
      this.ws.send(JSON.stringify({event, streamSid: this.stream, ...members}));

  #out = () => ({
    sound: (mulaw) => this.#send('media', {media: {payload: mulaw.toString('base64')}}),
    interruption: () => this.#send('clear'),
    end: () => this.#send('mark', {mark: {name: DONE}}),
    tool: async ({name}) => ({result: `nobody answers ${name} here`, is_error: true}),
    tentative: () => undefined,
    transcript: () => undefined,
    response: () => undefined,
    correction: () => undefined,
  });
}
