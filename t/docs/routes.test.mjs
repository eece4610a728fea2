// docs/routes.md says what the sources say. The tests it names may be fewer than there are:
// a new one is no reason to write the page anew.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { page } from './routes.mjs';

const withoutTests = (text) => text.split('\n').map((line) => line.replace(/^(\| .* \|)[^|]*\|$/, '$1'));

test('docs/routes.md is what `make routes` writes', () => {
  assert.deepEqual(withoutTests(readFileSync('docs/routes.md', 'utf8')), withoutTests(page()));
});
