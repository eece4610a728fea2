// Every page's links lead somewhere, and every path of the repository that a page names in
// code type is there; a name with *, or with NNNN for a number, must match something.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { encoding: 'utf8' })
  .split('\n').filter((page) => page !== '' && existsSync(page));
const FOLDERS = 'core|ngx_voiceagent_module|worker|conf|docs|sql|t|bench|debian|dashboard';

const links = (text) => [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((m) => m[1]).filter((to) => !/^[a-z]+:/.test(to));
const paths = (text) => [...text.matchAll(new RegExp(`\`((?:${FOLDERS})/[\\w./*-]*)\``, 'g'))].map((m) => m[1]);

// As GitHub makes them of headings.
const anchors = (text) => [...text.matchAll(/^#+ (.*)$/gm)]
  .map((m) => m[1].toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));

for (const page of pages) {
  test(page, () => {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    for (const link of links(text)) {
      const [path, anchor] = link.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      assert.ok(existsSync(file), `${page}: ${link}`);
      if (anchor) assert.ok(anchors(readFileSync(file, 'utf8')).includes(anchor), `${page}: ${link}`);
    }
    for (const path of paths(text).map((path) => path.replace('NNNN', '*'))) {
      const there = path.includes('*') ? matches(path) : existsSync(path);
      assert.ok(there, `${page}: ${path}`);
    }
  });
}

function matches(pattern) {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', `:(glob)${pattern}`], { encoding: 'utf8' });
  return files !== '';
}
