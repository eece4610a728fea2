// One nginx with one worker, pinned to core 0, for a candidate of the benchmark.
import { writeFileSync, readFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { start, stop, listening, tree } from './process.mjs';

/**
 * modules: paths of .so files; conf: a file of peers/ with @NAMES@ to fill in.
 * Answers { pid of the worker, stop() }.
 */
export async function nginx({ dir, name, modules, conf, values, port }) {
  const home = join(dir, name);
  mkdirSync(join(home, 'tmp'), { recursive: true });
  const server = Object.entries({ PORT: port, DIR: dir, ...values }).reduce(
    (text, [key, value]) => text.replaceAll(`@${key}@`, value), readFileSync(conf, 'utf8'));
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `${what}_temp_path ${home}/tmp;`).join('\n');
  writeFileSync(join(home, 'nginx.conf'), `
${modules.map((module) => `load_module ${module};`).join('\n')}
daemon off; worker_processes 1; worker_cpu_affinity 01; worker_rlimit_nofile 20000;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${home}/nginx.pid; error_log ${home}/error.log warn;
events { worker_connections 16384; }
http { access_log off; ${temp}
${server}
}
`);
  const child = start('0', '/usr/sbin/nginx', ['-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    { log: join(home, 'output.log') });
  await listening(port);
  // the master listens before it has forked
  while (tree(child.pid).length < 2) await new Promise((done) => setTimeout(done, 20));
  const [, worker] = tree(child.pid);
  return { pid: worker, stop: () => stop(child, 'SIGQUIT') };
}
