import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';

import {request, useDoors} from '../lib/client.mjs';
import {parseXml} from '../lib/xml.mjs';

// A certificate for a public name that no resolver knows, signed by itself.
const dir = mkdtempSync(path.join(os.tmpdir(), 'va-client-'));
after(() => rmSync(dir, {recursive: true}));
execFileSync(
    'openssl',
    [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days',
      '2', '-subj', '/CN=agent.example.test', '-addext', 'subjectAltName=DNS:agent.example.test',
      '-keyout', `${dir}/key.pem`, '-out', `${dir}/cert.pem`
    ],
    {stdio: 'ignore'});

async function listening(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return server.address().port;
}

test('the public address is reached locally, over the private authority', async () => {
  const secure = https.createServer(
      {key: readFileSync(`${dir}/key.pem`), cert: readFileSync(`${dir}/cert.pem`)}, (req, res) => {
        res.end(`${req.headers.host} ${req.url}`);
      });
  const port = await listening(secure);
  Object.assign(process.env, {
    VA_PUBLIC_URL: 'https://agent.example.test',
    VA_URL: `https://127.0.0.1:${port}`,
    VA_CA_FILE: `${dir}/cert.pem`
  });
  const res = await request('https://agent.example.test/a?b=1#rc=2');
  assert.equal(res.body.toString(), 'agent.example.test /a?b=1');
  await assert.rejects(
      request(`https://localhost:${port}/`), (e) => e.phase === 'connect',
      'the certificate has another name');
});

test('what fails before anything was sent is told from what fails behind', async () => {
  const silent = http.createServer(() => {});
  const closing = net.createServer((socket) => socket.once('data', () => socket.destroy()));
  const cut = net.createServer(
      (socket) => socket.once(
          'data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf')));
  const nobody = net.createServer();
  const free = await listening(nobody);
  nobody.close();
  const to = (port) => `http://127.0.0.1:${port}/`;
  const mute = to(await listening(silent));
  await assert.rejects(
      request(to(free)), (e) => e.phase === 'connect' && e.code === 'ECONNREFUSED');
  await assert.rejects(request(mute, {readMs: 50}), (e) => e.phase === 'read');
  await assert.rejects(request(mute, {totalMs: 50}), (e) => e.phase === 'total');
  await assert.rejects(request(to(await listening(closing))), (e) => e.phase === 'read');
  await assert.rejects(request(to(await listening(cut))), (e) => e.phase === 'read');
  silent.closeAllConnections();
});

test('a body goes with its length, or in pieces', async () => {
  const seen = [];
  const server = http.createServer(async (req, res) => {
    let size = 0;
    for await (const piece of req) size += piece.length;
    seen.push([req.headers['content-length'], req.headers['transfer-encoding'], size]);
    res.end();
  });
  const url = `http://127.0.0.1:${await listening(server)}/`;
  await request(url, {method: 'POST', body: 'é'.repeat(10)});
  await request(url, {method: 'POST', body: 'x'.repeat(50000), chunked: true});
  assert.deepEqual(seen, [['20', undefined, 20], [undefined, 'chunked', 50000]]);
});

test('XML is read strictly', () => {
  const say = parseXml(
      '<?xml version="1.0"?>\n<Response a="1 &amp; 2"><!-- x --><Say voice=\'v\'>Hi &lt;b&gt; &#233;<![CDATA[<&]]></Say><Hangup/></Response>\n');
  assert.equal(say.attributes.a, '1 & 2');
  assert.deepEqual(
      say.children.map((c) => [c.name, c.text]), [['Say', 'Hi <b> é<&'], ['Hangup', '']]);
  const broken = [
    '', 'text', '<a>', '<a></b>', '<a b=1/>', '<a b="1" b="2"/>', '<a>&</a>', '<a>&nbsp;</a>',
    '<a>&amp</a>', '<a/><b/>', '<a b="<"/>', '<a>\x01</a>', '<a', '<a><!-- </a>', '< a/>',
    '<a>x</a>y'
  ];
  for (const text of broken) assert.throws(() => parseXml(text), /XML/, text);
});

test('of several doors the first that takes a connection is gone through', async () => {
  const door = (name) => listening(http.createServer((req, res) => res.end(name)));
  const closed = http.createServer();
  const gone = await listening(closed);
  closed.close();
  const ports = [gone, await door('second'), await door('third')];
  Object.assign(process.env, {VA_PUBLIC_URL: 'https://agent.example.test', VA_URL: 'http://127.0.0.1:1'});
  useDoors(ports.map((port) => `http://127.0.0.1:${port}`));
  after(() => useDoors([]));
  const {body} = await request('https://agent.example.test/x');
  assert.equal(body.toString(), 'second');
});
