// Lighthouse on the pages that people open first, as it measures a phone: node measure.mjs, with SMSIR_URL and SMSIR_SETUP_URL of
// a server that nobody has registered on, and CHROMIUM. scripts/lighthouse.sh does all of that. It prints a table and
// fails where accessibility is not 100; speed depends on the machine, so that below 90 is said and not judged.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import lighthouse from 'lighthouse'
import { chromium } from '../node_modules/playwright-core/index.mjs'

const base = process.env.SMSIR_URL
const RUNS = Number(process.env.RUNS ?? 3)
const PAGES = [
  ['login', '/login'],
  ['compose', '/compose'],
  ['history', '/messages'],
  ['home', '/'],
]
const SCORES = ['performance', 'accessibility', 'best-practices']

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

const profile = mkdtempSync(join(tmpdir(), 'smsir-lighthouse-'))
const port = await freePort()
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM,
  args: [
    `--remote-debugging-port=${port}`,
    '--disable-gpu',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ],
})

/** Opens the gateway as the first person does, and sends what there is to see. */
async function register() {
  const page = await browser.newPage()
  await page.goto(process.env.SMSIR_SETUP_URL)
  await page.getByLabel('Your name').fill('Ada')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password', { exact: true }).fill('seven grey herons fly')
  await page.getByLabel('Workspace name').fill('Example Clinic')
  await page.getByLabel('Country').selectOption('US')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Today' }).waitFor({ timeout: 60_000 })
  for (let i = 0; i < 60; i++)
    await page.request.post(base + '/v1/messages', {
      data: { to: '+12025550100', text: `Your parcel ${i} is ready.` },
      headers: { Origin: base },
    })
  await page.close()
}

/** The scores of a page: the median of the runs for each category, and what Lighthouse had against it. */
async function measure(path) {
  const runs = []
  const page = await browser.newPage()
  const cdp = await browser.newCDPSession(page)
  let failed = 0
  for (let i = 0; i < RUNS; i++) {
    // A first visit but for the session: Lighthouse's own reset would sign out.
    await cdp.send('Network.clearBrowserCache')
    await cdp.send('Storage.clearDataForOrigin', {
      origin: base,
      storageTypes: 'service_workers,cache_storage,indexeddb,local_storage',
    })
    const { lhr } = await lighthouse(base + path, {
      port,
      logLevel: 'error',
      onlyCategories: SCORES,
      disableStorageReset: true,
    })
    // Now and then the browser's record of a page lacks its paints: that run says nothing.
    if (lhr.categories.performance.score === null && failed++ < RUNS + 2) i--
    else runs.push(lhr)
  }
  await page.close()
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
  const score = (category) => Math.round(median(runs.map((r) => r.categories[category].score * 100)))
  const audit = (id) => median(runs.map((r) => r.audits[id].numericValue))
  const { categories, audits } = runs[0]
  const against = ['accessibility', 'best-practices'].flatMap((c) =>
    categories[c].auditRefs
      .filter(({ id, weight }) => weight && audits[id].score !== null && audits[id].score < 1)
      .map(({ id }) => `${audits[id].title} (${id})`),
  )
  return {
    scores: SCORES.map(score),
    lcp: audit('largest-contentful-paint') / 1000,
    tbt: audit('total-blocking-time'),
    cls: audit('cumulative-layout-shift'),
    kB: audit('total-byte-weight') / 1000,
    against,
    report: runs[0],
  }
}

await register()
console.log(`| page | ${SCORES.join(' | ')} | largest paint | blocked | shift | bytes |`)
console.log('|---|---|---|---|---|---|---|---|')
const faults = []
for (const [name, path] of PAGES) {
  // Login is what people see who are signed out.
  const cookies = await browser.cookies()
  if (path === '/login') await browser.clearCookies()
  const m = await measure(path)
  if (path === '/login') await browser.addCookies(cookies)
  console.log(
    `| ${name} | ${m.scores.join(' | ')} | ${m.lcp.toFixed(1)} s | ${m.tbt.toFixed(0)} ms | ${m.cls.toFixed(3)} | ${m.kB.toFixed(0)} kB |`,
  )
  if (m.scores[1] < 100) faults.push(`${name}: accessibility ${m.scores[1]}`)
  if (m.scores[0] < 90) console.log(`    ${name}: performance below 90; is the machine busy?`)
  for (const text of m.against) console.log(`    ${name}: ${text}`)
  if (process.env.REPORTS) writeFileSync(join(process.env.REPORTS, `${name}.json`), JSON.stringify(m.report))
}
await browser.close()
rmSync(profile, { recursive: true, force: true })
for (const f of faults) console.error(`FAIL ${f}`)
process.exitCode = faults.length ? 1 : 0
