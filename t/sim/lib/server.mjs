/*
 * What every simulated provider is: an HTTP server on loopback that records what
 * it receives, judges it by the provider's official description where that is at
 * hand, answers from its routes, and can be told to misbehave.
 *
 *   GET  /_sim/requests?since=N    the requests and WebSocket messages after number N
 *   GET  /_sim/invalid?since=N     those of them that break the description, also before a reset
 *   GET  /_sim/deliveries?since=N  what it sent to others, and what they answered
 *   POST /_sim/script              how to answer the next requests (see readScript)
 *   POST /_sim/black               its open WebSockets read and say nothing any more, pings
 *                                  included, though their host takes what they are sent
 *   POST /_sim/reset               forget everything, back to the seeds
 *   GET  /_sim                     who this is and what it judges by
 */
import {once} from 'node:events';
import http from 'node:http';
import {setTimeout as sleep} from 'node:timers/promises';

import {openDescription, SPECS_DIR} from './openapi.mjs';

const MAX_BODY = 64 << 20;

// The members of a script and what they must be (see readScript).
const SCRIPT = {
  method: (v) => /^[A-Z]+$/.test(v),
  path: isPattern,
  times: (v) => Number.isInteger(v) && v > 0,
  status: (v) => Number.isInteger(v) && v >= 200 && v <= 599,
  headers: (v) => v !== null && typeof v === 'object',
  body: () => true,
  delay: (v) => v >= 0,
  drop: (v) => typeof v === 'boolean' || v === 'reset',
  half_open: (v) => typeof v === 'boolean' || v === 'partial',
  cut: (v) => typeof v === 'boolean' || v === 'connection',
  drip: (v) => Number.isInteger(v) && v > 0,
  effect: (v) => typeof v === 'boolean',
};

export class Sim {
  #records = [];
  #invalid = [];
  #deliveries = [];
  #scripts = [];
  #halfOpen = new Set();
  #upgraded = new Set();
  #timers = new Set();

  // spec: file name of the provider's OpenAPI description, if it has one; amendments: what
  // the service has changed since, by name of the schema.
  constructor(name, spec, amendments) {
    this.name = name;
    this.spec = spec;
    this.description = spec ? openDescription(spec, amendments) : null;
  }

