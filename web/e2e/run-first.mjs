// The first visit, on a server of its own: what it transfers, in how many requests, whether anything jumps, and that the
// service worker waits until it is over. Needs and prints the same as run.mjs.
import { api, base, becomes, check, open, PHONE, play } from './harness.mjs'
import { setup } from './sending.mjs'

/** A first visit may transfer so much, as gzip makes it: page, scripts, styles, font, texts and data, with their headers. */
const BYTES = 120_000
const REQUESTS = 32
/** Core Web Vitals call a layout shift up to this good. On an idle machine nothing moves at all. */
const SHIFT = 0.1

/** What people open first, and what is there when it is complete. */
const PAGES = [
  ['login', '/login', 'button[type=submit]'],
  ['home', '/', '.message-row'],
  ['compose', '/compose', '#meter'],
  ['history', '/messages', '.message-row'],
]

/** A page full of messages. */
async function seed(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages')
  const { get, post } = api(page)
  for (let i = 0; i < 60; i++)
    await post('/v1/messages', { to: '+12025550100', text: `Your parcel ${i} is ready.` })
  await becomes(
    async () => (await get('/v1/messages?status=delivered&limit=60')).body.items.length === 60,
    'there is a page full of messages',
  )
}

/** Counts what a page transfers, and how far things on it jump. */
async function watched(page) {
  const requests = new Map()
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  // The worst that is common: browsers take Brotli from https only.
  await cdp.send('Network.setExtraHTTPHeaders', { headers: { 'Accept-Encoding': 'gzip' } })
  cdp.on('Network.requestWillBeSent', (e) =>
    requests.set(e.requestId, { url: e.request.url, bytes: 0, open: true }),
  )
  cdp.on('Network.loadingFinished', (e) =>
    Object.assign(requests.get(e.requestId) ?? {}, { bytes: e.encodedDataLength, open: false }),
  )
  cdp.on('Network.loadingFailed', (e) => Object.assign(requests.get(e.requestId) ?? {}, { open: false }))
  await page.addInitScript(() => {
    window.shifts = []
    new PerformanceObserver((list) => {
      for (const e of list.getEntries())
        if (!e.hadRecentInput)
          window.shifts.push({
            by: e.value,
            what: e.sources.map(({ node }) => `${node?.nodeName ?? ''}.${node?.className ?? ''}`),
          })
    }).observe({ type: 'layout-shift', buffered: true })
  })
  return () => [...requests.values()]
}

async function first(world, [name, path, seen]) {
  const cookies = name === 'login' ? undefined : { cookies: world.state.cookies, origins: [] }
  const page = await open(world.browser, { viewport: PHONE, state: cookies })
  const all = await watched(page)
  // The font comes when all that it could move is there.
  let show
  const seenAll = new Promise((done) => (show = done))
  await page.route('**/*.woff2', (route) => seenAll.then(() => route.continue()))
  let begun
  page.context().on('serviceworker', () => (begun ??= all().map((r) => r.open)))
  await page.goto(base + path)
  await page.locator(seen).first().waitFor()
  show()
  await becomes(() => begun !== undefined, `${name}: the service worker comes`)
  const requests = all()
  check(
    begun.length === requests.length && !begun.includes(true),
    `${name}: when everything else is there`,
    `${begun.length} of ${requests.length} requests`,
  )

  const bytes = requests.reduce((n, r) => n + r.bytes, 0)
  const list = () => requests.map((r) => `${r.bytes} ${r.url.replace(base, '')}`).join('\n     ')
  check(
    bytes <= BYTES,
    `${name}: a first visit transfers at most ${BYTES / 1000} kB`,
    `${bytes}:\n     ${list()}`,
  )
  check(
    requests.length <= REQUESTS,
    `${name}: in at most ${REQUESTS} requests`,
    `${requests.length}:\n     ${list()}`,
  )
  check(
    requests.filter((r) => /bootstrap/.test(r.url)).length === 1,
    `${name}: who is signed in is asked once`,
    list(),
  )
  const early = await page.evaluate(() =>
    [...document.head.querySelectorAll('link[rel=modulepreload]')].map((l) => l.href),
  )
  check(
    early.length > 2 && early.every((f) => requests.some((r) => r.url === f)),
    `${name}: its files are asked for beside the app`,
    early.join(),
  )
  const shifts = await page.evaluate(() => window.shifts)
  const shift = shifts.reduce((sum, s) => sum + s.by, 0)
  check(shift < SHIFT, `${name}: nothing jumps far`, JSON.stringify(shifts))
  console.log(
    `     ${name}: ${(bytes / 1000).toFixed(0)} kB in ${requests.length} requests, shift ${shift.toFixed(3)} ${shifts.flatMap((s) => s.what).join(' ')}`,
  )
}

/** Offline the app speaks the language that its reader chose, and keeps no other. */
async function kept(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/settings?tab=appearance')
  const held = () =>
    page.evaluate(async () => {
      const name = (await caches.keys()).find((k) => k.startsWith('app-'))
      const cache = await caches.open(name)
      return { lang: await (await cache.match('/lang'))?.text(), files: (await cache.keys()).length }
    })
  await becomes(async () => (await held()).lang === 'en', 'offline: the app is kept in English')
  const before = (await held()).files
  await page.locator('select').first().selectOption('fr')
  await becomes(async () => (await held()).lang === 'fr', 'offline: the language that is chosen is kept')
  const words = (await held()).files - before
  check(words > 10 && words < before / 2, 'offline: and that one alone', `${words} beside ${before}`)
  await page.reload()
  await page.locator('html[lang=fr] h1').waitFor()
  await page.context().setOffline(true)
  await page.goto(base + '/compose')
  await page.locator('html[lang=fr] #meter').waitFor()
  check(true, 'offline: it opens in that language')
}

await play({
  setup,
  seed,
  ...Object.fromEntries(PAGES.map((p) => [p[0], (world) => first(world, p)])),
  kept,
})
