// Makes the pages and the widget: node build.mjs FOLDER. Scripts and styles get names with a hash of what is in
// them, and may be kept for ever; index.html, which names them, may not, nor widget.js, which the
// web sites of shops name.
import {mkdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

import {build} from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(process.argv[2]);

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ['chrome123', 'firefox121', 'safari17.5'],
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
};
const hashed = {...common, outdir: path.join(out, 'assets'), entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]'};

const [pages, first, styles] = await Promise.all([
  build({
    ...hashed,
    entryPoints: ['main.tsx'],
    format: 'esm',
    splitting: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  }),
  build({...hashed, entryPoints: ['first.ts'], format: 'iife'}),
  build({...hashed, entryPoints: ['styles/main.css']}),
  // In the browsers of whoever comes to a shop's site, which are older than its people's.
  build({
    ...common,
    target: ['chrome109', 'firefox115', 'safari16'],
    entryPoints: ['widget/main.ts'],
    loader: {'.css': 'text'},
    format: 'iife',
    outfile: path.join(out, 'widget.js'),
  }),
]);

// Where the output of an entry is, as index.html names it.
function made({metafile}, entry) {
  const [file] = Object.entries(metafile.outputs).find(([, o]) => o.entryPoint === entry);
  return `/dashboard/assets/${path.basename(file)}`;
}

const names = {
  MAIN: made(pages, 'main.tsx'),
  FIRST: made(first, 'first.ts'),
  STYLE: made(styles, 'styles/main.css'),
};
const template = await readFile(path.join(here, 'index.html'), 'utf8');
await mkdir(out, {recursive: true});
await writeFile(path.join(out, 'index.html'), template.replace(/@([A-Z]+)@/g, (_, name) => names[name]));
