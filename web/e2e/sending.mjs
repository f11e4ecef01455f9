// From the setup link to "delivered", with a finger and with the keyboard alone.
import {
  DESK,
  PHONE,
  api,
  becomes,
  check,
  eventually,
  fillCompose,
  live,
  open,
  person,
  screen,
  setupURL,
  press,
  escape,
} from './harness.mjs'

/** The first person registers through the printed link, on a phone. Everybody else starts from this session. */
export async function setup(world) {
  const page = await open(world.browser, { viewport: PHONE })
  await page.goto(setupURL)
  await page.getByRole('heading', { name: 'Set up SMSir' }).waitFor()
  await screen(page, 'setup 360 light')
  await page.getByLabel('Your name').fill(person.name)
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill('password')
  await page.getByLabel('Workspace name').fill('Example Clinic')
  await page.getByLabel('Country').selectOption('US')
  await page.getByLabel('Time zone').selectOption('America/New_York')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('alert').waitFor()
  await screen(page, 'setup with a weak password')
  await becomes(
    async () => (await page.getByLabel('Workspace name').inputValue()) === 'Example Clinic',
    'a refused form keeps what was typed',
  )
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Today' }).waitFor()
  await live(page)
  await becomes(() => page.getByText('Test mode: nothing reaches a phone.').isVisible(), 'test mode is said')
  await screen(page, 'home empty 360 light')
  world.state = await page.context().storageState()
}

const delivered = (page) => page.getByRole('dialog').locator('.pill', { hasText: 'Delivered' }).waitFor()

/** Compose, send, and watch it become delivered without a reload. */
async function sendAndWatch(world, viewport, theme, smart) {
  const name = `${viewport.width} ${theme}`
  const page = await open(world.browser, {
    viewport,
    state: world.state,
    prefs: { 'smsir.theme': theme, 'smsir.undo': '0' },
  })
  await page.goto(new URL('/', setupURL).href)
  await live(page)
  await api(page).patch('/v1/workspace', { smart_encoding: smart })
  await page.reload()
  await live(page)
  await page.evaluate(() => (window.sameDocument = true))
  await page
    .getByRole('link', { name: /compose/i })
    .filter({ visible: true })
    .first()
    .click()
  await fillCompose(page, '+12025550100', `It’s ready, ${name}`)
  if (smart) {
    check(
      await eventually(() => page.getByText('Typographic characters are replaced').isVisible()),
      `${name}: the workspace makes it plain`,
    )
    check(
      await eventually(() => page.getByText(/GSM-7 · 1 segment/).isVisible()),
      `${name}: and the counter counts so`,
    )
    await screen(page, `compose ${name}`)
  } else {
    check(
      await eventually(() => page.getByText(/Unicode · 1 segment/).isVisible()),
      `${name}: the counter shows Unicode`,
    )
    check(
      await eventually(() => page.getByText(/Unicode message because of the curly apostrophe/).isVisible()),
      `${name}: the culprit is named`,
    )
    await screen(page, `compose ${name}`)
    await page.getByRole('button', { name: 'Replace with plain text' }).click()
    check(
      await eventually(() => page.getByText(/GSM-7 · 1 segment/).isVisible()),
      `${name}: one tap makes it plain`,
    )
  }
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page.getByRole('dialog').waitFor()
  await delivered(page)
  check(await page.evaluate(() => window.sameDocument === true), `${name}: delivered without a reload`)
  const steps = await page.getByRole('dialog').locator('ol li').count()
  check(steps >= 4, `${name}: the timeline has every step`, `${steps} steps`)
  await screen(page, `message delivered ${name}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click()
  const row = page.locator('.message-row', { hasText: `It's ready, ${name}` })
  await becomes(
    async () => (await row.locator('.pill').textContent()).includes('Delivered'),
    `${name}: the row says so too`,
  )
  await page.goto(new URL('/', setupURL).href)
  check(
    await eventually(() => page.getByText(`It's ready, ${name}`).first().isVisible()),
    `${name}: it is among the latest on Home`,
  )
}
export const sendOnPhone = (world) => sendAndWatch(world, PHONE, 'light', true)
export const sendOnPhoneInTheDark = (world) => sendAndWatch(world, PHONE, 'dark', false)
export const sendOnDesk = (world) => sendAndWatch(world, DESK, 'light', false)
export const sendOnDeskInTheDark = (world) => sendAndWatch(world, DESK, 'dark', true)

/** Compose to delivered without a pointer. */
export async function keyboardOnly(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '0' } })
  await page.goto(new URL('/', setupURL).href)
  await live(page)
  await press(page, 'c', () => page.url().endsWith('/compose'))
  await page.getByRole('heading', { name: 'New message' }).waitFor()
  // The new page takes the focus once; what is typed before that would go elsewhere.
  await becomes(
    () => page.evaluate(() => document.activeElement?.closest('main') !== null),
    'a new page takes the focus',
  )
  const focusOn = async (what) => {
    for (let i = 0; i < 30; i++) {
      if (await page.evaluate((w) => document.activeElement?.matches(w) ?? false, what)) return true
      await page.keyboard.press('Tab')
    }
    return false
  }
  check(await focusOn('.tokens input'), 'Tab reaches the recipients')
  await page.keyboard.type('202 555 0100,')
  check(await focusOn('textarea'), 'Tab reaches the text')
  await page.keyboard.type('Keyboard only')
  check(await focusOn('button[type=submit]'), 'Tab reaches Send')
  await page.keyboard.press('Enter')
  await delivered(page)
  check(true, 'keyboard only: compose to delivered')
  await escape(page)
  check(true, 'Escape closes the message')
  await press(page, 'j', () => page.evaluate(() => document.activeElement?.matches('.message-row')))
  check(true, 'j goes to a row')
  const asks = () => page.evaluate(() => document.activeElement?.matches('dialog[open] [role=combobox]'))
  await press(page, 'Control+k', asks)
  await screen(page, 'palette')
  await page.keyboard.type('bulk')
  await page.getByRole('option', { name: 'Compose' }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL('**/compose')
  check(true, 'the palette finds Compose by another word')
}

