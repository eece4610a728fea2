// docs/operations.md explains every sample that the workers count, and none that there is not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const sources = execFileSync('git', ['ls-files', 'worker/*.c', 'ngx_voiceagent_module/*.c'], { encoding: 'utf8' }).trim().split('\n');
const code = sources.map((file) => readFileSync(file, 'utf8')).join('\n');
const counted = new Set([...code.matchAll(/wk_(?:count|observe\w*)\(\s*"(voiceagent_\w+)"/g)].map((m) => m[1]));

// The first cells of the tables of samples.
const cells = [...readFileSync('docs/operations.md', 'utf8').matchAll(/^\| (`voiceagent_[^|]*) \|/gm)].map((m) => m[1]);
const explained = new Set(cells.flatMap((cell) => [...cell.matchAll(/`(voiceagent_\w+)`/g)].map((m) => m[1])));

test('what the workers count is explained', () => {
  assert.ok(counted.size > 30, `${counted.size} samples are found`);
  assert.deepEqual([...counted].filter((sample) => !explained.has(sample)), []);
});

test('what is explained is counted', () => {
  assert.ok(explained.size > 30, `${explained.size} samples are named`);
  assert.deepEqual([...explained].filter((sample) => !code.includes(sample)), []);
});
