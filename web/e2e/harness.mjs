// What every journey needs: a browser, counted checks, axe, and the address of the server.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

export const base = (process.env.SMSIR_URL ?? '').replace(/\/$/, '')
export const setupURL = process.env.SMSIR_SETUP_URL ?? ''
/** Where pictures go, for people to look at; none are made without it. */
const shots = process.env.SMSIR_SHOTS ?? ''
const only = process.argv[2] ?? ''

export const person = { name: 'Ada', email: 'ada@example.com', password: 'seven grey herons fly' }
export const PHONE = { width: 360, height: 740 }
export const DESK = { width: 1280, height: 800 }

/** How long a page may take for anything, in ms: a busy machine is slow, and a journey measures nothing. */
const PATIENCE = 60_000

let passed = 0
let failed = 0
export function check(ok, name, detail = '') {
  if (ok) passed++
  else failed++
  if (!ok || process.env.SMSIR_VERBOSE) console.log(ok ? 'ok  ' : 'FAIL', name, ok ? '' : detail)
  return ok
}

function browserPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      if (dir && existsSync(join(dir, name))) return join(dir, name)
    }
  }
  throw new Error('no Chromium: set CHROMIUM or install the package chromium')
}

export async function launch() {
  const quiet = [
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
  ]
  const args = [
    ...quiet,
    '--disable-sync',
    '--disable-quic',
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ]
  return chromium.launch({ executablePath: browserPath(), args })
}

/** Faults of any page of the run: policy violations, uncaught errors, requests to other origins. */
export const faults = []

