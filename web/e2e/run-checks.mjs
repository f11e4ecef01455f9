// What holds on every page, on a server of its own: the keyboard, the focus, right to left, sizes, forced colours, two tabs, a
// closed tab, and a bad network on a weak phone. Needs and prints the same as run.mjs.
import {
  api,
  base,
  becomes,
  check,
  DESK,
  escape,
  eventually,
  fillCompose,
  live,
  noSideScroll,
  open,
  PHONE,
  play,
  press,
  screen,
} from './harness.mjs'
import { setup } from './sending.mjs'

/** One page of every kind: a form, lists, a table, charts, tabs. */
const ROUTES = ['/', '/messages', '/compose', '/inbox', '/contacts', '/campaigns', '/analytics', '/settings']

const pages = [...ROUTES, '/templates', '/providers', '/routes', '/webhooks', '/keys', '/budget', '/more']
const there = async (page, path) => {
  await page.goto(base + path)
  await live(page)
  await page.locator('h1').first().waitFor()
  await eventually(async () => !(await page.locator('main [aria-busy=true]').count()), 20_000)
}

/** Something to see on every page. */
async function seed(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/')
  const { get, post } = api(page)
  await post('/v1/contacts', { phone: '+12025550120', name: 'Ada Lovelace' })
  for (const [nn, text] of [
    ['00', 'Arrives'],
    ['04', 'Is refused'],
    ['11', 'Is answered'],
  ])
    await post('/v1/messages', { to: `+120255501${nn}`, text })
  await becomes(
    async () =>
      (await get('/v1/messages?status=failed')).body.items.length === 1 &&
      (await get('/v1/conversations')).body.items.length === 1,
    'there is something to look at',
  )
}

/** A message that failed is sent again without a pointer. */
async function keyboard(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '0' } })
  await page.goto(base + '/messages?status=failed')
  await live(page)
  await page.locator('.message-row').first().waitFor()
  await press(page, 'j', () => page.evaluate(() => document.activeElement?.matches('.message-row')))
  await press(page, 'Enter', () => page.getByRole('dialog').isVisible())
  const again = page.getByRole('dialog').getByRole('button', { name: 'Send again' })
  await again.waitFor()
  const focused = () => again.evaluate((b) => b === document.activeElement)
  for (let i = 0; i < 40 && !(await focused()); i++) await page.keyboard.press('Tab')
  check(await focused(), 'Tab reaches Send again')
  await page.keyboard.press('Enter')
  await becomes(
    async () => (await api(page).get('/v1/messages?text=Is%20refused')).body.items.length === 2,
    'keyboard only: a failed message is sent again',
  )
}

/** Page after page from the palette, by the words that people type. */
async function palette(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/')
  await live(page)
  const field = page.locator('dialog[open] [role=combobox]')
  for (const [words, option, address] of [
    ['csv excel', 'Contacts', '/contacts'],
    ['newsletter', 'Campaigns', '/campaigns'],
    ['202 555 0120', /Messages to/, '/messages?to=%2B12025550120'],
    ['refused', /“refused”|refused/, '/messages?text=refused'],
  ]) {
    await press(page, 'Control+k', () => field.evaluate((e) => e === document.activeElement))
    await page.keyboard.type(words)
    await page.getByRole('option', { name: option }).first().waitFor()
    for (let i = 0; i < 5; i++) {
      const chosen = await page.locator('[role=option][aria-selected=true]').textContent()
      if (option instanceof RegExp ? option.test(chosen) : chosen.includes(option)) break
      await page.keyboard.press('ArrowDown')
    }
    await page.keyboard.press('Enter')
    await becomes(
      () => page.url() === base + address,
      `the palette: “${words}” leads to ${address}`,
      () => page.url(),
    )
  }
}

/** Single keys can be switched off; what needs Ctrl stays. */
async function quietKeys(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.keys': 'off' } })
  await page.goto(base + '/messages')
  await live(page)
  await page.locator('.message-row').first().waitFor()
  for (const key of ['c', 'j', 'g', 'h', '?']) await page.keyboard.press(key)
  await press(page, 'Control+k', () => page.locator('dialog[open] [role=combobox]').isVisible())
  check(page.url() === base + '/messages', 'switched off, single keys do nothing', page.url())
  await escape(page)
  await page.goto(base + '/inbox')
  await page.locator('.item').first().waitFor()
  await page.keyboard.press('j')
  await press(page, 'Control+k', () => page.locator('dialog[open] [role=combobox]').isVisible())
  check(page.url() === base + '/inbox', 'nor in the inbox', page.url())
}

