// The platform's requests to the application: the unsigned one that asks how to begin
// a call, and the signed ones about what happened.
import {createHmac, randomBytes} from 'node:crypto';

import {request} from '../lib/client.mjs';
import {json} from '../lib/server.mjs';

import {check, isText, unixNow} from './resource.mjs';

const WEEK_MS = 7 * 86400e3;

// Webhooks of the workspace: POST|GET /v1/workspace/webhooks, PATCH|DELETE /{id}.
export class WorkspaceWebhooks {
  constructor(all) {
    this.all = all;
  }

  create(req) {
    const wrong = check(req.body, [
      ['settings.auth_type', (v) => v === 'hmac', 'Input should be \'hmac\''],
      ['settings.name', isText, 'Field required'],
      ['settings.webhook_url', (v) => /^https:\/\//.test(v ?? ''), 'Input should be an https URL'],
    ]);
    if (wrong) return wrong;
    const {name, webhook_url: url, request_headers: headers = {}} = req.body.settings;
    const secret = `wsec_${randomBytes(32).toString('hex')}`;
    return json(200, {webhook_id: this.add({name, url, headers, secret}), webhook_secret: secret});
  }

  add({name, url, headers = {}, secret}, id) {
    return this.all.add(
        {
          name,
          url,
          headers,
          secret,
          disabled: false,
          retry: false,
          created: unixNow(),
          failures: 0,
          lastSuccess: 0,
          lastFailure: null
        },
        id);
  }

  list() {
    return json(200, {webhooks: this.all.entries().map(([id, w]) => this.#shown(w, id))});
  }

  patch(req) {
    return this.all.with(req, (w) => {
      const {is_disabled, name, retry_enabled} = req.body ?? {};
      if (is_disabled !== undefined) Object.assign(w, {disabled: is_disabled, failures: 0});
      if (name !== undefined) w.name = name;
      if (retry_enabled !== undefined) w.retry = retry_enabled;
      return json(200, {status: 'ok'});
    });
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      return json(200, {status: 'ok'});
    });
  }

  #shown(w, webhook_id) {
    return {
      name: w.name,
      webhook_id,
      webhook_url: w.url,
      is_disabled: w.disabled,
      is_auto_disabled: autoDisabled(w),
      created_at_unix: w.created,
      auth_type: 'hmac',
      usage: null,
      retry_enabled: w.retry,
      most_recent_failure_error_code: w.lastFailure?.code ?? null,
      most_recent_failure_timestamp: w.lastFailure?.time ?? null,
    };
  }
}

// "Webhooks": switched off after 10 failures in a row without a success in 7 days.
const autoDisabled = (w) => w.failures >= 10 && Date.now() - w.lastSuccess > WEEK_MS;

// HMAC-SHA256 over "t.body" under the secret as it is, in the form the SDK verifies.
export function signature(secret, body, t = unixNow()) {
  const v0 = createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
  return `t=${t},v0=${v0}`;
}

export class Platform {
  constructor({sim, agents, secrets, webhooks, numbers, conversations, eventsUrl}) {
    Object.assign(this, {sim, agents, secrets, webhooks, numbers, conversations, eventsUrl});
  }

  /*
   * POST /_sim/initiate {agent_id, caller, called, call_sid}: an incoming call. Asks the
   * application as the agent is configured to; answers with what it said, and what the
   * platform would make of it: missing variables, overrides that are not allowed.
   */
  async initiate(req) {
    const {caller, called, call_sid = `CA${randomBytes(16).toString('hex')}`} = req.body ?? {};
    const agentId = req.body?.agent_id ?? this.#agentOf(called);
    const agent = this.agents.get(agentId);
    if (!agent) return json(404, {error: `no agent ${agentId}, and none answers ${called}`});
    const settings = agent.platform_settings;
    const hook = settings.workspace_overrides?.conversation_initiation_client_data_webhook;
    if (!hook || !settings.overrides?.enable_conversation_initiation_client_data_from_webhook) {
      return json(409, {error: `agent ${agentId} does not ask before a call`});
    }
    const conversation = this.conversations.keep(this.conversations.build(
        {agent_id: agentId, caller, called, call_sid, status: 'in-progress'}));
    const asked = {
      caller_id: caller,
      agent_id: agentId,
      called_number: called,
      call_sid,
      conversation_id: conversation.conversation_id
    };
    const delivery =
        await this.#post('initiation', hook.url, this.#headers(hook.request_headers), asked);
    const heard = readInitiation(delivery, agent);
    if (heard.answer)
      conversation.conversation_initiation_client_data.dynamic_variables = {
        ...conversation.conversation_initiation_client_data.dynamic_variables,
        ...heard.answer.dynamic_variables
      };
    return json(200, {conversation_id: conversation.conversation_id, call_sid, delivery, ...heard});
  }

