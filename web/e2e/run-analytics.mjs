// Journeys of analytics, on a server of their own. See run.mjs.
import { readFileSync } from 'node:fs'
import {
  DESK,
  PHONE,
  api,
  base,
  becomes,
  check,
  eventually,
  live,
  open,
  play,
  screen,
  press,
} from './harness.mjs'
import { setup } from './sending.mjs'

const ENDED = ['delivered', 'undelivered', 'expired', 'failed']

/** Before anything was sent, the page says what it will show. */
async function empty(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/analytics')
  await page.getByText('No messages in this period').waitFor()
  await page.getByText('The first summary comes on a Monday morning').waitFor()
  await screen(page, 'analytics empty 360')
  await becomes(
    () => page.getByRole('link', { name: 'Compose' }).first().isVisible(),
    'the empty page leads to sending',
  )
}

/** Messages with every kind of end are sent, and the page has their numbers without a reload. */
async function numbers(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const server = api(page)
  await page.goto(base + '/analytics?range=today&by=country')
  await page.getByRole('heading', { name: 'Analytics' }).waitFor()
  const to = ['00', '02', '03', '04', '10', '12', '13', '14', '15', '16'].map((n) => '+120255501' + n)
  const sent = await server.post('/v1/batches', { to, text: 'Your parcel is ready.', from: 'SMSir' })
  check(sent.status === 202, 'the messages are accepted', JSON.stringify(sent.body))
  const ended = await eventually(async () => {
    const list = (await server.get('/v1/messages?limit=50')).body.items
    return list.length === to.length && list.every((m) => ENDED.includes(m.status))
  })
  check(ended, 'every message comes to its end')
  const tile = (label) => page.locator('.tiles > div', { hasText: label })
  const shown = await eventually(
    async () =>
      (await tile('Messages').count()) > 0 &&
      /\b10\b/.test(await tile('Messages').first().innerText()) &&
      /70\s?%/.test(await tile('Delivery rate').innerText()) &&
      /\b3\b/.test(await tile('Failed').first().innerText()),
  )
  check(
    shown,
    'the page shows 10 messages, 70 % delivered, 3 failed',
    await page.locator('.tiles').innerText(),
  )
  await screen(page, 'analytics 360 light')
  const reasons = page.locator('section', { hasText: 'Why messages failed' }).last()
  await becomes(async () => (await reasons.locator('li').count()) === 3, 'three causes are told apart')
  await becomes(
    () => page.getByRole('rowheader', { name: 'United States' }).isVisible(),
    'the country has its name',
  )
  for (const name of ['Messages over time', 'Delivery rate over time', 'Time to the handset']) {
    const chart = page.locator('figure', { hasText: name })
    await becomes(() => chart.getByRole('img').isVisible(), `a chart: ${name}`)
    await chart.getByRole('button', { name: 'Show as table' }).click()
    await becomes(async () => (await chart.getByRole('row').count()) > 20, `its table: ${name}`)
  }
  await screen(page, 'analytics tables 360')
}

/** The networks that the simulator reports for the numbers of its table, and those of others, of which it tells nothing. */
async function networks(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const server = api(page)
  await page.goto(base + '/analytics?range=today&by=network')
  await page.getByText('never guessed from the number').waitFor()
  const row = (name) => page.getByRole('row', { name })
  for (const [name, count] of [
    ['Test network 1', 3], // 0100, 0102 and 0110
    ['Test network 2', 1], // 0103
    ['Not reported', 6], // 0104, which was refused, and five outside of the table
  ])
    await becomes(
      async () => (await row(name).getByRole('cell').first().innerText()) === String(count),
      `${count} messages: ${name}`,
    )
  await screen(page, 'analytics networks 360')
  const list = (await server.get('/v1/messages?to=%2B12025550103')).body.items
  await page.goto(base + '/messages?id=' + list[0].id)
  await becomes(() => page.getByText('001-02').isVisible(), 'a message shows its network')
}

