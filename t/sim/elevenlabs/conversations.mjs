// Conversations: started by an incoming or an outgoing call, ended by the one who plays
// the caller (POST /_sim/post-call), listed and read as the platform shows them.
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

import {check, Collection, isE164, isText, newId, page, unixNow} from './resource.mjs';

export class Conversations {
  constructor({agents, numbers}) {
    Object.assign(this, {agents, numbers});
    this.all = new Collection('conv', 'conversation');
  }

  /*
   * The platform's own shape of a conversation (GET /v1/convai/conversations/{id}, and
   * the data of post_call_transcription), from what a test wants to say:
   *   agent_id, conversation_id, caller, called, call_sid, direction, status, duration,
   *   language, cost, turns [{role, message, tool: {name, arguments, result, error}, at}],
   *   successful, title, summary, evaluation {id: result}, data {id: value},
   *   dynamic_variables, user_id, termination_reason
   */
  build(told) {
    const start = unixNow() - (told.duration ?? 0);
    const outbound = told.direction === 'outbound';
    const number = this.numbers.entries().find(
        ([, n]) => n.phone_number === (outbound ? told.caller : told.called));
    return {
      agent_id: told.agent_id,
      agent_name: this.agents.get(told.agent_id)?.name ?? null,
      conversation_id: told.conversation_id ?? newId('conv'),
      status: told.status ?? 'done',
      user_id: told.user_id ?? null,
      transcript: (told.turns ?? []).map(turn),
      metadata: {
        start_time_unix_secs: start,
        accepted_time_unix_secs: start + 1,
        call_duration_secs: told.duration ?? 0,
        cost: told.cost ?? 0,
        termination_reason: told.termination_reason ?? '',
        error: null,
        main_language: told.language ?? null,
        phone_call: told.call_sid === undefined ? null : {
          type: 'twilio',
          direction: outbound ? 'outbound' : 'inbound',
          phone_number_id: number?.[0] ?? '',
          agent_number: outbound ? told.caller : told.called,
          external_number: outbound ? told.called : told.caller,
          call_result: 'answered',
          stream_sid: `MZ${randomBytes(16).toString('hex')}`,
          call_sid: told.call_sid,
        },
      },
      analysis: told.status === undefined || told.status === 'done' ? analysis(told) : null,
      conversation_initiation_client_data: {
        conversation_config_override: {},
        custom_llm_extra_body: {},
        user_id: told.user_id ?? null,
        dynamic_variables: {
          system__agent_id: told.agent_id,
          system__caller_id: told.caller ?? '',
          system__called_number: told.called ?? '',
          system__call_sid: told.call_sid ?? '',
          ...told.dynamic_variables,
        },
      },
      has_audio: false,
      has_user_audio: false,
      has_response_audio: false,
      has_auxiliary_audio: false,
    };
  }

  keep(conversation) {
    this.all.add(conversation, conversation.conversation_id);
    return conversation;
  }

  // POST /v1/convai/twilio/outbound-call: 200 also when nothing was dialled.
  call(req) {
    const {agent_id, agent_phone_number_id, to_number, conversation_initiation_client_data: data} =
        req.body ?? {};
    const wrong = check(req.body, [
      ['agent_id', isText, 'Field required'], ['agent_phone_number_id', isText, 'Field required'],
      ['to_number', isText, 'Field required']
    ]);
    if (wrong) return wrong;
    if (!this.agents.get(agent_id)) return this.agents.missing(agent_id);
    const number = this.numbers.get(agent_phone_number_id);
    if (!number) return this.numbers.missing(agent_phone_number_id);
    if (!isE164(to_number)) {
      return json(200, {
        success: false,
        message: `${to_number} is not a phone number`,
        conversation_id: null,
        callSid: null
      });
    }
    const conversation = this.keep(this.build({
      agent_id,
      caller: number.phone_number,
      called: to_number,
      direction: 'outbound',
      status: 'initiated',
      call_sid: `CA${randomBytes(16).toString('hex')}`,
      user_id: data?.user_id,
      dynamic_variables: data?.dynamic_variables,
    }));
    return json(200, {
      success: true,
      message: 'Success',
      conversation_id: conversation.conversation_id,
      callSid: conversation.metadata.phone_call.call_sid
    });
  }

  list(req) {
    const q = req.query;
    const wanted = {
      agent_id: (c, v) => c.agent_id === v,
      user_id: (c, v) => c.user_id === v,
      call_successful: (c, v) => (c.analysis?.call_successful ?? 'unknown') === v,
      call_start_after_unix: (c, v) => c.metadata.start_time_unix_secs >= Number(v),
      call_start_before_unix: (c, v) => c.metadata.start_time_unix_secs <= Number(v),
    };
    const found = this.all.entries().reverse().filter(
        ([, c]) =>
            Object.entries(wanted).every(([name, test]) => !q.has(name) || test(c, q.get(name))));
    return page(
        req, 'conversations', found, (c) => summary(c, q.get('summary_mode') === 'include'));
  }

  get(req) {
    return this.all.with(req, (c) => json(200, c));
  }

  remove(req) {
    return this.all.with(req, (_, id) => {
      this.all.remove(id);
      return json(200, {});
    });
  }
}

function turn(told, i) {
  const {role, message = null, tool, at = i * 4, interrupted = false} = told;
  const request_id = tool && newId('call');
  return {
    role,
    message,
    time_in_call_secs: at,
    interrupted,
    tool_calls: tool ? [{
      type: 'webhook',
      request_id,
      tool_name: tool.name,
      tool_has_been_called: true,
      params_as_json: JSON.stringify(tool.arguments ?? {})
    }] :
                       [],
    tool_results: tool ? [{
      type: 'webhook',
      request_id,
      tool_name: tool.name,
      is_error: tool.error ?? false,
      result_value: JSON.stringify(tool.result ?? {}),
      tool_has_been_called: true,
      tool_latency_secs: 0.2
    }] :
                         [],
  };
}

const results = (told, id, value) => Object.fromEntries(
    Object.entries(told ?? {}).map(([name, v]) => [name, {[id]: name, [value]: v, rationale: ''}]));

function analysis(told) {
  return {
    call_successful: told.successful ?? 'success',
    call_summary_title: told.title ?? null,
    transcript_summary: told.summary ?? '',
    evaluation_criteria_results: results(told.evaluation, 'criteria_id', 'result'),
    data_collection_results: results(told.data, 'data_collection_id', 'value'),
  };
}

function summary(c, full) {
  return {
    agent_id: c.agent_id,
    agent_name: c.agent_name,
    conversation_id: c.conversation_id,
    start_time_unix_secs: c.metadata.start_time_unix_secs,
    call_duration_secs: c.metadata.call_duration_secs,
    message_count: c.transcript.length,
    status: c.status,
    call_successful: c.analysis?.call_successful ?? 'unknown',
    transcript_summary: full ? c.analysis?.transcript_summary ?? null : null,
    call_summary_title: full ? c.analysis?.call_summary_title ?? null : null,
    direction: c.metadata.phone_call?.direction ?? null,
  };
}