  /*
   * POST /_sim/post-call: the call is over. type is post_call_transcription (default),
   * post_call_audio or call_initiation_failure; the other members are those of
   * Conversations.build(), and audio_bytes, failure_reason, copies, timestamp.
   */
  async postCall(req) {
    const told = req.body ?? {};
    const type = told.type ?? 'post_call_transcription';
    const known = this.conversations.all.get(told.conversation_id);
    const conversation =
        this.conversations.keep(this.conversations.build({...remembered(known), ...told}));
    const data = {
      post_call_transcription: () => conversation,
      post_call_audio: () => ({
        agent_id: conversation.agent_id,
        conversation_id: conversation.conversation_id,
        full_audio: randomBytes(told.audio_bytes ?? 48000).toString('base64')
      }),
      call_initiation_failure: () => failure(conversation, told),
    }[type];
    if (!data) return json(400, {error: `no such event: ${type}`});
    const wrong = this.sim.description?.named('GetConversationResponseModel', conversation) ?? [];
    if (wrong.length > 0) return json(400, {error: wrong});
    const hook = this.#hookOf(conversation.agent_id);
    if (!hook)
      return json(
          409, {error: `agent ${conversation.agent_id} has no webhook that is switched on`});
    const event = {type, event_timestamp: unixNow(), data: data()};
    const deliveries = await Promise.all(Array.from(
        {length: told.copies ?? 1},
        () => this.#signed(
            type, hook, event, {timestamp: told.timestamp, chunked: type === 'post_call_audio'})));
    return json(200, {conversation_id: conversation.conversation_id, deliveries});
  }

  // POST /_sim/conversation-event {type, agent_id, conversation_id, …}: one event of a live
  // conversation.
  async conversationEvent(req) {
    const {type, ...data} = req.body ?? {};
    if (!isText(type)) return json(400, {error: 'type is missing'});
    const hook = this.#hookOf(data.agent_id);
    if (!hook)
      return json(409, {error: `agent ${data.agent_id} has no webhook that is switched on`});
    const event = {type, event_timestamp: unixNow(), data};
    return json(
        200, {delivery: await this.#signed(type, {...hook, url: this.eventsUrl}, event, {})});
  }

  #agentOf(called) {
    return this.numbers.entries().find(([, n]) => n.phone_number === called)?.[1].agent_id;
  }

  #hookOf(agentId) {
    const own = this.agents.get(agentId)
                    ?.platform_settings?.workspace_overrides?.webhooks?.post_call_webhook_id;
    const hook = own ? this.webhooks.get(own) : this.webhooks.entries()[0]?.[1];
    return hook && !hook.disabled && !autoDisabled(hook) ? hook : undefined;
  }

  // A header's value is a text, or names a secret.
  #headers(configured = {}) {
    return Object.fromEntries(
        Object.entries(configured)
            .map(
                ([
                  k, v
                ]) => [k, typeof v === 'string' ? v : this.secrets.get(v.secret_id)?.value ?? '']));
  }

  async #signed(kind, hook, event, {timestamp, chunked}) {
    const body = JSON.stringify(event);
    const headers = {
      ...this.#headers(hook.headers),
      'elevenlabs-signature': signature(hook.secret, body, timestamp)
    };
    let delivery = await this.#post(kind, hook.url, headers, body, chunked);
    if (delivery.ok === false && hook.retry)
      delivery = await this.#post(kind, hook.url, headers, body, chunked);
    if (delivery.ok)
      Object.assign(hook, {failures: 0, lastSuccess: Date.now()});
    else
      Object.assign(hook, {
        failures: hook.failures + 1,
        lastFailure: {code: delivery.status ?? 0, time: unixNow()}
      });
    return delivery;
  }

  async #post(kind, url, headers, body, chunked = false) {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const record = this.sim.delivery({kind, url, headers, bytes: Buffer.byteLength(text)});
    const start = Date.now();
    try {
      const res = await request(url, {
        method: 'POST',
        chunked,
        body: text,
        headers: {'content-type': 'application/json', 'user-agent': 'ElevenLabs', ...headers}
      });
      Object.assign(record, {status: res.status, body: res.body.toString()});
    } catch (e) {
      record.error = e.message;
    }
    record.ms = Date.now() - start;
    record.ok = record.status >= 200 && record.status < 300;
    return record;
  }
}

