// node shoot.cjs FOLDER PICTURE...: bundles the drawing, and photographs FOLDER/PICTURE.json each.
const fs = require('fs');
const path = require('path');
const esbuild = require('esbuild');
const { chromium } = require('playwright-core');

const [folder, ...names] = process.argv.slice(2);

async function bundle() {
  await esbuild.build({
    entryPoints: [path.join(__dirname, 'draw.jsx')],
    nodePaths: [process.env.NODE_PATH],
    bundle: true, outfile: path.join(folder, 'draw.js'), format: 'iife', target: 'es2022',
    jsx: 'automatic', minify: true, logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env': '{}', global: 'window' },
    loader: { '.svg': 'dataurl', '.png': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl',
      '.ttf': 'dataurl' },
  });
}

function page(name) {
  const picture = fs.readFileSync(path.join(folder, name + '.json'), 'utf8')
    .replaceAll('<', '\\u003c');
  const file = path.join(folder, name + '.html');
  fs.writeFileSync(file, `<!doctype html><html><head><meta charset="utf-8">
<link rel="stylesheet" href="draw.css"><style>html{font-size:14px}body{background:#111217;margin:0}
</style></head><body><div id="root"></div>
<script>window.process={env:{}};window.PICTURE=${picture}</script>
<script src="draw.js"></script></body></html>`);
  return 'file://' + file;
}

async function main() {
  await bundle();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--allow-file-access-from-files'],
  });
  let failed = false;
  for (const name of names) {
    const tab = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
    tab.on('pageerror', error => { failed = true; console.error(`${name}: ${error.stack}`); });
    await tab.goto(page(name));
    const drawn = tab.locator('#page');
    await drawn.waitFor();
    const { height } = await drawn.boundingBox();
    // Tables draw only what is in sight.
    await tab.setViewportSize({ width: 1600, height: Math.ceil(height) });
    await tab.evaluate(async () => {
      await document.fonts.ready;
      await new Promise(done => requestAnimationFrame(() => requestIdleCallback(done)));
    });
    fs.writeFileSync(path.join(folder, name + '.links.json'),
      JSON.stringify(await tab.evaluate(() => window.LINKS), null, 1));
    await drawn.screenshot({ path: path.join(folder, name + '.png') });
    await tab.close();
  }
  await browser.close();
  process.exit(failed ? 1 : 0);
}

main();
