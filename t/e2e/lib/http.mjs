// Requests to the system: JSON in, JSON out, and a fetch() for SDKs that take one.

import {open, request} from '../../sim/lib/client.mjs';

import {env} from './env.mjs';

export {open, request};

// To notice that nobody answers: a machine that has much else to do may take long.
const PATIENCE = {connectMs: 30000, readMs: 60000, totalMs: 90000};

// A path of the system as a URL.
export const at = (path) => (path.startsWith('/') ? env.VA_URL + path : path);

/*
 * {status, headers, bytes, text, json}; bytes: the body as it came; json is undefined when the answer is no JSON. body: an
 * object is sent as JSON, a text as it is. token: a bearer token.
 */
export async function call(method, path, {body, token, headers = {}, ...options} = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const res = await request(at(path), {
    ...PATIENCE,
    ...options,
    method,
    body: text,
    headers: {
      ...(text !== body && {'content-type': 'application/json'}),
      ...(token && {authorization: `Bearer ${token}`}),
      ...headers,
    },
  });
  const answer = {status: res.status, headers: res.headers, bytes: res.body, text: res.body.toString()};
  try {
    answer.json = JSON.parse(answer.text);
  } catch {
    answer.json = undefined;
  }
  return answer;
}

// As call(), for what must succeed; gives the JSON.
export async function ask(method, path, options) {
  const answer = await call(method, path, options);
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  }
  return answer.json;
}

// The web's fetch(), over the client that trusts the private certificate authority.
export async function fetchSystem(input, init = {}) {
  const res = await open(String(input?.url ?? input), {
    method: init.method ?? 'GET',
    headers: Object.fromEntries(new Headers(init.headers)),
    body: init.body ?? undefined,
    signal: init.signal ?? undefined,
    connectMs: PATIENCE.connectMs,
    readMs: 0,  // a stream may be silent
  });
  const empty = [204, 205, 304].includes(res.statusCode);
  if (empty) res.resume();
  return new Response(
      empty ? null : webStream(res), {status: res.statusCode, headers: flat(res.headers)});
}

// Not Readable.toWeb(): in Node.js 18 it closes a stream twice whose reader has gone.
function webStream(res) {
  const chunks = res[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const {done, value} = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
    cancel: () => void res.destroy(),
  });
}

const flat = (headers) =>
    Object.entries(headers).flatMap(([k, v]) => [v].flat().map((x) => [k, x]));
