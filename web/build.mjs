// Builds the customers' page into dist/ and the operators' console into dist/console/: each one script and one
// style sheet with hashed names, gzipped beside.
// Nothing in dist/ may name another host: the page has to work in a closed network.
import { build } from 'esbuild';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';

const PAGES = [
  { source: 'src', entry: 'src/main.jsx', out: 'dist' },
  { source: 'src/console', entry: 'src/console/main.jsx', out: 'dist/console' },
];

/** ChatUI's style sheet asks a CDN for its digits' font; the system's fonts serve. */
const withoutForeignFonts = {
  name: 'without-foreign-fonts',
  setup({ onLoad }) {
    onLoad({ filter: /@chatui[\\/]core[\\/]dist[\\/]index\.css$/ }, async ({ path }) => {
      const css = await readFile(path, 'utf8');
      return { contents: css.replace(/@font-face\{[^}]*\}/g, ''), loader: 'css' };
    });
  },
};

await rm('dist', { recursive: true, force: true });
for (const page of PAGES) await buildPage(page);

async function buildPage({ source, entry, out }) {
  await mkdir(`${out}/assets`, { recursive: true });
  const { metafile } = await build({
    entryPoints: { page: entry },
    entryNames: '[name]-[hash]',
    outdir: `${out}/assets`,
    bundle: true,
    minify: true,
    metafile: true,
    jsx: 'automatic',
    mainFields: ['module', 'main'],
    target: ['es2020', 'chrome80', 'safari14.1', 'firefox80'],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'linked',
    plugins: [withoutForeignFonts],
    logLevel: 'warning',
  });

  const built = (ending) => basename(Object.keys(metafile.outputs).find((path) => path.endsWith(ending)));
  const html = await readFile(`${source}/index.html`, 'utf8');
  const filled = html.replace('{{script}}', built('.js')).replace('{{style}}', built('.css'));
  await writeFile(`${out}/index.html`, filled);

  for (const name of await readdir(`${out}/assets`)) {
    const content = await readFile(`${out}/assets/${name}`);
    const foreign = /\.(js|css)$/.test(name) && content.toString().match(/(url\(["']?|["'`])https?:\/\/[^"'`)]*(alicdn|alipay)[^"'`)]*/);
    if (foreign) throw new Error(`${name} names another host: ${foreign[0]}`);
    await writeFile(`${out}/assets/${name}.gz`, gzipSync(content, { level: 9 }));
    if (/\.(js|css)$/.test(name)) console.log(`${out}/${name}  ${(content.length / 1024).toFixed(0)} kB`);
  }
}
