// The functions that look across organizations are the same in the pages that explain them and in
// t/sql/surface.sql, which holds the database to its list; and a page names the migration that
// made a function last.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const read = (path) => readFileSync(path, 'utf8');
const surface = read('t/sql/surface.sql');

// The strings of the array that a check of surface.sql expects.
function expected(check) {
  const before = surface.slice(0, surface.indexOf(`'${check}'`));
  return [...before.slice(before.lastIndexOf('array[')).matchAll(/'voiceagent\.([^']+)'/g)].map((m) => m[1]);
}

// The cells of the rows below a heading of a table that begin with a function.
function rowsBelow(page, heading) {
  const [, table] = read(page).split(heading);
  const rows = table.slice(0, table.search(/\n\n[^|]/)).matchAll(/^\| `(\w+)\([^`]*` \|(.*)\|$/gm);
  return new Map([...rows].map(([, name, cells]) => [name, cells.split('|').map((cell) => cell.trim())]));
}

const nameOf = (signature) => signature.replace(/\(.*/, '');
const functions = expected('the functions that look across organizations are the listed ones').map(nameOf).sort();
const callers = new Map(expected('who may execute them').map((right) => [nameOf(right), right.split(' ')[1]]));

const security = rowsBelow('docs/security.md', '| function | file | who may call it | what it gives away |');
const database = rowsBelow('docs/database.md', '## What looks across organizations');

test('docs/security.md and docs/database.md have the functions of t/sql/surface.sql', () => {
  assert.ok(functions.length > 0);
  assert.deepEqual([...security.keys()].sort(), functions);
  assert.deepEqual([...database.keys()].sort(), functions);
});

test('and who may call them', () => {
  for (const name of functions) {
    const caller = new RegExp(`^${callers.get(name) ?? 'triggers'}\\b`);
    assert.match(security.get(name)[1], caller, name);
    assert.match(database.get(name)[0], caller, name);
  }
});

test('docs/security.md has the file that made a function last', () => {
  const migrations = readdirSync('sql').filter((file) => /^\d{4}_/.test(file)).sort();
  for (const name of functions) {
    const made = new RegExp(`create (?:or replace )?function voiceagent\\.${name}\\(`);
    const last = migrations.filter((file) => made.test(read(`sql/${file}`))).at(-1);
    assert.equal(security.get(name)[0], `\`sql/${last}\``, name);
  }
});
