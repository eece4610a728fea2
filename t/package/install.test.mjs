// What `make install` and the packages' lists put down: every file of conf/, with the paths
// of the place it went to, and such that nginx and the worker take it as it lies there.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';

const top = mkdtempSync(join(tmpdir(), 'voiceagent-install-'));
const prefix = join(top, 'usr');
const etc = join(top, 'etc');
const share = join(prefix, 'share/voiceagent');
const worker = join(prefix, 'bin/voiceagent-worker');

const make = (...args) => execFileSync('make', ['-s', 'install', ...args], { encoding: 'utf8' });
const files = (dir) => execFileSync('find', [dir, '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' })
  .split('\n').filter(Boolean).sort();

before(() => make(`PREFIX=${prefix}`, `SYSCONFDIR=${etc}`));
after(() => rmSync(top, { recursive: true }));

test('every file of conf/ and every migration is installed', () => {
  const names = new Set([...files(prefix), ...files(etc)].map((path) => path.split('/').pop()));
  for (const path of [...files('conf'), ...files('sql')]) {
    assert.ok(names.has(path.split('/').pop()), path);
  }
});

test('every file of conf/ is in a package, and every line of the lists has its file', () => {
  const packaged = new Set();
  for (const name of ['libnginx-mod-http-voiceagent.install', 'libnginx-mod-http-voiceagent.examples', 'voiceagent-worker.install']) {
    for (const line of readFileSync(`debian/${name}`, 'utf8').split('\n')) {
      const [pattern] = line.trim().split(/\s+/);
      if (pattern === '' || pattern.startsWith('debian/')) continue; // made by the build
      const found = execFileSync('bash', ['-c', `compgen -G '${pattern}' || true`], { encoding: 'utf8' }).trim();
      assert.notEqual(found, '', `debian/${name}: ${pattern}`);
      found.split('\n').forEach((path) => packaged.add(path));
    }
  }
  for (const path of files('conf')) assert.ok(packaged.has(`conf/${path}`), `conf/${path}`);
});

test('the worker reads its configuration and finds its catalogues where they were put', () => {
  const check = spawnSync(worker, ['-c', join(etc, 'voiceagent/worker.conf'), 'check'], {
    encoding: 'utf8',
    env: { REDIS_URL: `unix:${top}/no.sock` },
  });
  assert.equal(check.status, 1, check.stdout + check.stderr); // neither Redis nor secrets
  assert.match(check.stdout, /^ok +\d+ message catalogues$/m);
  assert.match(check.stdout, /^ok +\d+ templates of agents$/m);
  assert.equal(statSync(join(etc, 'voiceagent/worker.conf')).mode & 0o777, 0o640);
});

const unitOf = (part) => {
  const name = { jobs: 'worker', voice: 'voice' }[part];
  return readFileSync(join(prefix, `lib/systemd/system/voiceagent-${name}.service`), 'utf8');
};

test('the units start the installed worker with the installed configuration', () => {
  for (const part of ['jobs', 'voice']) {
    const unit = unitOf(part);
    assert.match(unit, new RegExp(`^ExecStart=${worker} -c ${etc}/voiceagent/worker.conf run ${part}$`, 'm'));
    assert.match(unit, new RegExp(`^EnvironmentFile=-${etc}/voiceagent/environment$`, 'm'));
    const [, page] = unit.match(/^Documentation=file:\/\/(.*)$/m);
    assert.ok(statSync(page).size > 0, page);
  }
});

test('the units let jobs and calls finish', () => {
  const shipped = readFileSync('conf/worker.conf', 'utf8');
  for (const [part, section] of [['jobs', 'worker'], ['voice', 'voice']]) {
    const [, ms] = shipped.match(new RegExp(`^\\[${section}\\][^[]*?^#drain_ms = (\\d+)`, 'm'));
    const [, seconds] = unitOf(part).match(/^TimeoutStopSec=(\d+)$/m);
    assert.ok(1000 * seconds >= Number(ms) + 15000, `${part}: ${seconds} s for ${ms} ms`);
  }
});

