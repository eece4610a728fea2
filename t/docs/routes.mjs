// Writes docs/routes.md (make routes): which job a location makes, where that job's handler, its
// statements and its tests are, and where a directive's code and tests. All of it is read from
// the sources.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';

const PAGE = 'docs/routes.md';
const HEAD = `# Routes and directives

Made by \`make routes\` from the sources; a test compares.

## Routes
Which location makes which job, and who does it. A job's type names its handler, \`sms.receive\` is \`wk_sms_receive()\`; all are in [\`worker/handlers/registry.c\`](../worker/handlers/registry.c). SQL: the files of [\`worker/store/\`](../worker/store) with the statements of the handler and of the agents (\`worker/agent/\`) it calls. Tests: files of \`t/\` that name the job or its path.

| location | let in by | job | handler | SQL | tests |
|---|---|---|---|---|---|
`;
const DIRECTIVES = `
## Directives
What each does is in [directives.md](directives.md). Tests: the three files of \`t/\` that use it most, \`make module-tests\` runs them.

| directive | code | tests |
|---|---|---|
`;
const MODULE = 'ngx_voiceagent_module';
const TESTS_SHOWN = 3;

const read = (path) => readFileSync(path, 'utf8');
const list = (...patterns) => execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], { encoding: 'utf8' })
  .split('\n').filter(Boolean).sort();
const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;

// The locations of a file: its pattern, its directives' text.
function locations(file) {
  const found = read(file).matchAll(/^location\s+(?:[=~*^]+\s+)?(\S+)\s*\{\n([\s\S]*?)^\}/gm);
  return [...found].map(([, pattern, body]) => ({ file, pattern, body }));
}

function jobs(body) {
  const made = [...body.matchAll(/^\s*voiceagent_(?:enqueue|call|authorize|websocket)\s+(\S+?)[;\s]/gm)].map((m) => m[1]);
  return made.concat([...body.matchAll(/\bsnapshot=([\w.]+)/g)].map((m) => m[1]));
}

const guards = (body) => [...body.matchAll(/^\s*voiceagent_(verify|jwt|public)\s+([a-z_]+)?/gm)]
  .map(([, kind, scheme]) => ({ verify: scheme, jwt: 'token', public: 'anybody' })[kind]);

// The words of a path that do not vary, long enough to tell a route from others.
const fixedParts = (pattern) => pattern.replace(/^\^|\$$/g, '').split(/\(\?[:<][^)]*\)|\[\^\/\]\+|\(\?:|[()|]/)
  .filter((part) => part.length > 8);

function handlers() {
  const where = new Map();
  for (const file of list('worker/handlers/*.c')) {
    for (const [, name] of read(file).matchAll(/^wk_outcome_t (wk_\w+)\(/gm)) where.set(name, file);
  }
  const rows = read('worker/handlers/registry.c').matchAll(/\{"([\w.]+)", WK_\w+, (wk_\w+),/g);
  return new Map([...rows].map(([, type, name]) => [type, where.get(name)]));
}

const link = (path) => `[${basename(path)}](../${path})`;
const links = (paths) => paths.map(link).join(' ');

function statements(file) {
  const included = (path, folder) => [...read(path).matchAll(new RegExp(`#include "(worker/${folder}/\\w+)\\.h"`, 'g'))]
    .map((m) => `${m[1]}.c`);
  const agents = included(file, 'agent').flatMap((agent) => included(agent, 'store'));
  return [...new Set([...included(file, 'store'), ...agents])].sort();
}

function testsOf(type, pattern, tests) {
  const words = [`"${type}"`, `'${type}'`, ...fixedParts(pattern)];
  return tests.filter(({ text }) => words.some((word) => text.includes(word))).map(({ path }) => path);
}

function routes() {
  const where = handlers();
  const tests = list('t/e2e/*.test.mjs', 't/browser/*.test.mjs', 't/handlers/*.c', 't/unit/test_*.c')
    .map((path) => ({ path, text: read(path) }));
  return list('conf/locations/*.conf').flatMap(locations).flatMap(({ file, pattern, body }) =>
    jobs(body).map((type) => {
      const handler = where.get(type);
      if (!handler) throw new Error(`${file}: ${type} has no handler`);
      return [`${code(pattern)} ${link(file)}`, guards(body).join(', '), code(type), link(handler),
        links(statements(handler)), links(testsOf(type, pattern, tests))];
    }));
}

function directives() {
  const sources = list(`${MODULE}/*.c`).map((path) => ({ path, text: read(path) }));
  const tests = list('t/*.t').map((path) => ({ path, text: read(path) }));
  const table = read(`${MODULE}/ngx_voiceagent_module.c`).matchAll(/ngx_string\("(voiceagent_\w+)"\),\s*[^,]+,\s*(\w+),/g);
  return [...table].map(([, name, setter]) => {
    const source = sources.find(({ text }) => text.includes(`\n${setter}(`)); // none: nginx' own
    const uses = tests.map(({ path, text }) => ({ path, n: text.split(new RegExp(`\\b${name}\\b`)).length - 1 }))
      .filter(({ n }) => n > 0).sort((a, b) => b.n - a.n);
    return [code(name), link(source?.path ?? `${MODULE}/ngx_voiceagent_module.c`),
      links(uses.slice(0, TESTS_SHOWN).map(({ path }) => path))];
  });
}

const rows = (cells) => cells.map((row) => `| ${row.join(' | ')} |\n`).join('');

export const page = () => HEAD + rows(routes()) + DIRECTIVES + rows(directives());

if (import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(PAGE, page());
