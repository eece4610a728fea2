import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {after, test} from 'node:test';

import {run} from '../../e2e/lib/command.mjs';
import {smtp} from '../smtp.mjs';

import {control, start} from './support.mjs';

const FROM = 'hello@downtown.example';
const TO = 'owner@downtown.example';
const HEAD = [
  `From: Bici <${FROM}>`, `To: ${TO}`, 'Date: Sun, 01 Nov 2026 10:00:00 +0000',
  'Message-ID: <1@downtown.example>', 'Subject: Missed call'
];
const message = (body = 'John called.', head = HEAD) => `${[...head, '', body].join('\r\n')}\r\n`;

async function setUp(options = {}) {
  const sim = smtp(options);
  const base = await start(sim);
  const {port} = (await sim.mail.listen(0)).address();
  after(() => sim.mail.close());
  // libcurl is what the workers send with.
  const send = (input = message(), args = []) =>
      run('curl',
          [
            '-sS', '--url', `smtp://127.0.0.1:${port}/downtown.example`, '--mail-from', FROM,
            '--mail-rcpt', TO, '--upload-file', '-', '--max-time', '20', ...args
          ],
          {input});
  const ctl = control(base);
  return {port, send, ctl, mails: async () => (await ctl.requests()).filter((r) => r.taken)};
}

// A key and a certificate of 127.0.0.1 that is its own authority.
async function certificate() {
  const dir = mkdtempSync(path.join(tmpdir(), 'smtp-'));
  after(() => rmSync(dir, {recursive: true}));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(dir, name));
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '2',
    '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert
  ]);
  return {file: cert, tls: {key: readFileSync(key), cert: readFileSync(cert)}};
}

test('a mail arrives as it was sent', async () => {
  const {send, mails} = await setUp();
  await send(message('One.\r\n.. two dots\r\n'), ['--mail-rcpt', 'second@downtown.example']);
  const [mail] = await mails();
  assert.deepEqual([mail.from, mail.to], [FROM, [TO, 'second@downtown.example']]);
  assert.equal(mail.subject, 'Missed call');
  assert.equal(mail.headers['message-id'], '<1@downtown.example>');
  assert.equal(mail.text, 'One.\r\n.. two dots\r\n\r\n');
  assert.equal(mail.tls, false);
});

test('words and parts are read in their encodings', async () => {
  const {send, mails} = await setUp();
  const head = [
    ...HEAD.slice(0, -1),
    'Subject: =?UTF-8?B?VsOpbG8=?= =?UTF-8?Q?_pr=C3=AAt?=', 'MIME-Version: 1.0',
    'Content-Type: multipart/alternative; boundary="b1"'
  ];
  const parts = [
    '--b1', 'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable', '', 'Votre v=C3=A9lo est pr=', '=C3=AAt', '--b1',
    'Content-Type: text/html; charset=utf-8', 'Content-Transfer-Encoding: base64', '',
    Buffer.from('<p>prêt</p>').toString('base64'), '--b1--'
  ];
  await send(message(parts.join('\r\n'), head));
  const [mail] = await mails();
  assert.equal(mail.subject, 'Vélo prêt');
  assert.equal(mail.text, 'Votre vélo est prêt');
  assert.equal(mail.html, '<p>prêt</p>');
});

test('what large providers refuse is refused, and told', async () => {
  const {send, ctl, mails} = await setUp();
  const without = (name) => message('x', HEAD.filter((h) => !h.startsWith(name)));
  const wrong = [
    without('From'), without('Date'), without('Message-ID'),
    message('x', [...HEAD, 'From: second@x.example']), message('x', [...HEAD, 'X-Name: é']),
    message('x'.repeat(999))
  ];
  for (const mail of wrong) await assert.rejects(send(mail));
  const answers = (await ctl.requests()).map((r) => r.answer.slice(0, 9));
  assert.deepEqual(
      answers, ['550 5.7.1', '550 5.7.1', '550 5.7.1', '550 5.7.1', '550 5.6.7', '550 5.6.0']);
  await assert.rejects(send(message(), ['--mail-rcpt', 'nobody']), /501/);
  assert.deepEqual(await mails(), []);
});

test('a lone line feed is refused', async () => {
  const {port, mails} = await setUp();
  const commands = ['EHLO x.example', `MAIL FROM:<${FROM}>`, `RCPT TO:<${TO}>`, 'DATA'];
  const socket = net.connect(port, '127.0.0.1');
  const answers = [];
  for await (const piece of socket) {
    answers.push(piece.toString());
    const next = commands.shift();
    if (next)
      socket.write(`${next}\r\n`);
    else if (/^354/.test(piece))
      socket.write(`${message('a\nb')}.\r\n`);
    else if (!socket.writableEnded)
      socket.end('QUIT\r\n');
  }
  assert.ok(answers.some((a) => a.startsWith('550 5.6.11')), answers.join(''));
  assert.deepEqual(await mails(), []);
});

test('STARTTLS and a login', async () => {
  const {file, tls} = await certificate();
  const {send, mails} = await setUp({tls, login: {user: 'bici', password: 'p@ss'}});
  const secure = ['--ssl-reqd', '--cacert', file];
  await assert.rejects(send(message(), secure), /530|Authentication/);
  await assert.rejects(send(message(), [...secure, '--user', 'bici:wrong']), /denied|535/);
  await send(message(), [...secure, '--user', 'bici:p@ss']);
  const [mail] = await mails();
  assert.equal(mail.tls, true);
  assert.match(mail.user, /^bici by (PLAIN|LOGIN)$/);
});

test('without a certificate there is no TLS', async () => {
  const {send} = await setUp();
  await assert.rejects(send(message(), ['--ssl-reqd']));
});

test('it refuses by order, at each point', async () => {
  const {send, ctl, mails} = await setUp();
  const orders = [
    [{at: 'connect', code: 421}, /421/],
    [{at: 'mail', code: 450}, /450/],
    [{at: 'rcpt', code: 550, match: '^owner@', message: '5.1.1 No such user'}, /550/],
    [{at: 'data', code: 451}, /reply/],
  ];
  for (const [order, said] of orders) {
    await ctl.post('/_sim/refuse', order);
    await assert.rejects(send(), said, order.at);
  }
  assert.match((await ctl.requests()).at(-1).answer, /^451/);
  assert.deepEqual(await mails(), []);
  await ctl.post('/_sim/refuse', {at: 'rcpt', code: 550, match: 'somebody else'});
  await send();
  assert.equal((await mails()).length, 1);
  assert.equal((await ctl.post('/_sim/refuse', {at: 'noon', code: 550})).status, 400);
  assert.equal((await ctl.post('/_sim/refuse', {code: 550})).status, 400);
});

test('the answer to a mail is lost, with the mail or without', async () => {
  const {send, ctl, mails} = await setUp();
  await ctl.post('/_sim/refuse', {at: 'data', drop: true});
  await assert.rejects(send());
  assert.deepEqual(await mails(), []);
  await ctl.post('/_sim/refuse', {at: 'data', drop: true, kept: true});
  await assert.rejects(send());
  assert.equal((await mails()).length, 1);
  await ctl.post('/_sim/reset');
  await send();
  assert.equal((await mails()).length, 1);
});