/** A page with its own cookies and storage. `prefs` are choices of the device, set before the app starts. */
export async function open(browser, { viewport = DESK, prefs = {}, state, ...rest } = {}) {
  const context = await browser.newContext({
    viewport,
    hasTouch: viewport.width < 500,
    isMobile: viewport.width < 500,
    deviceScaleFactor: viewport.width < 500 ? 2 : 1,
    locale: 'en-US',
    timezoneId: 'America/New_York',
    storageState: state,
    ...rest,
  })
  await context.addInitScript((p) => {
    if (location.protocol === 'http:') for (const [k, v] of Object.entries(p)) localStorage.setItem(k, v)
  }, prefs)
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  page.on('pageerror', (e) => faults.push(`uncaught: ${e.message}`))
  page.on('console', (m) => /Content Security|Trusted/i.test(m.text()) && faults.push(`policy: ${m.text()}`))
  page.on('request', (r) => {
    const url = new URL(r.url())
    if (/^https?:$/.test(url.protocol) && url.origin !== new URL(base).origin)
      faults.push(`left the origin: ${url}`)
  })
  return page
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Zero violations of axe. It runs in an isolated world, so that the page's own policy stays on. */
export async function axe(page, name) {
  await settled(page)
  const cdp = await page.context().newCDPSession(page)
  const { frameTree } = await cdp.send('Page.getFrameTree')
  const { executionContextId } = await cdp.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  })
  await cdp.send('Runtime.evaluate', { contextId: executionContextId, expression: axeSource })
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })
    .then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + n.failureSummary).join(' | ')))`
  const { result } = await cdp.send('Runtime.evaluate', {
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
    expression: run,
  })
  await cdp.detach()
  const violations = result.value ?? ['axe did not run']
  check(violations.length === 0, `axe: ${name}`, violations.join('\n     '))
}

/** No animation is running: colours in the middle of a fade are nobody's contrast. */
export const settled = (page) =>
  page.evaluate(async () => {
    // Two frames: what was just asked for has begun.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    return Promise.allSettled(
      document
        .getAnimations()
        .filter((a) => a.effect?.getTiming().iterations !== Infinity)
        .map((a) => a.finished),
    )
  })

export async function noSideScroll(page, name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  check(over <= 0, `no sideways scroll: ${name}`, `${over} px too wide`)
}

/** A screen as it should be: accessible, and no wider than the window. */
export async function screen(page, name) {
  await axe(page, name)
  await noSideScroll(page, name)
  if (shots) {
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: join(shots, name.replace(/[^a-z0-9]+/gi, '-') + '.png') })
  }
}

export const live = (page) => page.locator('.conn[data-state=live]').waitFor()

/** Polls a question until its answer is true; false when it never was. A question that throws is asked again. */
export async function eventually(question, ms = PATIENCE) {
  const end = Date.now() + ms
  do {
    if (
      await Promise.resolve()
        .then(question)
        .catch(() => false)
    )
      return true
    await new Promise((r) => setTimeout(r, 100))
  } while (Date.now() < end)
  return false
}

/** Checks something that comes about by itself, a moment after what was done. `detail` is asked when it never came. */
export async function becomes(question, name, detail) {
  const ok = await eventually(question)
  return check(
    ok,
    name,
    ok
      ? ''
      : await Promise.resolve()
          .then(() => detail?.())
          .catch(String),
  )
}

/**
 * Presses keys, one after the other, until what they do is seen. A page that was drawn a moment ago may not listen yet, and
 * on a busy machine two keys of one command may come too far apart.
 */
export async function press(page, keys, seen) {
  for (let i = 0; i < 12; i++) {
    for (const key of keys.split(' ')) await page.keyboard.press(key)
    if (await eventually(seen, 5_000)) return
  }
  throw new Error(`the keys ${keys} did nothing`)
}

/** Closes the sheet that is open with Escape. */
export const escape = (page) => {
  const open = page.locator('dialog[open]')
  return press(page, 'Escape', async () => (await open.count()) === 0)
}

/** The API with the session of a page, as another tab or program of the same person would use it. */
export function api(page) {
  const call = async (method, path, data, headers = {}) => {
    const answer = await page.request.fetch(base + path, {
      method,
      data,
      headers: { Origin: base, ...headers },
    })
    return {
      status: answer.status(),
      body: answer.status() === 204 ? null : await answer.json().catch(() => null),
    }
  }
  return {
    get: (path) => call('GET', path),
    patch: (path, data) => call('PATCH', path, data),
    put: (path, data) => call('PUT', path, data),
    post: (path, data, headers) => call('POST', path, data, headers),
    count: async (text) =>
      (await call('GET', `/v1/messages?text=${encodeURIComponent(text)}`)).body.items.length,
  }
}

export async function fillCompose(page, to, text) {
  await page.getByLabel('To', { exact: true }).fill(to)
  await page.keyboard.press('Enter')
  await page.getByLabel('Message', { exact: true }).fill(text)
}

/** What the pages of a failed journey look like. */
async function lastSight(browser, name) {
  if (!shots) return
  mkdirSync(shots, { recursive: true })
  let n = 0
  for (const page of browser.contexts().flatMap((c) => c.pages())) {
    await page.screenshot({ path: join(shots, `FAILED-${name}-${n++}.png`) }).catch(() => {})
  }
}

/** When the password of the session was given last. Ten minutes later the server wants it again before what is sensitive. */
let confirmed = Date.now()

/** Gives the password again in good time: on a busy machine the journeys last longer. */
async function confirm({ browser, state }) {
  if (!state || Date.now() - confirmed < 240_000) return
  const context = await browser.newContext({ storageState: state })
  const answer = await context.request.post(base + '/v1/auth/reauth', {
    data: { password: person.password },
    headers: { Origin: base },
  })
  await context.close()
  if (answer.ok()) confirmed = Date.now()
}

/** Runs journeys in order. One that throws fails, and the next goes on. */
export async function play(journeys) {
  if (!base || !setupURL)
    throw new Error('SMSIR_URL and SMSIR_SETUP_URL must name a fresh server and its setup link')
  const browser = await launch()
  const world = { browser, state: undefined }
  for (const [name, run] of Object.entries(journeys)) {
    if (only && name !== 'setup' && !name.includes(only)) continue
    const began = Date.now()
    try {
      await confirm(world)
      await run(world)
    } catch (e) {
      check(false, name, e.stack ?? String(e))
      await lastSight(browser, name)
    }
    for (const context of browser.contexts()) await context.close()
    console.log(`     ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  }
  await browser.close()
  check(
    faults.length === 0,
    'no policy violation, no uncaught error, nothing left the origin',
    [...new Set(faults)].slice(0, 5).join('\n     '),
  )
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed ? 1 : 0
}
