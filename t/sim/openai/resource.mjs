// What OpenAI's endpoints share: errors, request ids, a count of tokens.
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

export const newId = (prefix) => prefix + randomBytes(12).toString('base64url');
export const unixNow = () => Math.floor(Date.now() / 1000);

// OpenAI's error body. Most are of one type.
export const refuse =
    (status, code, message, {param = null, type = 'invalid_request_error', headers} = {}) =>
        json(status, {error: {message, type, param, code}}, headers);

export const missingParameter = (param) =>
    refuse(400, 'missing_required_parameter', `Missing required parameter: '${param}'.`, {param});

// The first thing the description finds wrong.
export function invalidBody(problems) {
  const missing = problems.find((p) => p.path.length === 0 && /required/.test(p.message));
  const name = missing && /'(\w+)'/.exec(missing.message)?.[1];
  if (name) {
    return refuse(
        400, 'missing_required_parameter', `Missing required parameter: '${name}'.`, {param: name});
  }
  const [{path, message}] = problems;
  const param = path.join('.');
  return refuse(400, 'invalid_value', `Invalid value for '${param}': ${message}`, {param});
}

export function identified(answer) {
  answer.headers = {
    'openai-organization': 'org-sim',
    'openai-version': '2020-10-01',
    'openai-processing-ms': '5',
    'x-request-id': newId('req_'),
    ...answer.headers,
  };
  return answer;
}

// English has about four characters to a token; at least one where there is text.
export const tokensOf = (text) => Math.ceil((text ?? '').length / 4);

// The text of a message's content, which is a text or a list of parts.
export const textOf = (content) =>
    (Array.isArray(content) ? content.map((part) => part.text ?? '').join('\n') : content ?? '');
