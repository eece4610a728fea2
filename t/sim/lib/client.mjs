// An HTTP client for talking to the system under test: it trusts the private
// certificate authority, reaches the public address through the local one, and
// tells a connection that failed from an answer that failed.
import {readFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';

let ca;
function privateCa() {
  if (ca === undefined) ca = process.env.VA_CA_FILE ? readFileSync(process.env.VA_CA_FILE) : null;
  return ca ?? undefined;
}

let doors = [];

// The addresses of the system, where it has several: as behind a load balancer, whoever takes a
// connection first, in this order, gets it.
export function useDoors(urls) {
  doors = urls.map((url) => new URL(url));
}

// Where a URL is really reached: the public origin lives at VA_URL on this machine.
function reachedAt(url) {
  const {VA_PUBLIC_URL, VA_URL} = process.env;
  if (VA_PUBLIC_URL && VA_URL && url.origin === new URL(VA_PUBLIC_URL).origin)
    return doors.length > 0 ? doors : [new URL(VA_URL)];
  return [url];
}

// phase: 'connect' (nothing was sent), 'read' (sent, no complete answer), 'total'.
export class RequestError extends Error {
  constructor(phase, cause) {
    super(`${phase}: ${cause?.message ?? cause}`);
    this.phase = phase;
    this.code = cause?.code;
  }
}

// What connect(options) gives at the first place of the URL's that does not refuse.
export async function whereItAnswers(url, connect) {
  const places = reachedAt(url);
  for (const at of places.slice(0, -1)) {
    try {
      return await connect(optionsAt(at, url));
    } catch (e) {
      if (e.code !== 'ECONNREFUSED') throw e;
    }
  }
  return connect(optionsAt(places.at(-1), url));
}

// Options of node:http for a URL; shared with the WebSocket clients.
export const connectOptions = (url) => optionsAt(reachedAt(url)[0], url);

function optionsAt(at, url) {
  return {
    protocol: at.protocol,
    host: at.hostname.replace(/^\[|\]$/g, ''),
    port: at.port || (at.protocol === 'https:' ? 443 : 80),
    path: url.pathname + url.search,
    servername: /^[\d.]+$|^\[/.test(url.hostname) ? '' : url.hostname,
    ca: privateCa(),
    family: at.hostname === 'localhost' ? 4 : undefined,  // the system listens on IPv4
  };
}

/*
 * Starts a request; resolves with node's IncomingMessage once the head of the
 * answer is there. body: Buffer or string; chunked: sent in pieces of 16 KiB
 * without a length. localAddress: where it comes from. The limits are in milliseconds.
 */
export function open(target, {method = 'GET', headers = {}, signal, localAddress, ...how} = {}) {
  const url = new URL(target);
  const request = {method, signal, localAddress, agent: false, headers: {host: url.host, ...headers}};
  return whereItAnswers(url, (place) => openAt({...place, ...request, headers: {...request.headers}}, how));
}

function openAt(options, {body, chunked, connectMs = 5000, readMs = 15000}) {
  const payload = body === undefined ? null : Buffer.from(body);
  if (payload && !chunked) options.headers['content-length'] = payload.length;
  if (payload && chunked) options.headers['transfer-encoding'] = 'chunked';
  return new Promise((resolve, reject) => {
    const secure = options.protocol === 'https:';
    let connected = false;
    const req = (secure ? https : http).request(options, resolve);
    const late =
        setTimeout(() => req.destroy(new Error(`no connection in ${connectMs} ms`)), connectMs);
    req.on('socket', (socket) => {
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        connected = true;
        clearTimeout(late);
        req.setTimeout(readMs, () => req.destroy(new Error(`nothing received for ${readMs} ms`)));
      });
    });
    req.on('error', (e) => {
      clearTimeout(late);
      reject(new RequestError(connected ? 'read' : 'connect', e));
    });
    if (payload && chunked) {
      for (let at = 0; at < payload.length; at += 16384)
        req.write(payload.subarray(at, at + 16384));
      req.end();
    } else {
      req.end(payload ?? undefined);
    }
  });
}

// The whole exchange: {status, headers, body: Buffer}.
export async function request(target, {totalMs = 30000, ...options} = {}) {
  const stop = new AbortController();
  const late = setTimeout(() => stop.abort(), totalMs);
  try {
    const res = await open(target, {...options, signal: stop.signal});
    const pieces = [];
    try {
      for await (const piece of res) pieces.push(piece);
    } catch (e) {
      throw new RequestError('read', e);
    }
    return {status: res.statusCode, headers: res.headers, body: Buffer.concat(pieces)};
  } catch (e) {
    throw stop.signal.aborted ? new RequestError('total', `no answer in ${totalMs} ms`) : e;
  } finally {
    clearTimeout(late);
  }
}