/** A new page has its title, and the focus is in it; what has the focus is never behind a bar. */
async function focus(world) {
  const desk = await open(world.browser, { state: world.state })
  await desk.goto(base + '/')
  await live(desk)
  for (const name of ['Messages', 'Contacts', 'Analytics']) {
    await desk.locator('.rail').getByRole('link', { name, exact: true }).click()
    await becomes(
      async () =>
        (await desk.title()).startsWith(name) &&
        (await desk.evaluate(() => document.activeElement?.id === 'main')),
      `${name}: the page has its title, and takes the focus`,
      () => desk.title(),
    )
  }
  for (const viewport of [PHONE, DESK]) {
    const page = await open(world.browser, { viewport, state: world.state })
    for (const path of ROUTES) {
      await there(page, path)
      const hidden = new Set()
      for (let i = 0; i < 45; i++) {
        await page.keyboard.press('Tab')
        const found = await page.evaluate(async () => {
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
          const e = document.activeElement
          if (!e || e === document.body) return 'end'
          const r = e.getBoundingClientRect()
          if (!r.width || !r.height || e.matches('.skip, .sr, input[type=radio], input[type=checkbox]'))
            return ''
          const y = Math.min(Math.max(r.top + r.height / 2, 0), innerHeight - 1)
          const over = document.elementFromPoint(r.left + r.width / 2, y)?.closest('.bar, nav.tabs')
          const outside = r.bottom <= 0 || r.top >= innerHeight
          return (over && !over.contains(e)) || outside ? e.outerHTML.slice(0, 90) : ''
        })
        if (found === 'end') break
        if (found) hidden.add(found)
      }
      check(
        hidden.size === 0,
        `what has the focus is in sight: ${viewport.width} ${path}`,
        [...hidden].join('\n     '),
      )
    }
  }
}

/** From right to left everything is mirrored but numbers. */
async function rightToLeft(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.lang': 'ar' } })
  await there(page, '/messages')
  const middle = (selector) =>
    page
      .locator(selector)
      .first()
      .evaluate((e) => e.getBoundingClientRect().left + e.getBoundingClientRect().width / 2)
  check((await middle('.rail')) > DESK.width / 2, 'the navigation is at the right')
  await page.locator('.message-row').first().click()
  await page.getByRole('dialog').waitFor()
  await becomes(async () => (await middle('dialog[open]')) < DESK.width / 2, 'a sheet comes from the left')
  const number = page
    .getByRole('dialog')
    .getByText(/^\+1\d{10}$/)
    .first()
  await number.waitFor()
  check(
    await number.evaluate((e) => {
      const text = document.createTreeWalker(e, NodeFilter.SHOW_TEXT).nextNode()
      const x = (i) => {
        const range = document.createRange()
        range.setStart(text, i)
        range.setEnd(text, i + 1)
        return range.getBoundingClientRect().left
      }
      return x(0) < x(1) && x(1) < x(5)
    }),
    'a number reads from left to right',
  )
  const phone = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await there(phone, '/')
  const xs = await phone
    .locator('nav.tabs a')
    .evaluateAll((links) => links.map((a) => a.getBoundingClientRect().left))
  check(
    xs.every((x, i) => i === 0 || x < xs[i - 1]),
    'the tabs begin at the right',
    String(xs),
  )
}

/** Sizes between a phone and a desk. */
async function sizes(world) {
  const page = await open(world.browser, { state: world.state })
  for (const path of pages) {
    await page.setViewportSize({ width: 412, height: 900 })
    await there(page, path)
    for (const width of [412, 600, 768, 900, 1024]) {
      await page.setViewportSize({ width, height: 900 })
      await noSideScroll(page, `${path} at ${width} px`)
    }
  }
}

/** The system's own colours and no movement; a theme that is there at the first paint. */
async function looks(world) {
  for (const [viewport, forcedColors] of [
    [PHONE, 'active'],
    [DESK, 'none'],
  ]) {
    const page = await open(world.browser, {
      viewport,
      state: world.state,
      forcedColors,
      reducedMotion: 'reduce',
    })
    await there(page, '/messages')
    const pill = page.locator('.message-row .pill').first()
    check(
      (await pill.innerText()).trim() !== '' && (await pill.locator('svg').count()) === 1,
      'a status has a word and a sign beside its colour',
    )
    await page.locator('.message-row').first().click()
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().waitFor()
    const moving = await page.evaluate(() =>
      document
        .getAnimations()
        .filter((a) => a.playState === 'running' && Number(a.effect?.getComputedTiming().duration) > 20)
        .map((a) => a.animationName ?? a.transitionProperty ?? 'an animation'),
    )
    check(moving.length === 0, 'nothing moves when movement is not wanted', moving.join())
    await screen(page, `message ${viewport.width} forced colours ${forcedColors}`)
  }
  const dark = await open(world.browser, { state: world.state, colorScheme: 'dark' })
  await dark.goto(base + '/', { waitUntil: 'commit' })
  await dark.locator('body').waitFor({ state: 'attached' })
  const first = await dark.evaluate(() => [
    document.documentElement.dataset.theme,
    document.querySelector('meta[name=theme-color]').content,
  ])
  check(
    first.join() === 'dark,#12161a',
    'the theme of the system is there before anything is painted',
    first.join(),
  )
}

