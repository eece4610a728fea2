// POST /v1/chat/completions: the rules the description cannot express, and the model's
// answer in the shape of the service, whole or as a stream.
import {json, Pieces} from '../lib/server.mjs';

import {missingParameter, newId, refuse, textOf, tokensOf, unixNow} from './resource.mjs';
import {strictProblem} from './strict.mjs';

const CONTEXT = 400000;  // tokens
const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'];
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

export class Chat {
  constructor({model, description}) {
    Object.assign(this, {model, description});
  }

  create(req) {
    const request = req.body;
    for (const rule of RULES) {
      const refused = rule(request);
      if (refused) return refused;
    }
    const said = this.model.answer(request);
    const completion = complete(request, said);
    return request.stream ? this.#streamed(request, completion, said.cut) : json(200, completion);
  }

  #streamed(request, completion, cut) {
    const chunks = chunksOf(request, completion);
    for (const chunk of chunks) {
      const [wrong] = this.description?.named('CreateChatCompletionStreamResponse', chunk) ?? [];
      if (wrong) throw new Error(`our own chunk breaks the description: ${JSON.stringify(wrong)}`);
    }
    const lines = [...chunks.map((c) => JSON.stringify(c)), '[DONE]'].map((l) => `data: ${l}\n\n`);
    return {
      status: 200,
      body: new Pieces(lines, {gapMs: this.model.gapMs, cut}),
      headers: {'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache'},
    };
  }
}

const RULES = [
  requiredParts, knownModel, parametersOfModel, toolsAndChoice, responseFormat, streamOptions,
  toolMessages, contextLength
];

function requiredParts(request) {
  const param = ['model', 'messages'].find((name) => !request[name]);
  if (param) return missingParameter(param);
  const i = request.messages.findIndex((m) => !ROLES.includes(m.role));
  return i < 0 ? undefined :
                 refuse(
                     400, 'invalid_value',
                     `Invalid value: '${request.messages[i].role}'. Supported values are: ${
                         ROLES.join(', ')}.`,
                     {param: `messages[${i}].role`});
}

function knownModel({model}) {
  if (/^(gpt-\d|o\d|chatgpt-)/.test(model) && !/(realtime|audio|transcribe|tts|image)/.test(model))
    return undefined;
  return refuse(
      404, 'model_not_found',
      `The model \`${model}\` does not exist or you do not have access to it.`);
}

// Models that reason take neither the old limit nor a temperature.
function parametersOfModel({model, max_tokens, temperature, reasoning_effort}) {
  const always = /^o\d|^gpt-5(-|$)/.test(model);
  const reasons = always || (/^gpt-[5-9]/.test(model) && (reasoning_effort ?? 'none') !== 'none');
  if ((always || /^gpt-[5-9]/.test(model)) && (max_tokens ?? null) !== null) {
    return refuse(
        400, 'unsupported_parameter',
        'Unsupported parameter: \'max_tokens\' is not supported with this model. Use \'max_completion_tokens\' instead.',
        {param: 'max_tokens'});
  }
  if (reasons && (temperature ?? 1) !== 1) {
    return refuse(
        400, 'unsupported_value',
        `Unsupported value: 'temperature' does not support ${
            temperature} with this model. Only the default (1) value is supported.`,
        {param: 'temperature'});
  }
  return undefined;
}

function toolsAndChoice({tools, tool_choice, parallel_tool_calls}) {
  if (!tools) {
    const alone = tool_choice !== undefined ? 'tool_choice' :
        parallel_tool_calls !== undefined   ? 'parallel_tool_calls' :
                                              undefined;
    return alone &&
        refuse(400, null, `'${alone}' is only allowed when 'tools' are specified.`, {param: alone});
  }
  for (const [i, {function: f}] of tools.entries()) {
    const param = `tools[${i}].function`;
    if (f && !NAME.test(f.name)) {
      return refuse(
          400, 'invalid_value',
          `Invalid '${param}.name': string does not match pattern '${NAME.source}'.`,
          {param: `${param}.name`});
    }
    const problem = f?.strict && strictProblem(f.parameters);
    if (problem) {
      return refuse(
          400, 'invalid_function_parameters', `Invalid schema for function '${f.name}': ${problem}`,
          {param: `${param}.parameters`});
    }
  }
  const wanted = tool_choice?.function?.name;
  return wanted && !tools.some((t) => t.function?.name === wanted) ?
      refuse(
          400, null,
          `Invalid value for 'tool_choice': no function named '${wanted}' was specified.`,
          {param: 'tool_choice'}) :
      undefined;
}

function responseFormat({response_format: format, messages}) {
  if (format?.type === 'json_object' && !messages.some((m) => /json/i.test(textOf(m.content)))) {
    return refuse(
        400, null,
        '\'messages\' must contain the word \'json\' in some form, to use \'response_format\' of type \'json_object\'.',
        {param: 'messages'});
  }
  if (format?.type !== 'json_schema') return undefined;
  const {name, strict, schema} = format.json_schema;
  if (!NAME.test(name)) {
    return refuse(
        400, 'invalid_value',
        `Invalid 'response_format.json_schema.name': string does not match pattern '${
            NAME.source}'.`,
        {param: 'response_format.json_schema.name'});
  }
  const problem = strict && strictProblem(schema);
  return problem ? refuse(
                       400, null, `Invalid schema for response_format '${name}': ${problem}`,
                       {param: 'response_format'}) :
                   undefined;
}

