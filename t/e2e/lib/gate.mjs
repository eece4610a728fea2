// An nginx of a test's own with a Redis of its own and no workers: for what a location lets
// in. What it accepts stands in the queue and stays there.
import {spawn} from 'node:child_process';
import {chmodSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {run} from './command.mjs';
import {env} from './env.mjs';
import {request} from './http.mjs';
import {kill} from './processes.mjs';
import {waitFor} from './wait.mjs';

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
    const {port} = server.address();
    server.close(() => resolve(port));
  });
});

/*
 * keys: name to secret, each a voiceagent_key; origin: the public one; locations: nginx' own
 * words. The result: url, accepted() (the job documents of the default queue, oldest
 * first), close().
 */
export async function openGate({keys, origin, locations}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'voiceagent-gate-'));
  chmodSync(dir, 0o755);
  const socket = path.join(dir, 'redis.sock');
  const port = await freePort();
  for (const [name, secret] of Object.entries(keys)) writeFileSync(path.join(dir, name), `${secret}\n`);
  writeFileSync(path.join(dir, 'nginx.conf'), `
    load_module ${env.VA_MODULE};
    user ${env.VA_NGINX_USER};
    daemon off;
    pid ${dir}/nginx.pid;
    events {}
    http {
        access_log off;
        client_body_temp_path ${dir}/body;
        proxy_temp_path ${dir}/proxy;
        fastcgi_temp_path ${dir}/fastcgi;
        uwsgi_temp_path ${dir}/uwsgi;
        scgi_temp_path ${dir}/scgi;
        voiceagent_redis unix:${socket};
        voiceagent_public_origin ${origin};
        ${Object.keys(keys).map((name) => `voiceagent_key ${name} file=${dir}/${name};`).join('\n')}
        server {
            listen 127.0.0.1:${port};
            location = /alive { return 204; }
            ${locations}
        }
    }`);
  const start = (command, args) => spawn(command, args, {stdio: 'ignore', cwd: dir});
  const redis = start('redis-server', ['--port', '0', '--unixsocket', socket, '--unixsocketperm', '777', '--save', '']);
  const cli = (...args) => run('redis-cli', ['-s', socket, '--json', ...args]);
  const nginx = start('/usr/sbin/nginx', ['-c', `${dir}/nginx.conf`, '-e', `${dir}/error.log`]);
  const url = `http://127.0.0.1:${port}`;
  const quietly = (promise) => promise.catch(() => undefined);
  await waitFor('the gate\'s Redis', async () => (await quietly(cli('PING'))) !== undefined);
  await waitFor('the gate', async () => (await quietly(request(`${url}/alive`)))?.status === 204);
  return {
    url,
    accepted: async () =>
        JSON.parse(await cli('LRANGE', 'va:{default}:in', '0', '-1')).reverse().map((j) => JSON.parse(j)),
    close: async () => {
      await kill(nginx.pid, 'SIGTERM');
      await kill(redis.pid);
      rmSync(dir, {recursive: true});
    },
  };
}