/** A send that can be undone goes out though its tab was closed. */
async function closedTab(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '5' } })
  await page.goto(base + '/compose')
  await live(page)
  await fillCompose(page, '+12025550100', 'Sent and gone')
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  await page.close()
  const other = await open(world.browser, { state: world.state })
  await other.goto(base + '/messages?text=gone')
  await other.locator('.message-row .pill', { hasText: 'Delivered' }).waitFor()
  check((await api(other).count('Sent and gone')) === 1, 'a closed tab does not take a send back')
}

/** Two tabs of one browser: what waits goes out once, and a choice of one is the other's. */
async function twoTabs(world) {
  const one = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '0' } })
  await one.goto(base + '/compose')
  await live(one)
  await one.evaluate(() => navigator.serviceWorker.ready.then(() => 1))
  const two = await one.context().newPage()
  await two.goto(base + '/messages')
  await live(two)
  await one.context().setOffline(true)
  for (const n of [1, 2]) {
    if (n > 1) await one.getByRole('link', { name: 'Compose' }).filter({ visible: true }).first().click()
    await fillCompose(one, '+12025550100', `Two tabs ${n}`)
    await one.getByRole('button', { name: 'Send 1 message' }).click()
    await one
      .getByText('Waiting for network')
      .nth(n - 1)
      .waitFor()
  }
  await one.context().setOffline(false)
  await becomes(
    async () =>
      (await api(two).count('Two tabs')) === 2 && !(await one.getByText('Waiting for network').count()),
    'both go out',
  )
  for (const page of [one, two]) await page.reload()
  await Promise.all([live(one), live(two)])
  check((await api(two).count('Two tabs')) === 2, 'each once, from whichever tab')
  await one.goto(base + '/settings?tab=appearance')
  await one.getByText('Dark', { exact: true }).click()
  await becomes(
    () => two.evaluate(() => document.documentElement.dataset.theme === 'dark'),
    'a theme that one tab chose is the other’s',
  )
}

/**
 * The first visit over 2G (400 kbit/s, 300 ms) with a processor a sixth as fast: it opens, within the bytes and the memory
 * that such a phone has. Times are told and not judged.
 */
async function slowly(world) {
  for (const path of ['/', '/compose', '/messages']) {
    const page = await open(world.browser, { viewport: PHONE, state: world.state, serviceWorkers: 'block' })
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Network.enable')
    await cdp.send('Performance.enable')
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 300,
      downloadThroughput: 400_000 / 8,
      uploadThroughput: 400_000 / 8,
    })
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 6 })
    let bytes = 0
    cdp.on('Network.loadingFinished', (e) => (bytes += e.encodedDataLength))
    const began = Date.now()
    await page.goto(base + path, { waitUntil: 'commit', timeout: 180_000 })
    await page.locator('h1').first().waitFor({ timeout: 180_000 })
    const heading = Date.now() - began
    const upTo = bytes
    await page.locator('.conn[data-state=live]').waitFor({ timeout: 180_000 })
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 })
    const { metrics } = await cdp.send('Performance.getMetrics')
    const heap = metrics.find((m) => m.name === 'JSHeapUsedSize').value
    console.log(
      `     2G ${path}: heading after ${(heading / 1000).toFixed(1)} s and ${(upTo / 1000).toFixed(0)} kB, heap ${(heap / 1e6).toFixed(0)} MB`,
    )
    check(upTo > 10_000 && upTo <= 120_000, `2G ${path}: the heading needs at most 120 kB`, String(upTo))
    check(heap < 40e6, `2G ${path}: the page needs less than 40 MB`, String(heap))
    await page.context().close()
  }
}

await play({
  setup,
  ...{ seed, keyboard, palette, quietKeys, focus, rightToLeft, sizes, looks },
  ...{ closedTab, twoTabs, slowly },
})
