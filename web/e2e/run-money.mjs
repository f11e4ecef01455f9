// What a workspace may send and spend, on a server of its own. Needs and prints the same as run.mjs.
import { DESK, PHONE, api, base, becomes, check, eventually, live, open, play, screen } from './harness.mjs'
import { setup } from './sending.mjs'

const THEMES = [
  [PHONE, 'light'],
  [PHONE, 'dark'],
  [DESK, 'light'],
  [DESK, 'dark'],
]
const sent = async (page) => (await api(page).get('/v1/messages?limit=200')).body.items.length

/** Without limits the page says what they are for. */
async function empty(world) {
  for (const [viewport, theme] of THEMES) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    await page.goto(base + '/budget')
    await page.getByRole('heading', { name: 'No limit is set' }).waitFor()
    await screen(page, `budget empty ${viewport.width} ${theme}`)
  }
}

/** A limit of five messages: the banner comes at the fourth, and the sixth is refused with the reason. */
async function limits(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/budget')
  await live(page)
  const before = await sent(page)
  await page
    .getByLabel('Messages a day')
    .first()
    .fill(String(before + 5))
  await page.getByLabel('One-time codes to one number').fill('1')
  await page.getByLabel('Countries that may be written to').selectOption('US')
  await page.getByRole('button', { name: 'Take United States out' }).waitFor()
  await page.getByRole('button', { name: 'Save' }).first().click()
  await page.getByText('Saved').first().waitFor()
  await page.getByRole('heading', { name: 'Used so far' }).waitFor()
  const kept = (await api(page).get('/v1/limits')).body
  check(
    kept.limits.messages_per_day === before + 5 && kept.limits.countries.join() === 'US',
    'limits are kept',
    JSON.stringify(kept),
  )
  const send = (body) => api(page).post('/v1/messages', { text: 'Within the limit', ...body })
  const abroad = await send({ to: '+447700900123' })
  check(
    abroad.status === 422 && abroad.body.errors[0].code === 'country_not_allowed',
    'another country is refused',
    JSON.stringify(abroad.body),
  )
  await send({ to: '+12025550100', class: 'otp' })
  const again = await send({ to: '+12025550100', class: 'otp' })
  check(
    again.status === 429 && again.body.errors[0].field === 'limits.otp_per_recipient',
    'a second code within ten minutes is refused',
    JSON.stringify(again.body),
  )
  // Messages that were sent before the limit was set do not count: the meter began with it.
  let last
  for (let i = 0; i < before + 5; i++) last = await send({ to: '+12025550100' })
  check(
    last.status === 429 && last.body.code === 'limit_reached' && /owner or admin/.test(last.body.detail),
    'what goes beyond the limit is refused',
    JSON.stringify(last.body),
  )
  await becomes(
    async () => (await sent(page)) === before + before + 5,
    'exactly as many were accepted as the limit allows',
  )
  check(
    await eventually(async () => await page.getByText(/^A limit is nearly used up: /).isVisible()),
    'a banner tells of the limit',
  )
  await page.goto(base + '/compose')
  await page.getByLabel('To', { exact: true }).fill('202 555 0100')
  await page.keyboard.press('Enter')
  await page.getByLabel('Message', { exact: true }).fill('One too many')
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page
    .getByText(/has sent \d+ of its \d+ messages/)
    .first()
    .waitFor()
  await screen(page, 'compose limit reached 360')
  for (const [viewport, theme] of THEMES) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    await page.goto(base + '/budget')
    await page.getByText('Used up: new messages are refused.').waitFor()
    await screen(page, `budget used up ${viewport.width} ${theme}`)
  }
  const arabic = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await arabic.goto(base + '/budget')
  await arabic.locator('progress').first().waitFor()
  await screen(arabic, 'budget 360 arabic')
}

