// What the figures were measured on.
import os from 'node:os';
import { spawnSync } from 'node:child_process';

/** The first version number in what a program says of itself. */
function version(command, ...args) {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}

export function printMachine() {
  const cpus = os.cpus();
  console.log(`# voiceagent benchmark, ${new Date().toISOString().slice(0, 10)}`);
  console.log(`# ${cpus.length} cores ${cpus[0].model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GB, `
    + `Linux ${os.release()}, load average before ${os.loadavg()[0].toFixed(1)}`);
  console.log(`# nginx ${version('/usr/sbin/nginx', '-v')}, Redis ${version('redis-server', '--version')}, `
    + `PostgreSQL ${version('psql', '--version')}, Node.js ${process.versions.node}`);
  console.log('# server on core 0; load generator and Redis on core 1; PostgreSQL on both');
}