  /*
   * What this provider does; called once, before listen().
   *   routes    [[method, '/path/:param', handler, options]]; handler(req) returns
   *             {status, body, headers}, a body that is no text, Buffer or Pieces becomes
   *             JSON;
   *             options.open: admit is not asked
   *   control   routes below /_sim/ of this provider alone
   *   admit     (req) => an answer that refuses, or nothing
   *   invalid   (problems, req) => the answer to a request that breaks the description,
   *             or nothing; without it such a request is only recorded
   *   unknown   (names, req) => the answer to a request with names that the description
   *             does not have, or nothing
   *   tolerated (problem, req) => true for what the service takes, whatever its description says
   *   described (path) => the path the description knows it by
   *   upgrade   (request, socket, head) => takes a WebSocket's connection over
   *   missing   (req, known) => the answer where there is no route; known: the path has
   *             one, with another method
   *   reset     () => back to the seeds
   */
  define({
    routes,
    control = [],
    admit = () => undefined,
    invalid = () => undefined,
    unknown = () => undefined,
    tolerated = () => false,
    described = (path) => path,
    upgrade = (request, socket) => socket.destroy(),
    missing = () => json(404, {}),
    reset = () => {}
  }) {
    this.rules = {admit, invalid, unknown, tolerated, described, upgrade, missing, reset};
    this.routes = compile(routes);
    this.control = compile([
      ['GET', '/_sim', () => this.#about()],
      ['GET', '/_sim/requests', (req) => json(200, after(this.#records, req))],
      ['GET', '/_sim/invalid', (req) => json(200, after(this.#invalid, req))],
      ['GET', '/_sim/deliveries', (req) => json(200, after(this.#deliveries, req))],
      ['POST', '/_sim/script', (req) => this.#script(req)],
      ['POST', '/_sim/black', () => this.#goBlack()],
      ['POST', '/_sim/reset', () => this.#reset()],
      ...control,
    ]);
  }

  // Resolves with the server, listening on loopback.
  async listen(port) {
    const server = http.createServer((req, res) => {
      this.#serve(req, res).catch((e) => {
        console.error(`${this.name}: ${req.method} ${req.url}:`, e);
        if (!res.headersSent)
          send(res, json(500, {sim_error: String(e?.stack ?? e)}));
        else
          res.destroy();
      });
    });
    server.on('upgrade', (req, socket, head) => this.#upgrade(req, socket, head));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  // A WebSocket message, or anything else that came in beside the routes.
  record(entry) {
    const record = {n: this.#records.length + 1, time: new Date().toISOString(), ...entry};
    this.#records.push(record);
    return record;
  }

  // Something sent to others; the caller completes the returned object.
  delivery(entry) {
    const record = {n: this.#deliveries.length + 1, time: new Date().toISOString(), ...entry};
    this.#deliveries.push(record);
    return record;
  }

  // What the provider does later by itself; forgotten by a reset.
  later(ms, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      Promise.resolve().then(act).catch((e) => console.error(`${this.name}:`, e));
    }, ms);
    timer.unref();  // the server keeps the program alive, not its plans
    this.#timers.add(timer);
  }

  async #serve(message, res) {
    const req = await readRequest(message);
    if (req.path === '/_sim' || req.path.startsWith('/_sim/')) {
      return send(
          res, await dispatch(this.control, req, () => json(404, {error: `no ${req.path} here`})));
    }
    const verdict = this.#judge(req);
    const record = this.record({
      method: req.method,
      path: req.path,
      query: listed(req.query),
      headers: req.headers,
      body: req.body,
      problems: verdict.problems.map(told),
      unknown: verdict.unknown,
    });
    this.#noteInvalid(record);
    const script = this.#takeScript(req);
    if (script?.delay) await sleep(script.delay);
    const answer = await this.#decide(script, req, verdict);
    const lost = script?.drop || script?.half_open;
    record.answer = {status: answer?.status, body: answer?.body, ...(lost && {lost: true})};
    if (lost) return this.#misbehave(script, res);
    return script?.cut || script?.drip ? sendBadly(res, answer, script) : send(res, answer);
  }

  // A WebSocket's handshake; scripted as method WEBSOCKET.
  async #upgrade(req, socket, head) {
    const path = new URL(req.url, 'http://sim.invalid').pathname;
    const script = this.#takeScript({method: 'WEBSOCKET', path});
    if (script?.delay) await sleep(script.delay);
    if (!script?.drop && !script?.half_open && !script?.status) {
      this.#upgraded.add(socket);
      socket.on('close', () => this.#upgraded.delete(socket));
      return this.rules.upgrade(req, socket, head);
    }
    this.record({method: 'WEBSOCKET', path, headers: req.headers, answer: {status: script.status}});
    socket.on('error', () => socket.destroy());
    if (script.drop) return socket.destroy();
    if (script.status) return refuseUpgrade(socket, script.status);
    this.#halfOpen.add(socket);
    return socket.on('close', () => this.#halfOpen.delete(socket));
  }

  // The provider's own answer, or the scripted one in its place; null when there is none.
  async #decide(script, req, verdict) {
    if (!script || script.effect || isAnswered(script)) {
      const own = await this.#answer(req, verdict);
      return script?.status === undefined ? own : scripted(script);
    }
    return script.status === undefined ? null : scripted(script);
  }

  #judge(req) {
    if (!this.description) return {problems: [], unknown: []};
    const form = req.kind === 'form';
    const path = this.rules.described(req.path);
    const {problems, unknown} =
        this.description.request(req.method, path, {query: req.query, body: req.body, form});
    return {problems: problems.filter((p) => !this.rules.tolerated(p, req)), unknown};
  }

  #noteInvalid({method, path, headers, problems, unknown}) {
    if (problems.length + unknown.length === 0) return;
    const agent = headers['user-agent'];
    this.#invalid.push({n: this.#invalid.length + 1, method, path, agent, problems, unknown});
  }

  async #answer(req, verdict) {
    const {admit, invalid, unknown, missing} = this.rules;
    const answer = await dispatch(
        this.routes, req, missing,
        (route) => (route.options.open ? undefined : admit(req)) ??
            (verdict.problems.length > 0 ? invalid(verdict.problems, req) : undefined) ??
            (verdict.unknown.length > 0 ? unknown(verdict.unknown, req) : undefined));
    const wrong = isText(answer.body) || answer.body instanceof Pieces ?
        [] :
        this.description?.answer(
            req.method, this.rules.described(req.path), answer.status, answer.body);
    if (wrong?.length > 0) {
      throw new Error(`our own answer breaks the description: ${wrong.map(told).join('; ')}`);
    }
    return answer;
  }

  // A connection closed without an answer, or one that stays open in silence.
  #misbehave(script, res) {
    if (script.half_open) {
      this.#halfOpen.add(res);
      res.on('close', () => this.#halfOpen.delete(res));
      if (script.half_open === 'partial') res.write('{"');
    } else if (script.drop === 'reset') {
      res.socket.resetAndDestroy();
    } else {
      res.socket.destroy();
    }
  }

  #goBlack() {
    for (const socket of this.#upgraded) {
      socket.pause();
      socket.write = () => true;
    }
    return json(200, {});
  }

  #about() {
    return json(200, {
      name: this.name,
      judged_by: this.description ? this.spec : `own rules only: no description in ${SPECS_DIR}`,
    });
  }

  #script(req) {
    const scripts = [req.body].flat();
    const wrong = scripts.map(readScript).find((s) => typeof s === 'string');
    if (wrong) return json(400, {error: wrong});
    this.#scripts.push(...scripts.map(readScript));
    return json(200, {queued: this.#scripts.length});
  }

  #takeScript(req) {
    const i = this.#scripts.findIndex(
        (s) => (s.method ? s.method === req.method : req.method !== 'WEBSOCKET') &&
            (!s.path || new RegExp(s.path).test(req.path)));
    if (i < 0) return null;
    const script = this.#scripts[i];
    if (--script.times <= 0) this.#scripts.splice(i, 1);
    return script;
  }

  #reset() {
    this.#records = [];
    this.#deliveries = [];
    this.#scripts = [];
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    for (const res of this.#halfOpen) res.destroy();
    for (const socket of this.#upgraded) {
      if (socket.isPaused()) socket.destroy();  // a black one hears nothing of its end
    }
    this.rules.reset();
    return json(200, {});
  }
}

// The answer to a handshake that is refused.
export function refuseUpgrade(socket, status, headers = {}) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines}Content-Length: 0\r\nConnection: close\r\n\r\n`);
}

/*
 * A body sent piece by piece, gapMs apart; in the record it is one text. cut: after that
 * many pieces the connection is closed.
 */
export class Pieces {
  constructor(list, {gapMs = 0, cut} = {}) {
    Object.assign(this, {list, gapMs, cut});
  }

  toJSON() {
    return this.list.slice(0, this.cut).join('');
  }

  async sendTo(res) {
    for (const piece of this.list.slice(0, this.cut)) {
      if (res.destroyed) return;  // the client has gone
      await new Promise((resolve) => res.write(piece, resolve));
      if (this.gapMs > 0) await sleep(this.gapMs);
    }
    if (this.cut === undefined)
      res.end();
    else
      res.destroy();
  }
}

// Sound, sent in pieces, of 200 ms of telephony if nothing else is said; of the record only its
// length.
export class Sound extends Pieces {
  constructor(bytes, {piece = 1600, ...options} = {}) {
    super(Array.from({length: Math.ceil(bytes.length / piece)},
                     (_, i) => bytes.subarray(piece * i, piece * (i + 1))), options);
  }

  toJSON() {
    return `${this.list.reduce((n, piece) => n + piece.length, 0)} bytes`;
  }
}

export const json = (status, body, headers = {}) => ({status, body, headers});

/*
 * One scripted misbehaviour, a string when it is malformed:
 *   method, path   which request it waits for (path: a regular expression); any if absent.
 *                  WEBSOCKET: a handshake
 *   times          for how many requests (1)
 *   status, headers, body   answered instead of the provider's own answer
 *   delay          milliseconds before anything else
 *   drop           true: the connection is closed without an answer; "reset": by a TCP reset
 *   half_open      true: never answered; "partial": a head and two bytes, then silence
 *   cut            true: the answer ends in its middle, as if that were all; "connection": with
 *                  the connection, which is told from that
 *   drip           milliseconds between any two bytes of the answer
 *   effect         true: what was asked for is done all the same, also without its answer
 */
function readScript(s) {
  if (s === null || typeof s !== 'object') return 'a script is an object or a list of them';
  const {'half-open': dashed, ...script} = s;
  if (dashed !== undefined) script.half_open = dashed;
  const wrong = Object.keys(script).find((k) => !SCRIPT[k]?.(script[k]));
  if (wrong) return `a script's ${wrong} cannot be ${JSON.stringify(script[wrong])}`;
  if (script.status === undefined && (script.body !== undefined || script.headers))
    return 'a body needs a status';
  return {times: 1, ...script};
}

function isPattern(text) {
  try {
    return typeof text === 'string' && Boolean(new RegExp(text));
  } catch {
    return false;
  }
}

// By the provider itself, if late or badly.
const isAnswered = (s) => s.status === undefined && !s.drop && !s.half_open;
const scripted = (s) => ({status: s.status, body: s.body ?? '', headers: s.headers ?? {}});

function compile(routes) {
  return routes.map(
      ([method, path, handler, options = {}]) => ({
        method,
        handler,
        options,
        names: [...path.matchAll(/:(\w+)/g)].map((m) => m[1]),
        pattern: new RegExp(`^${path.replace(/\./g, '\\.').replace(/:\w+/g, '([^/]+?)')}$`),
      }));
}

async function dispatch(routes, req, missing, before = () => undefined) {
  for (const route of routes) {
    const hit = route.method === req.method && route.pattern.exec(req.path);
    if (!hit) continue;
    req.params = Object.fromEntries(route.names.map((n, i) => [n, decodeURIComponent(hit[i + 1])]));
    return before(route) ?? route.handler(req);
  }
  return missing(req, routes.some((route) => route.pattern.test(req.path)));
}

async function readRequest(message) {
  const url = new URL(message.url, 'http://sim.invalid');
  const pieces = [];
  let size = 0;
  for await (const piece of message) {
    size += piece.length;
    if (size > MAX_BODY) throw new Error(`a body over ${MAX_BODY} bytes`);
    pieces.push(piece);
  }
  const raw = Buffer.concat(pieces);
  return {
    method: message.method,
    path: url.pathname,
    query: url.searchParams,
    headers: message.headers,
    raw,
    ...readBody(message.headers['content-type'] ?? '', raw)
  };
}

function readBody(type, raw) {
  if (raw.length === 0) return {kind: 'none', body: undefined};
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return {kind: 'form', body: listed(new URLSearchParams(raw.toString()))};
  }
  if (/^application\/([\w.-]+\+)?json\b/i.test(type) || type === '') {
    try {
      return {kind: 'json', body: JSON.parse(raw.toString())};
    } catch {
      return {kind: 'broken', body: raw.toString()};
    }
  }
  return {kind: 'other', body: `${type}, ${raw.length} bytes`};
}

// Names with one value as text, with several as a list.
function listed(params) {
  const out = {};
  for (const name of params.keys()) {
    const all = params.getAll(name);
    out[name] = all.length > 1 ? all : all[0];
  }
  return out;
}

const after = (list, req) => list.filter((r) => r.n > Number(req.query.get('since') ?? 0));
const told = (p) => `${p.path.join('.') || 'body'}: ${p.message}`;
const isText = (body) => body === undefined || typeof body === 'string' || Buffer.isBuffer(body);

const textOf = (body) => (isText(body) ? (body ?? '') : JSON.stringify(body));
const typeOf = (body) =>
    (isText(body) || body instanceof Pieces ? {} : {'content-type': 'application/json'});

function send(res, {status, body, headers = {}}) {
  res.writeHead(status, {...typeOf(body), ...headers});
  if (body instanceof Pieces) return body.sendTo(res);
  res.end(status === 204 ? undefined : textOf(body));
  return undefined;
}

// Half of the answer, as if it were all of it or until the connection breaks, or byte by byte.
function sendBadly(res, {status, body, headers = {}}, {cut, drip}) {
  const whole = Buffer.from(body instanceof Pieces ? body.toJSON() : textOf(body));
  const bytes = cut ? whole.subarray(0, whole.length >> 1) : whole;
  if (cut === 'connection') {
    res.writeHead(status, {...typeOf(body), ...headers, 'content-length': whole.length});
    res.write(bytes, () => res.destroy());
    return undefined;
  }
  res.writeHead(status, {...typeOf(body), ...headers});
  if (drip) {
    const list = [...bytes].map((byte) => Buffer.of(byte));
    return new Pieces(list, {gapMs: drip}).sendTo(res);
  }
  res.end(bytes);
  return undefined;
}
