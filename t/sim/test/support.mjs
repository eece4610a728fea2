// A simulator and an application for it to talk to, both in this process.
import {once} from 'node:events';
import http from 'node:http';
import {after} from 'node:test';

import {request} from '../lib/client.mjs';

export {waitFor as until} from '../../e2e/lib/wait.mjs';

// Starts the simulator on a free port; gives its base address.
export async function start(sim) {
  const server = await sim.listen(0);
  after(() => close(server));
  return `http://127.0.0.1:${server.address().port}`;
}

/*
 * The application: records requests, answers with what `answer(req)` returns
 * ({status, headers, body}), 200 and nothing by default.
 */
export async function application(answer = () => ({})) {
  const app = {received: [], answer};
  const server = http.createServer(async (message, res) => {
    let body = '';
    for await (const piece of message) body += piece;
    const req = {method: message.method, path: message.url, headers: message.headers, body};
    app.received.push(req);
    const {status = 200, headers = {}, body: text = '', drop} = app.answer(req) ?? {};
    if (drop) return res.socket.destroy();
    res.writeHead(status, headers);
    return res.end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => close(server));
  app.url = `http://127.0.0.1:${server.address().port}`;
  return app;
}

function close(server) {
  server.closeAllConnections?.();
  return new Promise((resolve) => {
    server.close(resolve);
  });
}

// The simulator's own interface: sim(base).post('/_sim/sms', {...}), and so on.
export function control(base) {
  const call = async (method, path, body) => {
    const res = await request(base + path, {
      method,
      headers: {'content-type': 'application/json'},
      body: body === undefined ? undefined : JSON.stringify(body)
    });
    return {status: res.status, body: JSON.parse(res.body.toString() || 'null')};
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body = {}) => call('POST', path, body),
    requests: async (since = 0) => (await call('GET', `/_sim/requests?since=${since}`)).body,
    deliveries: async (since = 0) => (await call('GET', `/_sim/deliveries?since=${since}`)).body,
  };
}