/** Two quick presses are one message; the form's key sees to it. */
export async function pressedTwice(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '0' } })
  await page.goto(new URL('/compose', setupURL).href)
  await fillCompose(page, '+12025550100', 'Pressed twice')
  await page
    .getByRole('button', { name: 'Send 1 message' })
    .evaluate((b) => (b.click(), b.click(), b.form.requestSubmit()))
  await delivered(page)
  check(
    (await api(page).count('Pressed twice')) === 1,
    'two presses are one message',
    `${await api(page).count('Pressed twice')}`,
  )
}

/** The server holds a send while it can be undone; undoing brings the text back. */
export async function undone(world) {
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.undo': '600' },
  })
  await page.goto(new URL('/compose', setupURL).href)
  await fillCompose(page, '+12025550100, +12025550102', 'Not like this')
  await page.getByRole('button', { name: 'Send 2 messages' }).click()
  const undo = page.getByRole('button', { name: 'Undo' })
  await undo.waitFor()
  await screen(page, 'undo toast')
  await undo.click()
  await page.waitForURL('**/compose')
  check(
    await eventually(
      async () => (await page.getByLabel('Message', { exact: true }).inputValue()) === 'Not like this',
    ),
    'undo brings the text back',
  )
  await becomes(async () => (await page.locator('.token').count()) === 2, 'undo brings the recipients back')
  const all = (await api(page).get('/v1/messages?text=Not%20like%20this')).body.items
  check(
    all.length === 2 && all.every((m) => m.status === 'canceled'),
    'nothing was sent',
    JSON.stringify(all.map((m) => m.status)),
  )
}

/** The same for one message, whose sheet opens over everything: Undo stays in reach. */
export async function undoneOverSheet(world) {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '600' } })
  await page.goto(new URL('/compose', setupURL).href)
  await fillCompose(page, '+12025550100', 'Back again')
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page.getByRole('dialog').getByText('Sending soon').first().waitFor()
  await screen(page, 'message held')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.waitForURL('**/compose')
  const text = () => page.getByLabel('Message', { exact: true }).inputValue()
  check(await eventually(async () => (await text()) === 'Back again'), 'Undo works over an open message')
  const [m] = (await api(page).get('/v1/messages?text=Back%20again')).body.items
  check(m.status === 'canceled', 'and the message is canceled', m.status)
}

/** Scheduled in the workspace's zone, and canceled. */
export async function scheduled(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(new URL('/compose', setupURL).href)
  await fillCompose(page, '+12025550100', 'For tomorrow')
  await page.getByText('Later', { exact: true }).click()
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('Date and time').fill(`${tomorrow}T09:00`)
  await screen(page, 'compose scheduled')
  await page.getByRole('button', { name: 'Schedule 1 message' }).click()
  await page.getByRole('dialog').getByText('Scheduled for').waitFor()
  const [m] = (await api(page).get('/v1/messages?text=For%20tomorrow')).body.items
  const hour = new Date(m.send_at).toLocaleString('en-GB', {
    timeZone: 'America/New_York',
    hour: '2-digit',
    minute: '2-digit',
  })
  check(hour === '09:00', 'the time is the workspace’s', hour)
  await screen(page, 'message scheduled')
  await page.getByRole('button', { name: 'Cancel message' }).click()
  await page.getByRole('dialog').locator('.pill', { hasText: 'Canceled' }).waitFor()
  check(true, 'a scheduled message can be canceled')
}

/** Every number of the simulator's table comes to its end on screen, with what it means. */
export async function everyEnd(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(new URL('/messages', setupURL).href)
  await live(page)
  const ends = {
    '02': 'Not delivered',
    '03': 'Expired',
    '04': 'Failed',
    '05': 'Delivered',
    '07': 'Delivered',
    '09': 'Delivered',
    10: 'Delivered',
  }
  for (const nn of Object.keys(ends))
    await api(page).post('/v1/messages', { to: `+120255501${nn}`, text: `End ${nn}` })
  await api(page).post('/v1/messages', { to: '+12025550108', text: 'End 08' })
  for (const [nn, word] of Object.entries(ends)) {
    const pill = page.locator('.message-row', { hasText: `End ${nn}` }).locator('.pill')
    check(
      await eventually(async () => (await pill.textContent())?.includes(word)),
      `number ${nn} ends as ${word}`,
      await pill.textContent(),
    )
  }
  const open08 = page.locator('.message-row', { hasText: 'End 08' })
  check(
    await eventually(async () => (await open08.locator('.pill').textContent())?.includes('Unconfirmed')),
    'number 08 is unconfirmed',
  )
  for (const nn of ['02', '04', '08']) {
    await page.locator('.message-row', { hasText: `End ${nn}` }).click()
    await page.getByRole('dialog').getByRole('note').waitFor()
    await screen(page, `message end ${nn}`)
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click()
  }
}
