// Adds up the files of the first view of every route, as gzip makes them, and fails, naming the route, when it is over its
// budget. What else a first visit transfers (data, headers, parts that come right after) is measured in a browser:
// e2e/run-first.mjs. Reads index.html and build.json, the manifest that Vite writes, and the compressed twins beside the
// files; takes build.json away afterwards, because it is no part of the app.
import { readFileSync, readdirSync, rmSync, statSync } from 'node:fs'

// Of the 120 kB of a first visit the files may be 95; "all" is those with the page, boot.js, the font and the icon.
const LIMITS = { js: 60_000, css: 12_000, all: 95_000 }
const manifest = JSON.parse(readFileSync('dist/build.json', 'utf8'))
const size = (file) =>
  statSync(`dist/${file}.gz`, { throwIfNoEntry: false })?.size ?? statSync(`dist/${file}`).size

/** Every chunk that a chunk needs before it runs. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) closure(next, seen)
  return seen
}

const faults = []
// What the page names itself: the app, and its styles.
const named = [...readFileSync('dist/index.html', 'utf8').matchAll(/"\/(assets\/[^"]+)"/g)].map((m) => m[1])
const app = Object.keys(manifest).find(
  (k) => named.includes(manifest[k].file) && /js$/.test(manifest[k].file),
)
if (!app) faults.push('no app in dist/index.html')
const routes = Object.keys(manifest).filter(
  (k) => /^src\/features\/.*\.svelte$/.test(k) && manifest[k].isDynamicEntry,
)
if (!routes.length) faults.push('no routes in dist/build.json')
// Every visitor also loads one language: the largest counts. A view whose feature has texts of its own loads those too.
const largest = (folder) =>
  Object.keys(manifest)
    .filter((k) => new RegExp(`^src/lib/i18n/${folder}\\w+\\.json$`).test(k))
    .sort((a, b) => size(manifest[b].file) - size(manifest[a].file))[0]
const language = largest('')
if (!language) faults.push('no languages in dist/build.json')
/** Views that load an area of texts beside that of their feature. */
const LATER = { 'src/features/messages/MessageView.svelte': 'story/' }

const font = readdirSync('dist/assets').find((f) => /^figtree.*woff2$/.test(f))
const page = ['index.html', 'boot.js', 'icon.svg', `assets/${font}`]
const sum = (files) => [...files].reduce((n, f) => n + size(f), 0)
const kB = (n) => (n / 1000).toFixed(1).padStart(5)
for (const route of faults.length ? [] : routes) {
  const words = largest(route.split('/')[2] + '/')
  const own = LATER[route] && largest(LATER[route])
  const chunks = new Set([app, route, language, words, own].filter(Boolean).flatMap((k) => [...closure(k)]))
  const files = { js: new Set(), css: new Set(named.filter((f) => /css$/.test(f))) }
  for (const key of chunks) {
    files.js.add(manifest[key].file)
    for (const css of manifest[key].css ?? []) files.css.add(css)
  }
  const got = { js: sum(files.js), css: sum(files.css), all: sum([...files.js, ...files.css, ...page]) }
  const over = Object.keys(LIMITS).filter((k) => got[k] > LIMITS[k])
  const name = route.replace('src/features/', '')
  console.log(
    `${over.length ? 'OVER' : 'ok  '} ${kB(got.js)} kB js ${kB(got.css)} kB css ${kB(got.all)} kB in all  ${name}`,
  )
  if (over.length) faults.push(`${name}: ${over.join(', ')}`)
}
for (const end of ['', '.br', '.gz']) rmSync('dist/build.json' + end, { force: true })
for (const f of faults) console.log(`FAIL ${f}`)
process.exitCode = faults.length ? 1 : 0
