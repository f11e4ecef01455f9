// The history: filters in the address, rows that stay where they are, pages.
import { PHONE, api, base, becomes, check, eventually, live, open, screen } from './harness.mjs'

/** New messages wait behind a count while one reads further down; nothing under the finger moves. */
export async function liveRows(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const to = Array.from({ length: 80 }, (_, i) => `+1202555${String(2000 + i)}`)
  await api(page).post('/v1/batches', { to, text: 'Row to read' })
  await page.goto(base + '/messages')
  await live(page)
  await page.locator('.message-row').nth(30).waitFor()
  await page.evaluate(() => {
    window.shift = 0
    new PerformanceObserver((l) => l.getEntries().forEach((e) => (window.shift += e.value))).observe({
      type: 'layout-shift',
    })
  })
  await page.evaluate(() => scrollTo(0, 1500))
  const probe = () =>
    page.evaluate(() => {
      const row = document.elementFromPoint(180, 400)?.closest('.message-row')
      return row ? `${row.getAttribute('href')} at ${Math.round(row.getBoundingClientRect().top)}` : 'none'
    })
  let before = ''
  const still = async () => {
    const was = before
    before = await probe()
    return before !== 'none' && before === was
  }
  check(await eventually(still), 'the list comes to rest where one reads')
  for (let i = 0; i < 3; i++) await api(page).post('/v1/messages', { to: '+12025550100', text: `Fresh ${i}` })
  const pill = page.getByRole('button', { name: '3 new messages' })
  await pill.waitFor()
  check((await probe()) === before, 'live rows do not move the list', `${before} became ${await probe()}`)
  const shift = await page.evaluate(() => window.shift)
  check(shift < 0.01, 'no layout shift', String(shift))
  await screen(page, 'messages with new ones 360')
  await pill.click()
  check(
    await eventually(async () => (await page.getByText(/^Fresh \d$/).count()) === 3),
    'the count brings them in',
  )
  await becomes(() => page.evaluate(() => scrollY === 0), 'and goes to the top')
}

/** All filters stand in the address; Back and reload keep them; a sheet is an address too. */
export async function filters(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/messages')
  await page.getByRole('button', { name: 'Failed', exact: true }).click()
  await page.waitForURL('**/messages?status=failed')
  const onlyFailed = async () => {
    const pills = await page.locator('.message-row .pill').allTextContents()
    return pills.length > 0 && pills.every((x) => x.includes('Failed'))
  }
  check(await eventually(onlyFailed), 'a status narrows the list')
  await page.locator('.message-row').first().click()
  await page.getByRole('dialog').waitFor()
  check(/status=failed&id=msg_/.test(page.url()), 'an open message is an address', page.url())
  await page.goBack()
  check(await eventually(async () => (await page.getByRole('dialog').count()) === 0), 'Back closes it')
  await page.reload()
  check(await eventually(onlyFailed), 'a reload keeps the filter')
  await page.getByRole('searchbox').fill('no such words anywhere')
  await page.getByText('No message matches').waitFor()
  await screen(page, 'messages without a match 360')
  await page.getByRole('link', { name: 'Clear filters' }).first().click()
  check(
    await eventually(async () => (await page.locator('.message-row').count()) > 5),
    'clearing shows all again',
  )
  await page.getByRole('searchbox').fill('202 555 0104')
  await page.waitForURL(/to=%2B12025550104/)
  check(
    await eventually(async () =>
      (await page.locator('.message-row .to').allTextContents()).every((x) => x === '+12025550104'),
    ),
    'a number looks for its recipient',
  )
  await page.getByRole('button', { name: 'More filters' }).click()
  await screen(page, 'messages with all filters 360')
}

/** The list goes on as far as one scrolls, with few rows on the page at a time. */
export async function pages(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages?text=Row+to+read')
  await page.locator('.message-row').first().waitFor()
  const seen = new Set()
  let turn = 0
  const all = async () => {
    for (const href of await page
      .locator('.message-row')
      .evaluateAll((rows) => rows.map((r) => r.getAttribute('href'))))
      seen.add(href)
    // From the end back to the start: a slow machine may not have drawn every row on the way down.
    if (++turn % 60) await page.mouse.wheel(0, 600)
    else await page.evaluate(() => scrollTo(0, 0))
    return seen.size >= 80
  }
  check(
    (await eventually(all)) && seen.size === 80,
    'scrolling reaches every message once',
    `${seen.size} of 80`,
  )
  await becomes(
    async () => (await page.locator('.message-row').count()) < 60,
    'few rows are on the page at a time',
  )
}
