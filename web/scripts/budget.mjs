// Adds up what the first view of every route loads and fails, naming the route, when it is over its budget.
// Reads build.json, the manifest that Vite writes, and the compressed twins beside the files; takes build.json away
// afterwards, because it is no part of the app.
import { readFileSync, rmSync, statSync } from 'node:fs'

const LIMITS = { js: 60_000, css: 12_000 }
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

const entry = 'index.html'
const routes = Object.keys(manifest).filter(
  (k) => /^src\/features\/.*\.svelte$/.test(k) && manifest[k].isDynamicEntry,
)
// Every visitor also loads one language: the largest counts. A view whose feature has texts of its own loads those too.
const largest = (folder) =>
  Object.keys(manifest)
    .filter((k) => new RegExp(`^src/lib/i18n/${folder}\\w+\\.json$`).test(k))
    .sort((a, b) => size(manifest[b].file) - size(manifest[a].file))[0]
const language = largest('')
/** Views that load an area of texts beside that of their feature. */
const LATER = { 'src/features/messages/MessageView.svelte': 'story/' }
let failed = 0
if (!language) {
  console.log('FAIL no languages in dist/build.json')
  failed++
}
for (const route of routes) {
  const words = largest(route.split('/')[2] + '/')
  const own = LATER[route] && largest(LATER[route])
  const chunks = new Set([entry, route, language, words, own].filter(Boolean).flatMap((k) => [...closure(k)]))
  const files = { js: new Set(), css: new Set() }
  for (const key of chunks) {
    files.js.add(manifest[key].file)
    for (const css of manifest[key].css ?? []) files.css.add(css)
  }
  const sum = (set) => [...set].reduce((n, f) => n + size(f), 0)
  const got = { js: sum(files.js), css: sum(files.css) }
  const over = Object.keys(LIMITS).filter((k) => got[k] > LIMITS[k])
  failed += over.length
  const kB = (n) => (n / 1000).toFixed(1).padStart(5)
  console.log(
    `${over.length ? 'OVER' : 'ok  '} ${kB(got.js)} kB js ${kB(got.css)} kB css  ${route.replace('src/features/', '')}`,
  )
}
if (!routes.length) {
  console.log('FAIL no routes in dist/build.json')
  failed++
}
for (const end of ['', '.br', '.gz']) rmSync('dist/build.json' + end, { force: true })
process.exitCode = failed ? 1 : 0