function streamOptions({stream, stream_options}) {
  return stream_options && !stream ?
      refuse(
          400, null, 'The \'stream_options\' parameter is only allowed when \'stream\' is enabled.',
          {param: 'stream_options'}) :
      undefined;
}

// Each call of a tool is answered right behind the message that made it, and nothing else is.
function toolMessages({messages}) {
  let open = new Set();
  for (const [i, m] of messages.entries()) {
    if (m.role === 'tool') {
      if (!open.delete(m.tool_call_id)) return strayToolMessage(i);
    } else {
      if (open.size > 0) return unansweredCalls(open);
      open = new Set((m.tool_calls ?? []).map((c) => c.id));
    }
  }
  return open.size > 0 ? unansweredCalls(open) : undefined;
}

const strayToolMessage = (i) => refuse(
    400, null,
    'Invalid parameter: messages with role \'tool\' must be a response to a preceeding message with \'tool_calls\'.',
    {param: `messages.[${i}].role`});

const unansweredCalls = (open) => refuse(
    400, null,
    `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${
            [...open].join(', ')}`,
    {param: 'messages'});

function contextLength(request) {
  const asked = promptTokens(request);
  return asked > CONTEXT ?
      refuse(
          400, 'context_length_exceeded',
          `This model's maximum context length is ${
              CONTEXT} tokens. However, your messages resulted in ${asked} tokens.`,
          {param: 'messages'}) :
      undefined;
}

const promptTokens = ({messages, tools}) =>
    messages.reduce((n, m) => n + 4 + tokensOf(textOf(m.content) + callsText(m.tool_calls)), 3) +
    tokensOf(tools ? JSON.stringify(tools) : '');

const callsText = (calls) => (calls ? JSON.stringify(calls) : '');

function complete(request, said) {
  const message = messageOf(request, said);
  const {text, cutOff} = limited(request, message.content);
  const completion_tokens = tokensOf(text ?? '') + tokensOf(callsText(message.tool_calls));
  const prompt_tokens = promptTokens(request);
  const finished = message.tool_calls ? 'tool_calls' : 'stop';
  return {
    id: newId('chatcmpl-'),
    object: 'chat.completion',
    created: unixNow(),
    model: request.model,
    choices: [{
      index: 0,
      message: {...message, content: text},
      logprobs: null,
      finish_reason: cutOff ? 'length' : said.finish_reason ?? finished,
    }],
    usage: {
      prompt_tokens,
      completion_tokens,
      total_tokens: prompt_tokens + completion_tokens,
      prompt_tokens_details: {cached_tokens: 0, audio_tokens: 0},
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0
      },
    },
    service_tier: 'default',
  };
}

function messageOf({parallel_tool_calls = true}, said) {
  const calls = said.tool_calls?.slice(0, parallel_tool_calls ? undefined : 1)
                    .map((c) => ({
                           id: newId('call_'),
                           type: 'function',
                           function: {name: c.name, arguments: asText(c.arguments ?? {})},
                         }));
  const text = said.json === undefined ? said.text : JSON.stringify(said.json);
  return {
    role: 'assistant',
    content: text ?? null,
    refusal: said.refusal ?? null,
    annotations: [],
    ...(calls && {tool_calls: calls}),
  };
}

const asText = (v) => (typeof v === 'string' ? v : JSON.stringify(v));

// What max_completion_tokens leaves of a text.
function limited({max_completion_tokens, max_tokens}, text) {
  const most = max_completion_tokens ?? max_tokens ?? Infinity;
  if (text === null || tokensOf(text) <= most) return {text, cutOff: false};
  return {text: text.slice(0, most * 4), cutOff: true};
}

function chunksOf(request, completion) {
  const {id, created, model, service_tier, usage} = completion;
  const [{message, finish_reason}] = completion.choices;
  const withUsage = request.stream_options?.include_usage === true;
  const chunk = (choices, usageThen = null) => ({
    id,
    object: 'chat.completion.chunk',
    created,
    model,
    service_tier,
    choices,
    ...(withUsage && {usage: usageThen}),
  });
  const delta = (d, finished = null) =>
      chunk([{index: 0, delta: d, logprobs: null, finish_reason: finished}]);
  return [
    ...deltasOf(message).map((d) => delta(d)),
    delta({}, finish_reason),
    ...(withUsage ? [chunk([], usage)] : []),
  ];
}

// A few characters a piece, so that words and arguments come in parts.
function deltasOf({content, refusal, tool_calls = []}) {
  const first = {role: 'assistant', content: tool_calls.length > 0 ? null : '', refusal: null};
  const out = [first, ...parts(content).map((text) => ({content: text}))];
  out.push(...parts(refusal).map((text) => ({refusal: text})));
  tool_calls.forEach((call, index) => {
    const {id, type, function: {name, arguments: text}} = call;
    out.push({tool_calls: [{index, id, type, function: {name, arguments: ''}}]});
    out.push(...parts(text).map((part) => ({tool_calls: [{index, function: {arguments: part}}]})));
  });
  return out;
}

const parts = (text) => text?.match(/[^]{1,6}/gu) ?? [];
