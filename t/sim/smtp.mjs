// A simulated mail server: ESMTP with STARTTLS and AUTH, that keeps what it is given. What
// came is told on an HTTP port beside it, as GET /_sim/requests.
//
//   POST /_sim/refuse  what the server does instead (smtp/misbehaviour.mjs)
import {readFileSync} from 'node:fs';
import path from 'node:path';

import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';
import {Misbehaviour} from './smtp/misbehaviour.mjs';
import {MailServer} from './smtp/server.mjs';

/*
 * login: {user, password}, without which no mail is taken; nobody logs in where it is
 * absent. tls: {key, cert} for STARTTLS. The result's `mail` listens for mail.
 */
export function smtp({login, tls}) {
  const sim = new Sim('smtp');
  const misbehaviour = new Misbehaviour();
  sim.define({
    routes: [],
    control: [['POST', '/_sim/refuse', (req) => misbehaviour.order(req)]],
    missing: () => json(404, {error: 'mail is sent over SMTP'}),
    reset: () => misbehaviour.reset(),
  });
  sim.mail = new MailServer({sim, misbehaviour, login, tls});
  return sim;
}

if (isProgram(import.meta)) {
  const url = new URL(setting('SMTP_URL'));
  const folder = process.env.VA_RUN_DIR;  // without it there is no certificate, and no TLS
  const file = (name) => readFileSync(path.join(folder, 'tls', name));
  const login = url.username &&
      {user: decodeURIComponent(url.username), password: decodeURIComponent(url.password)};
  const tls = folder && {key: file('server.key'), cert: file('server.pem')};
  const sim = smtp({login, tls});
  await sim.mail.listen(Number(url.port));
  await run(sim, setting('SMTP_SIM_URL'));
}
