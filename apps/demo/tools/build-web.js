// Bundles web/ for browsers: node tools/build-web.js [FOLDER], by default dist/public. Names have a hash of their content,
// and each file lies there compressed as well, so that serving it costs no more than reading it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const folder = process.argv[2] ?? path('../dist/public');

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { metafile } = await build({
  entryPoints: [path('../web/main.tsx')],
  outdir: folder,
  bundle: true,
  // parts that only some pages need are loaded by those
  splitting: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  metafile: true,
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  logLevel: 'warning',
});

const built = Object.keys(metafile.outputs).map((file) => basename(file));
const named = (pattern) => built.find((file) => pattern.test(file));
const page = readFileSync(path('../web/index.html'), 'utf8')
  .replace('/main.js', `/${named(/^main-.*\.js$/)}`)
  .replace('/main.css', `/${named(/^main-.*\.css$/)}`);
writeFileSync(join(folder, 'index.html'), page);

for (const file of readdirSync(folder)) {
  const content = readFileSync(join(folder, file));
  writeFileSync(join(folder, `${file}.br`), brotliCompressSync(content));
  writeFileSync(join(folder, `${file}.gz`), gzipSync(content, { level: 9 }));
}
