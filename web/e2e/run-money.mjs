// What a workspace may send and spend, on a server of its own. Needs and prints the same as run.mjs.
import { api, base, check, DESK, eventually, live, open, PHONE, play, screen } from './harness.mjs'
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
  check((await sent(page)) === before + before + 5, 'exactly as many were accepted as the limit allows')
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

await play({ setup, empty, limits, queue })
