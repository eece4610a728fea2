// The nginx of the running system as the doors of its calls: reloaded, upgraded, and a second one
// beside it.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {env, RUN_DIR} from './env.mjs';
import {request} from '../../sim/lib/client.mjs';
import {childrenOf, kill, nginxWorkers, pidOf, signal} from './processes.mjs';
import {waitFor} from './wait.mjs';

const PID_FILE = `${RUN_DIR}/nginx/nginx.pid`;
const masterNow = () => Number(readFileSync(PID_FILE, 'utf8'));
const workersOf = (master) => childrenOf(master, /worker process/);

// New workers take the calls to come; gives the old ones, which have theirs until they end.
export async function reload() {
  const master = masterNow();
  const old = workersOf(master);
  signal(master, 'SIGHUP');
  await waitFor('new nginx workers', () => workersOf(master).filter((pid) => !old.includes(pid)).length > 0);
  return old;
}

/*
 * Another program in the place of the one that runs (nginx' documentation, "Upgrading Executable
 * on the Fly"). Gives the old master and its workers. Who asks for the process `nginx` from then
 * on gets the new master.
 */
export async function upgrade() {
  const old = masterNow();
  const workers = workersOf(old);
  signal(old, 'SIGUSR2');
  const master = await waitFor('another master', () => masterOtherThan(old));
  await waitFor('its workers', () => workersOf(master).length > 0);
  signal(old, 'SIGWINCH');
  signal(old, 'SIGQUIT');
  adopt(master);
  return [old, ...workers];
}

// While the old master renames its file there may be none.
function masterOtherThan(old) {
  try {
    const pid = masterNow();
    return pid !== old && pid;
  } catch (e) {
    if (e.code === 'ENOENT') return 0;
    throw e;
  }
}

// As t/stack/common.sh knows a process: its id, and when it began.
function adopt(pid) {
  const began = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[19];
  writeFileSync(`${RUN_DIR}/pids/nginx.pid`, `${pid}\n${began}\n`);
}

// nginx and all its workers, without a word.
export async function killNginx() {
  const [master, workers] = [pidOf('nginx'), nginxWorkers()];
  for (const pid of [master, ...workers]) signal(pid, 'SIGKILL');
  for (const pid of [master, ...workers]) await kill(pid);
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// A second nginx of the same configuration on ports of its own: {url, stop}.
export async function secondNginx() {
  const dir = mkdtempSync(path.join(tmpdir(), 'va-nginx-'));
  const [secure, plain] = [await freePort(), await freePort()];
  const conf = readFileSync(`${RUN_DIR}/nginx.conf`, 'utf8')
                   .replace(`listen  127.0.0.1:${env.VA_TLS_PORT} `, `listen  127.0.0.1:${secure} `)
                   .replace(`listen  127.0.0.1:${env.VA_HTTP_PORT};`, `listen  127.0.0.1:${plain};`)
                   .replaceAll(/(_temp_path\s+)\S*\/(\w+);/g, `$1${dir}/$2;`);
  const file = `${RUN_DIR}/nginx-second.conf`;  // beside the files it names
  writeFileSync(file, conf);
  const child = spawn('/usr/sbin/nginx', ['-c', file, '-p', dir, '-e', `${RUN_DIR}/log/nginx-second.log`,
    '-g', `daemon off; pid ${dir}/nginx.pid;`], {stdio: 'ignore'});
  const url = `https://127.0.0.1:${secure}`;
  await waitFor('the second nginx', () => request(`${url}/ready`).then((a) => a.status === 200, () => false));
  return {
    url,
    stop: async () => {
      await kill(child.pid, 'SIGTERM');
      rmSync(dir, {recursive: true});
      rmSync(file);
    },
  };
}
