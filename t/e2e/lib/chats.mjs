// A visitor's chat over a WebSocket, as a browser would speak it: the official client.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';

import WebSocket from 'ws';

import {env} from './env.mjs';
import {waitFor} from './wait.mjs';

export const ORIGIN = 'https://localhost';
export const SHOP = {businessId: 'bici-downtown', key: 'wk_demo_downtown'};
export const WAIT_MS = 30000;

const ca = readFileSync(env.VA_CA_FILE);
const open = [];

export const closeAll = () => open.splice(0).forEach((ws) => ws.terminate());

// From that address of ours, by which visitors are counted.
export function dial(localAddress, {origin = ORIGIN, protocols = [], ...shop} = {}) {
  const query = new URLSearchParams({...SHOP, ...shop});
  const ws = new WebSocket(`${env.VA_URL.replace(/^http/, 'ws')}/api/chat/socket?${query}`,
      protocols, {ca, origin, localAddress, handshakeTimeout: WAIT_MS});
  open.push(ws);
  ws.heard = [];
  ws.on('message', (data, isBinary) => ws.heard.push({isBinary, json: JSON.parse(data)}));
  ws.on('close', (code) => {
    ws.closedWith = code;
  });
  ws.on('error', () => {});  // a refusal is judged by unexpected-response
  return ws;
}

export async function connect(localAddress, options) {
  const ws = dial(localAddress, options);
  await once(ws, 'open', {signal: AbortSignal.timeout(WAIT_MS)});
  return ws;
}

// The next that comes.
export const heard = async (ws) => {
  await waitFor('a message', () => ws.heard.length > 0 || ws.closedWith, WAIT_MS);
  assert.equal(ws.closedWith, undefined);
  return ws.heard.shift().json;
};
export const closed = (ws) => waitFor('the close', () => ws.closedWith, WAIT_MS);
export const write = (ws, message, members) => ws.send(JSON.stringify({message, ...members}));
export const said = (ws, message, members) => {
  write(ws, message, members);
  return heard(ws);
};