/** The queue's bounds have a form. */
async function queue(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await page.goto(base + '/budget')
  await page.getByLabel('Messages that may wait').fill('5000')
  await page.getByLabel('Longest wait in minutes').fill('30')
  await page.getByRole('button', { name: 'Save' }).last().click()
  check(
    await eventually(async () => {
      const w = (await api(page).get('/v1/workspace')).body
      return w.queue_max_count === 5000 && w.queue_max_age_seconds === 1800
    }),
    'the bounds of the queue are kept',
  )
}

/** One price by hand, a table with bad rows that are named, the same table put right; then a limit on money holds. */
async function prices(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/budget?tab=prices')
  await page.getByRole('heading', { name: 'No price list yet' }).waitFor()
  await screen(page, 'prices empty 360')
  await page.getByRole('button', { name: 'Add price' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Destination').fill('Atlantis')
  await sheet.getByLabel('Price of one segment').fill('0.80')
  await sheet.getByLabel('Currency').fill('kes')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await sheet.getByText('A destination is the beginning of numbers').first().waitFor()
  await screen(page, 'price form refused 360')
  await sheet.getByLabel('Destination').fill('US')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.getByText('KES\u00a00.80').waitFor()
  await page.getByRole('button', { name: 'Read a table' }).click()
  const table = (text) =>
    sheet
      .getByLabel('Table (CSV or Excel)')
      .setInputFiles({ name: 'prices.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  await table('destination,price\nGB,1.20\nKenya,0.70\n+4477,cheap\n')
  await sheet.getByRole('button', { name: 'Take prices' }).click()
  await sheet.getByText('2 rows cannot be taken, so nothing was changed.').waitFor()
  await becomes(
    async () => (await sheet.getByText('Row 3').isVisible()) && (await sheet.getByText('Row 4').isVisible()),
    'every bad row is named',
  )
  await screen(page, 'prices import bad 360')
  await table('destination,price\nGB,1.20\nKE,0.70\n+4477,1.15\n')
  await sheet.getByRole('button', { name: 'Take prices' }).click()
  await sheet.getByText('3 new prices, 0 as before.').waitFor()
  await sheet.getByRole('button', { name: 'Close' }).filter({ hasText: 'Close' }).click()
  await page.getByText('United Kingdom (GB)').waitFor()
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download table' }).click()
  check((await file).suggestedFilename() === 'prices.csv', 'the list can be downloaded')
  for (const [viewport, theme] of THEMES) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    await page.goto(base + '/budget?tab=prices')
    await page.getByText('United Kingdom (GB)').waitFor()
    await screen(page, `prices ${viewport.width} ${theme}`)
  }
  const arabic = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await arabic.goto(base + '/budget?tab=prices')
  await arabic.locator('.prices li').nth(3).waitFor()
  await screen(arabic, 'prices 360 arabic')

  const answer = await page.request.fetch(base + '/v1/limits', {
    method: 'PUT',
    data: {
      messages_per_day: 0,
      messages_per_key_per_day: 0,
      otp_per_recipient: 0,
      spend_per_day: '2',
      spend_per_month: '',
      countries: [],
    },
    headers: { Origin: base },
  })
  check(answer.status() === 200, 'spending can be limited now', await answer.text())
  await page.goto(base + '/compose')
  await page.getByLabel('To', { exact: true }).fill('202 555 0100')
  await page.keyboard.press('Enter')
  await page.getByLabel('Message', { exact: true }).fill('What does it cost?')
  await page.getByText('0.8 KES').waitFor()
  check(true, 'compose says what the list says')
  const before = await sent(page)
  let last
  for (let i = 0; i < 3; i++)
    last = await api(page).post('/v1/messages', { to: '+12025550100', text: 'Paid' })
  await becomes(
    async () =>
      last.status === 429 &&
      last.body.errors[0].field === 'limits.spend_per_day' &&
      (await sent(page)) === before + 2,
    'spending stops before the limit',
    async () => JSON.stringify(last.body),
  )
  const unpriced = await api(page).post('/v1/messages', { to: '+33123456789', text: 'Paid' })
  check(
    unpriced.status === 422 && unpriced.body.errors[0].code === 'price_unknown',
    'a number without a price is refused while spending is limited',
    JSON.stringify(unpriced.body),
  )
  const desk = await open(world.browser, { viewport: DESK, state: world.state })
  await desk.goto(base + '/budget')
  await desk.getByText('KES\u00a01.60 of KES\u00a02.00').waitFor()
  await screen(desk, 'budget spent 1280')
}

/** Credit is added, turned on, spent to its end, and its ledger says so. */
async function credit(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const put = (path, data) =>
    page.request.fetch(base + path, { method: 'PUT', data, headers: { Origin: base } })
  const free = await put('/v1/limits', {
    messages_per_day: 0,
    messages_per_key_per_day: 0,
    otp_per_recipient: 0,
    spend_per_day: '',
    spend_per_month: '',
    countries: [],
  })
  check(free.status() === 200, 'the limits are lifted', await free.text())
  await api(page).post('/v1/prices', { currency: 'KES', prices: [{ destination: 'US', price: '0.80' }] })
  await page.goto(base + '/budget?tab=credit')
  await page.getByText('Nobody has added credit yet.').waitFor()
  await screen(page, 'credit empty 360')
  await page.getByRole('button', { name: 'Add credit' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabel('Amount').fill('a lot')
  await sheet.getByLabel('Note').fill('Invoice 2026-117')
  await sheet.getByRole('button', { name: 'Add credit' }).click()
  await sheet.getByText('Give the amount as a decimal number').first().waitFor()
  await screen(page, 'credit form refused 360')
  await sheet.getByLabel('Amount').fill('2')
  await sheet.getByRole('button', { name: 'Add credit' }).click()
  await page.getByText('Invoice 2026-117').waitFor()
  await page.getByLabel('Take the price of every message from the credit').check()
  await page.getByLabel('Tell people below').fill('1')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved').first().waitFor()
  check(
    await eventually(async () => {
      const c = (await api(page).get('/v1/credit')).body
      return c.on && c.balance === '2' && c.low === '1'
    }),
    'credit is on',
  )
  await page.goto(base + '/compose')
  await page.getByLabel('To', { exact: true }).fill('202 555 0100')
  await page.keyboard.press('Enter')
  await page.getByLabel('Message', { exact: true }).fill('What is left?')
  await page.getByText('of 2 credit').waitFor()
  check(true, 'compose says what is left')
  let last
  for (let i = 0; i < 3; i++)
    last = await api(page).post('/v1/messages', { to: '+12025550100', text: 'Paid beforehand' })
  check(
    last.status === 422 && last.body.code === 'no_credit' && /0\.4 are missing/.test(last.body.detail),
    'what there is no credit for is refused, with what is missing',
    JSON.stringify(last.body),
  )
  check(
    await eventually(async () => await page.getByText(/^The credit is nearly used up: /).isVisible()),
    'a banner tells that the credit is low',
  )
  check(
    await eventually(async () => {
      const c = (await api(page).get('/v1/credit')).body
      return c.balance === '0.4' && c.held === '0'
    }),
    'what was sent is charged, and nothing is held any more',
  )
  for (const [viewport, theme] of THEMES) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    await page.goto(base + '/budget?tab=credit')
    await page.getByLabel('Show what messages took and gave back').check()
    await page.getByText('Charged').first().waitFor()
    await screen(page, `credit ${viewport.width} ${theme}`)
  }
  const arabic = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await arabic.goto(base + '/budget?tab=credit')
  await arabic.locator('ol li').first().waitFor()
  await screen(arabic, 'credit 360 arabic')
  const off = await put('/v1/credit', { on: false, low: '' })
  check(off.status() === 200, 'credit is off again', await off.text())
}

await play({ setup, empty, limits, queue, prices, credit })