// What the platform knows of a conversation by the time it ends.
function remembered(c) {
  const phone = c?.metadata.phone_call;
  if (!phone) return c ? {agent_id: c.agent_id} : {};
  const outbound = phone.direction === 'outbound';
  return {
    agent_id: c.agent_id,
    user_id: c.user_id,
    direction: phone.direction,
    call_sid: phone.call_sid,
    caller: outbound ? phone.agent_number : phone.external_number,
    called: outbound ? phone.external_number : phone.agent_number,
    dynamic_variables: c.conversation_initiation_client_data.dynamic_variables,
  };
}

// failure_reason: busy, no-answer, unknown; the body holds Twilio's own callback.
function failure(conversation, told) {
  const reason = told.failure_reason ?? 'no-answer';
  const phone = conversation.metadata.phone_call;
  return {
    agent_id: conversation.agent_id,
    conversation_id: conversation.conversation_id,
    failure_reason: reason,
    metadata: {
      type: 'twilio',
      body: {
        CallSid: phone?.call_sid ?? '',
        CallStatus: reason === 'unknown' ? 'failed' : reason,
        Direction: 'outbound-api',
        From: phone?.agent_number ?? '',
        To: phone?.external_number ?? '',
        CallDuration: '0',
      }
    },
  };
}

// The variables an agent's texts name, system ones aside.
function variablesOf(agent) {
  const {first_message = '', prompt} = agent.conversation_config.agent ?? {};
  const texts = `${first_message} ${prompt?.prompt ?? ''}`;
  return [...new Set([...texts.matchAll(/\{\{\s*([\w.-]+)\s*\}\}/g)].map((m) => m[1]))].filter(
      (name) => !name.startsWith('system__'));
}

// Paths of an override that the agent's settings do not allow: the platform ignores them.
function notAllowed(override, allowed, path = []) {
  return Object.entries(override ?? {}).flatMap(([k, v]) => {
    const here = [...path, k];
    if (v !== null && typeof v === 'object' && !Array.isArray(v))
      return notAllowed(v, allowed?.[k], here);
    return allowed?.[k] === true ? [] : [here.join('.')];
  });
}

// What is wrong with the answer, and what the platform would take from it.
function readInitiation(delivery, agent) {
  if (!delivery.ok) return {problem: delivery.error ?? `status ${delivery.status}`};
  try {
    const answer = JSON.parse(delivery.body);
    return {answer, ...initiationFaults(answer, agent)};
  } catch (e) {
    return {problem: e.message};
  }
}

// The same of conversation_initiation_client_data, however it came.
export function initiationFaults(answer, agent) {
  const variables = answer.dynamic_variables ?? {};
  const odd = Object.entries(variables).find(
      ([k, v]) => k.startsWith('system__') || !['string', 'number', 'boolean'].includes(typeof v));
  const problem = answer.type !== 'conversation_initiation_client_data' ? `type is ${answer.type}` :
      odd ? `dynamic variable ${odd[0]} is ${JSON.stringify(odd[1])}` :
            undefined;
  const placeholders =
      agent.conversation_config.agent?.dynamic_variables?.dynamic_variable_placeholders ?? {};
  return {
    problem,
    missing_variables:
        variablesOf(agent).filter((name) => !(name in variables) && !(name in placeholders)),
    ignored_overrides: notAllowed(
        answer.conversation_config_override,
        agent.platform_settings.overrides?.conversation_config_override),
  };
}
