// The processes of the running system, for tests that stop, kill and start them. A name is
// that of a file in .run/pids/: nginx, worker, redis, postgres, sim-twilio, …
import {readdirSync, readFileSync} from 'node:fs';

import {run} from './command.mjs';
import {env, RUN_DIR} from './env.mjs';
import {waitFor} from './wait.mjs';

export const pidOf = (name) =>
    Number(readFileSync(`${RUN_DIR}/pids/${name}.pid`, 'utf8').split('\n')[0]);

// {state, parent} of a process (proc(5), stat); undefined when there is none.
function look(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return {state: fields[0], parent: Number(fields[1])};
  } catch {
    return undefined;
  }
}

export function alive(pid) {
  const process = look(pid);
  return process !== undefined && process.state !== 'Z';
}

// What a process calls itself: its title for nginx, its role for the workers.
function title(pid) {
  const file = (name) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  try {
    return `${file('comm')} ${file('cmdline').replaceAll('\0', ' ')}`;
  } catch {
    return '';
  }
}

// Its living children whose title matches.
export function childrenOf(pid, titled = /(?:)/) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((p) => look(p)?.parent === pid && alive(p) && titled.test(title(p)));
}

// What it alone takes of memory, with its share of what it has in common with others; bytes.
export function pss(pid) {
  const kib = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1];
  return Number(kib) * 1024;
}

export const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

export const nginxWorkers = () => childrenOf(pidOf('nginx'), /worker process/);
export const jobProcesses = () => childrenOf(pidOf('worker'), /^jobs/);
export const voiceProcesses = () => childrenOf(pidOf('worker'), /^voice/);

// False when it was gone already.
export function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch (e) {
    if (e.code === 'ESRCH') return false;
    throw e;
  }
}

// Gone when this returns.
export async function kill(pid, by = 'SIGKILL', limitMs = undefined) {
  signal(pid, by);
  await waitFor(`the end of process ${pid}`, () => !alive(pid), limitMs);
}

// As a service manager does with what died: the same command line and settings, with more
// arguments for this time.
export const startAgain = (name, ...more) =>
    run(`${env.VA_ROOT}/t/stack/again.sh`, [name, ...more.map(String)]);

// Runs what is given while the processes are stopped (SIGSTOP), and lets them go on.
export async function whileStopped(pids, work) {
  pids.forEach((pid) => signal(pid, 'SIGSTOP'));
  try {
    return await work();
  } finally {
    pids.forEach((pid) => signal(pid, 'SIGCONT'));
  }
}
