/*
 * Live conversations with an agent: over its WebSocket (/v1/convai/conversation, socket.mjs), and
 * as calls that were registered (twilio/register-call, registered.mjs). Addresses are signed, and
 * are good for one conversation begun in time.
 *
 *   GET  /_sim/agent    the conversations over the WebSocket: what they were told, pongs, errors
 *   POST /_sim/agent    how agents behave from now on: DEFAULTS below
 *   POST /_sim/agent-model   what they say (openai/model.mjs)
 *   POST /_sim/agent-close {code}   closes the sockets of all conversations; no code: without a word
 *   POST /_sim/agent-deaden         they take everything and say nothing more; the sockets' own pings are answered
 */
import {WebSocketServer} from 'ws';

import {json} from '../lib/server.mjs';
import {Model} from '../openai/model.mjs';

import {RegisteredCall} from './registered.mjs';
import {check, isText, malformed, newId, refuse} from './resource.mjs';
import {SocketConversation} from './socket.mjs';

const DEFAULTS = {
  signed_ms: 900_000,  // how long an address is good
  ping_ms: 2000,       // 0: never
  gap_ms: 20,          // between two pieces of sound, each 400 ms long
  think_ms: 20,
  tool_ms: 20_000,     // a client's tool has to answer by then
  stale: 0,            // pieces of sound that come behind an interruption all the same
  half_samples: false, // PCM is cut in the middle of a sample
  words_late: false,   // the words of an answer come behind its sound
  refuse: 0,           // connections are answered with that status
};

export const AGENT_SOCKET = '/v1/convai/conversation';
const STREAM = '/v1/convai/twilio/stream/';

export class Live {
  #server = new WebSocketServer({noServer: true});
  #signed = new Map();  // signature → {agent, until, call}

  // isClientData: whether a conversation may begin with that, by the description.
  constructor({sim, agents, tools, conversations, socketUrl, isClientData}) {
    Object.assign(this, {sim, agents, tools, conversations, socketUrl, isClientData});
    this.model = new Model();
    this.sessions = [];
    this.calls = [];
    this.settings = {...DEFAULTS};
  }

  reset() {
    [...this.sessions, ...this.calls].forEach((s) => s.close());
    this.sessions = [];
    this.calls = [];
    this.#signed.clear();
    this.model.reset();
    this.settings = {...DEFAULTS};
  }

  configure({body = {}}) {
    const odd = Object.keys(body).find((k) => !(k in DEFAULTS));
    if (odd) return json(400, {error: `an agent has no ${odd}`});
    Object.assign(this.settings, body);
    return json(200, this.settings);
  }

  show = () => json(200, [...this.sessions, ...this.calls].map((s) => s.shown()));

  closeAll({body}) {
    this.sessions.forEach((s) => s.close(body?.code));
    return json(200, {});
  }

  deadenAll() {
    this.sessions.forEach((s) => s.deaden());
    return json(200, {});
  }

  // GET /v1/convai/conversation/get-signed-url
  signedUrl(req) {
    const agent = req.query.get('agent_id');
    if (!agent) return refuse(400, 'missing_agent_id', 'agent_id is required');
    if (!this.agents.get(agent)) return this.agents.missing(agent);
    const query = new URLSearchParams({agent_id: agent, conversation_signature: this.#sign({agent})});
    return json(200, {signed_url: `${this.socketUrl}${AGENT_SOCKET}?${query}`});
  }

  /*
   * POST /v1/convai/twilio/register-call: a call that came to a number of ours is taken over by
   * the answered TwiML. Newer than the description, which knows what comes with a call alone.
   */
  register(req) {
    const {agent_id: agent, from_number: from, to_number: to, direction = 'inbound',
           conversation_initiation_client_data: data, ...odd} = req.body ?? {};
    const isKnown = (v) => v === undefined || this.isClientData(v);
    const wrong = check(req.body, [
      ['agent_id', isText, 'Field required'],
      ['from_number', (v) => typeof v === 'string', 'Field required'],
      ['to_number', isText, 'Field required'],
      ['direction', (v) => v === undefined || ['inbound', 'outbound'].includes(v), 'Input should be \'inbound\' or \'outbound\''],
      ['conversation_initiation_client_data', isKnown, 'Input should be client data'],
    ]);
    const [name] = Object.keys(odd);
    if (wrong || name) return wrong ?? malformed([{path: [name], message: 'Extra input'}]);
    if (!this.agents.get(agent)) return this.agents.missing(agent);
    const call = {direction, from, to, data: data ?? {}};
    const url = `${this.socketUrl}${STREAM}${this.#sign({agent, call})}`;
    return {
      status: 200,
      headers: {'content-type': 'text/xml'},
      body: `<?xml version="1.0" encoding="UTF-8"?><Response><Connect><Stream url="${url}"/>` +
          '</Connect></Response>'
    };
  }

  #sign(what) {
    const signature = newId('cvtkn');
    this.#signed.set(signature, {...what, until: Date.now() + this.settings.signed_ms});
    return signature;
  }

  // What an address was given for, once; undefined: nothing, or it is too late.
  #redeem(signature) {
    const signed = this.#signed.get(signature);
    this.#signed.delete(signature);
    return signed && Date.now() <= signed.until ? signed : undefined;
  }

  // Takes the connection over, or refuses it as the real one does.
  upgrade(req, socket, head) {
    const url = new URL(req.url, 'http://sim.invalid');
    this.sim.record({method: 'WEBSOCKET', path: url.pathname, query: url.search, headers: req.headers});
    const accept = (Conversation, told) => this.#server.handleUpgrade(
        req, socket, head, (ws) => new Conversation(this, ws, told));
    const refused = this.settings.refuse || this.#admit(url, accept);
    if (refused)
      socket.end(`HTTP/1.1 ${refused} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  }

  #admit(url, accept) {
    if (url.pathname.startsWith(STREAM)) {
      const signed = this.#redeem(url.pathname.slice(STREAM.length));
      return signed?.call ? accept(RegisteredCall, signed) : 403;
    }
    if (url.pathname !== AGENT_SOCKET) return 404;
    const agent = url.searchParams.get('agent_id');
    if (!this.agents.get(agent)) return 404;
    const signature = url.searchParams.get('conversation_signature');
    const isPublic = !this.agents.get(agent).platform_settings.auth?.enable_auth;
    if (signature === null) return isPublic ? accept(SocketConversation, {agent}) : 401;
    const signed = this.#redeem(signature);
    return signed?.agent === agent ? accept(SocketConversation, {agent}) : 403;
  }

  toolsOf = (agent) => (agent.conversation_config.agent?.prompt?.tool_ids ?? [])
      .map((id) => this.tools.get(id)).filter((t) => t?.type === 'client');

  // The conversation as the platform lists it.
  began = (told) => this.conversations.keep(this.conversations.build({...told, status: 'in-progress'}));

  ended(conversation, {turns}, told) {
    const {conversation_id} = conversation;
    this.conversations.keep(this.conversations.build({...told, conversation_id, turns, status: 'done'}));
  }
}