/** The choices stand in the address; a row leads to its messages; the table comes as CSV. */
async function choices(world) {
  const page = await open(world.browser, {
    viewport: DESK,
    state: world.state,
    prefs: { 'smsir.theme': 'dark' },
  })
  await page.goto(base + '/')
  await live(page)
  await press(page, 'g a', () => page.getByRole('heading', { name: 'Analytics' }).isVisible())
  await page.getByRole('radio', { name: '30 days' }).check({ force: true })
  await page.getByLabel('Group by').selectOption('sender')
  await page.getByRole('rowheader', { name: 'SMSir' }).waitFor()
  check(
    /range=30d/.test(page.url()) && /by=sender/.test(page.url()),
    'the address holds the choices',
    page.url(),
  )
  await screen(page, 'analytics 1280 dark')
  await becomes(
    async () => (await page.getByRole('columnheader', { name: 'Before' }).count()) === 1,
    'the period before has a column',
  )
  await page.getByLabel('Compare with the period before').uncheck()
  check(
    await eventually(async () => (await page.getByRole('columnheader', { name: 'Before' }).count()) === 0),
    'and none without comparing',
  )
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ])
  const text = readFileSync(await file.path(), 'utf8')
  const rows = text.trim().split('\r\n')
  check(/^sender-.*\.csv$/.test(file.suggestedFilename()), 'the file has a name', file.suggestedFilename())
  check(
    text.startsWith('\ufeffsender,name,messages') && rows.length === 3 && /^SMSir,,10,10,7,/.test(rows[1]),
    'the file has the numbers of the table',
    text,
  )
  await page.getByRole('rowheader', { name: 'SMSir' }).getByRole('link').click()
  await page.waitForURL(/\/messages\?.*from=SMSir/)
  check(
    await eventually(async () => (await page.locator('[role=listitem], tbody tr').count()) >= 10),
    'a row leads to its messages',
  )
  await page.goto(base + '/analytics?range=custom')
  await page.getByText('Choose the first day of the period.').waitFor()
  await page.getByLabel('First day').fill('2020-01-01')
  await page.getByRole('alert').waitFor()
  await screen(page, 'analytics too long a period 1280 dark')
  await page.getByLabel('First day').fill(new Date().toISOString().slice(0, 10))
  await page.getByLabel('First day').fill(new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10))
  await page.locator('.tiles').waitFor()
  await becomes(async () => (await page.getByRole('alert').count()) === 0, 'a shorter one is shown')
}

/** Summaries are turned off and on; viewers see whether there are any. */
async function weeks(world) {
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.theme': 'dark' },
  })
  const server = api(page)
  await page.goto(base + '/analytics?range=7d')
  const box = page.getByLabel('Make a summary of every week')
  await box.uncheck()
  const is = (weekly) => async () => (await server.get('/v1/report-settings')).body.weekly === weekly
  check(await eventually(is(false)), 'summaries are turned off')
  await page.reload()
  await becomes(async () => !(await box.isChecked()), 'and stay off')
  await box.check()
  check(await eventually(is(true)), 'summaries are turned on again')
  await page.locator('.tiles').waitFor()
  await screen(page, 'analytics 360 dark')
}

/** In Arabic it reads from right to left, on a phone and on a desk. */
async function arabic(world) {
  for (const viewport of [PHONE, DESK]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.lang': 'ar' } })
    await page.goto(base + '/analytics?range=7d&by=reason')
    await page.getByRole('heading', { name: 'الإحصاءات' }).waitFor()
    await page.locator('.tiles').waitFor()
    await becomes(
      async () => (await page.evaluate(() => document.documentElement.dir)) === 'rtl',
      'the page is mirrored',
    )
    await screen(page, `analytics ${viewport.width} Arabic`)
  }
}

await play({ setup, empty, numbers, networks, choices, weeks, arabic })