// The folder is taken as an operator takes it; of the example only what is this
// machine's is changed.
function nginxFolder(port) {
  const conf = join(top, 'nginx');
  cpSync(join(share, 'nginx'), join(conf, 'voiceagent'), { recursive: true });
  mkdirSync(join(conf, 'voiceagent/keys'), { recursive: true });
  for (const [, file] of readFileSync(join(share, 'nginx/http.conf'), 'utf8').matchAll(/file=voiceagent\/keys\/([a-z-]+)/g)) {
    writeFileSync(join(conf, 'voiceagent/keys', file), 'a-secret-of-thirty-two-characters\n');
  }
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', '1',
    '-subj', '/CN=localhost', '-keyout', join(top, 'key.pem'), '-out', join(top, 'cert.pem')], { stdio: 'ignore' });
  const example = readFileSync(join(share, 'examples/nginx.conf'), 'utf8')
    .replace(/^user .*$/m, '')
    .replaceAll('/etc/ssl/certs/ssl-cert-snakeoil.pem', join(top, 'cert.pem'))
    .replaceAll('/etc/ssl/private/ssl-cert-snakeoil.key', join(top, 'key.pem'))
    .replaceAll('/var/log/nginx/', `${top}/`)
    .replace('/run/nginx.pid', join(top, 'nginx.pid'))
    .replace('listen       443', `listen       127.0.0.1:${port}`)
    .replace(/include +mime.types/, 'include /etc/nginx/mime.types');
  writeFileSync(join(conf, 'nginx.conf'), example);
  return ['-c', join(conf, 'nginx.conf'), '-p', top, '-e', join(top, 'error.log')];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

test('nginx takes the installed example, locations, module and fallbacks', async () => {
  const nginx = spawnSync('prlimit', ['--nofile=1024:', '/usr/sbin/nginx', '-t', ...nginxFolder(await freePort())],
    { encoding: 'utf8' });
  assert.equal(nginx.status, 0, nginx.stderr);
  assert.doesNotMatch(nginx.stderr, /open file resource limit/, 'where the system allows few files');
});

// What README.md has one paste: a key, an empty line, a location.
test("nginx takes the README's webhook of one's own where it says it belongs", async () => {
  const [key, location] = readFileSync('README.md', 'utf8')
    .match(/A webhook of your own[\s\S]*?```nginx\n([\s\S]*?)```/)[1].split('\n\n');
  const [, conf, ...others] = nginxFolder(await freePort());
  const pasted = readFileSync(conf, 'utf8')
    .replace(/^    server \{$/m, `${key}\n$&`)
    .replace(/^ *include voiceagent\/locations.*$/m, `$&\n${location}`);
  writeFileSync(conf, pasted);
  const keyFile = join(top, 'nginx/voiceagent', key.match(/file=voiceagent\/(\S+);/)[1]);
  const check = () => spawnSync('/usr/sbin/nginx', ['-t', '-c', conf, ...others], { encoding: 'utf8' });
  assert.match(check().stderr, /keys\/parcel/, 'its file is asked for');
  writeFileSync(keyFile, 'a secret\n');
  assert.equal(check().status, 0, check().stderr);
});

// What a handshake with no other version than this one comes to.
function handshake(port, version) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, minVersion: version, maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0', rejectUnauthorized: false });
    socket.once('secureConnect', () => resolve(socket.end().getProtocol()));
    socket.once('error', (e) => resolve(e.code));
  });
}

test('nginx of the example speaks TLS 1.2 and 1.3, and nothing older', async () => {
  const port = await freePort();
  const nginx = spawn('/usr/sbin/nginx', [...nginxFolder(port), '-g', 'daemon off;'], { stdio: 'ignore' });
  try {
    while (await handshake(port, 'TLSv1.2') === 'ECONNREFUSED') {
      assert.equal(nginx.exitCode, null, 'nginx has started');
      await sleep(50);
    }
    assert.equal(await handshake(port, 'TLSv1.3'), 'TLSv1.3');
    assert.equal(await handshake(port, 'TLSv1.2'), 'TLSv1.2');
    assert.equal(await handshake(port, 'TLSv1.1'), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
  } finally {
    nginx.kill('SIGTERM');
    await once(nginx, 'exit');
  }
});

test('a second installation keeps the configuration; DESTDIR holds the same files', () => {
  writeFileSync(join(etc, 'voiceagent/worker.conf'), '; mine\n');
  make(`PREFIX=${prefix}`, `SYSCONFDIR=${etc}`);
  assert.equal(readFileSync(join(etc, 'voiceagent/worker.conf'), 'utf8'), '; mine\n');

  const destdir = join(top, 'destdir');
  make(`DESTDIR=${destdir}`, 'PREFIX=/opt/va', 'SYSCONFDIR=/opt/va/etc');
  assert.deepEqual(files(join(destdir, 'opt/va')).filter((path) => !path.startsWith('etc/')), files(prefix));
  assert.deepEqual(readdirSync(destdir), ['opt']);
});
