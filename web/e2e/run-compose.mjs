// The compose form with many recipients, on a server of its own: templates and variables, files, groups, names, a test to
// oneself, quiet hours, and other people's clocks. Needs and prints the same as run.mjs.
import { DESK, PHONE, api, base, becomes, check, eventually, open, play, screen, escape } from './harness.mjs'
import { setup } from './sending.mjs'

const to = (page) => page.getByLabel('To', { exact: true })
const text = (page) => page.getByLabel('Message', { exact: true })
const chips = (page) => page.locator('.token')
const dialog = (page) => page.getByRole('dialog')
const compose = async (world, options = {}) => {
  const page = await open(world.browser, { state: world.state, prefs: { 'smsir.undo': '0' }, ...options })
  await page.goto(base + '/compose')
  await page.getByText('When', { exact: true }).waitFor()
  return page
}
const batch = async (page, words) =>
  (await api(page).get(`/v1/messages?limit=50&text=${encodeURIComponent(words)}`)).body.items

/** People, a group of them, and a template. */
async function seed(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/')
  const { post } = api(page)
  const group = (await post('/v1/groups', { name: 'Parents' })).body
  for (const [nn, name] of [
    ['10', 'Amina Odhiambo'],
    ['11', 'Brian Kamau'],
    ['12', ''],
  ])
    await post('/v1/contacts', { phone: `+120255501${nn}`, name, groups: [group.id] })
  await post('/v1/contacts', { phone: '+12025550113', name: 'Paul Parker' })
  const made = await post('/v1/templates', {
    name: 'Reminder',
    texts: [{ text: 'Dear {{name}}, see you at 3.' }, { language: 'sw', text: 'Habari {{name}}, saa tisa.' }],
  })
  check(made.status === 201, 'there is a template', JSON.stringify(made.body))
}

/** A name is typed, a group is one chip, the template is filled in for each: on a phone. */
async function people(world) {
  const page = await compose(world, { viewport: PHONE })
  await to(page).pressSequentially('pau')
  await page.getByRole('option', { name: /Paul Parker/ }).waitFor()
  await screen(page, 'compose names 360')
  await page.keyboard.press('Enter')
  check(
    await eventually(async () => (await chips(page).allTextContents()).join().includes('Paul Parker')),
    'a chip has the name of the contact',
  )
  await to(page).pressSequentially('parents')
  await page.getByRole('option', { name: /Parents/ }).click()
  check(
    await eventually(async () => /Parents · 3/.test((await chips(page).allTextContents()).join())),
    'a group is one chip with its count',
    (await chips(page).allTextContents()).join(),
  )
  await page.getByRole('button', { name: 'Use a template' }).click()
  await dialog(page).getByText('Reminder').waitFor()
  await screen(page, 'compose templates 360')
  await dialog(page).getByRole('button', { name: /Dear/ }).click()
  await becomes(
    async () => (await text(page).inputValue()).startsWith('Dear {{name}}'),
    'the template stands in the form',
  )
  await page.getByText(/1 person has no value for a variable: \+12025550112/).waitFor()
  await page.getByText('Dear Paul Parker, see you at 3.').waitFor()
  for (let i = 0; i < 3 && !(await page.getByText('Dear Amina Odhiambo, see you at 3.').count()); i++)
    await page.getByRole('button', { name: 'Next recipient' }).click()
  await page.getByText('Dear Amina Odhiambo, see you at 3.').waitFor()
  await page.getByRole('button', { name: 'First with a gap' }).click()
  await page.getByText('Dear , see you at 3.').waitFor()
  await text(page).fill('Dear {{name|parent}}, see you at 3.')
  check(
    await eventually(async () => !(await page.getByText('has no value').count())),
    'a fallback closes the gap',
  )
  await screen(page, 'compose personal 360')
  await page.getByText('Draft saved').waitFor()
  await page.reload()
  check(
    await eventually(async () => /Parents · 3/.test((await chips(page).allTextContents()).join())),
    'the draft keeps the group',
  )
  await page
    .getByRole('button', { name: 'Send 4 messages' })
    .evaluate((b) => (b.click(), b.click(), b.form.requestSubmit()))
  await page.waitForURL('**/messages?batch=*')
  const sent = (await batch(page, 'see you at 3')).map((m) => `${m.to} ${m.text}`).sort()
  check(
    sent.join('|') ===
      [
        '+12025550110 Dear Amina Odhiambo, see you at 3.',
        '+12025550111 Dear Brian Kamau, see you at 3.',
        '+12025550112 Dear parent, see you at 3.',
        '+12025550113 Dear Paul Parker, see you at 3.',
      ].join('|'),
    'everybody got their own text, once',
    sent.join('|'),
  )
}

const csv = (rows) => ({ name: 'clients.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) })

/** A file is one chip; its columns fill variables and every bad row is named. A long one becomes a campaign. */
async function files(world) {
  const page = await compose(world)
  await page
    .getByLabel('File of numbers')
    .setInputFiles(
      csv(
        'Phone,Name,Due\n+12025550120,Grace,3 May\nnobody,Eve,\n+12025550121,,4 May\n(202) 555-0120,Grace,\n',
      ),
    )
  await dialog(page).getByText('1 row left out').waitFor()
  await becomes(() => dialog(page).getByText('Row 3').isVisible(), 'the bad row is named')
  await becomes(() => dialog(page).getByText('nobody').isVisible(), 'with what stands in it')
  await screen(page, 'compose file rows 1280')
  await escape(page)
  await page.getByRole('button', { name: '+ due' }).click()
  await becomes(async () => (await text(page).inputValue()) === '{{due}}', 'a column is a variable')
  await text(page).fill('{{name|Hello}}: due on {{due}}')
  await page.getByText('Grace: due on 3 May').waitFor()
  await screen(page, 'compose file 1280')
  await page.getByRole('button', { name: 'Send 2 messages' }).click()
  await page.waitForURL('**/messages?batch=*')
  const sent = (await batch(page, 'due on')).map((m) => m.text).sort()
  check(sent.join('|') === 'Grace: due on 3 May|Hello: due on 4 May', 'the rows were sent', sent.join('|'))

  await page.goto(base + '/compose')
  await text(page).fill('To all of you')
  const rows = Array.from({ length: 1001 }, (_, i) => `+44 7700 9${String(i).padStart(5, '0')}`)
  await page.getByLabel('File of numbers').setInputFiles(csv(rows.join('\n')))
  await page.getByText('more than 1,000 numbers').waitFor()
  await screen(page, 'compose too long 1280')
  await page.getByRole('button', { name: 'Make it a campaign' }).click()
  await page.waitForURL('**/campaigns/new?id=*')
  await page.getByText(/1,001 numbers/).waitFor()
  await becomes(
    async () => (await page.getByLabel('Name').inputValue()) === 'clients.csv',
    'a long file becomes a campaign',
  )
  const [c] = (await api(page).get('/v1/campaigns')).body.items
  check(c.recipients === 1001 && c.plan.texts[0].text === 'To all of you', 'with its rows and the text')
}

/** The message goes to one's own phone first; the number is asked for once. */
async function test(world) {
  const page = await compose(world, { viewport: PHONE, prefs: { 'smsir.theme': 'dark', 'smsir.undo': '0' } })
  await to(page).fill('+12025550113')
  await page.keyboard.press('Enter')
  await text(page).fill('Hi {{name|you}}, a try')
  await page.getByText('Hi Paul Parker, a try').waitFor()
  await page.getByRole('button', { name: 'Send me a test' }).click()
  await dialog(page).getByLabel('Your own number').fill('12')
  await dialog(page).getByRole('button', { name: 'Send test' }).click()
  await dialog(page).getByRole('alert').first().waitFor()
  await screen(page, 'compose test refused 360 dark')
  await dialog(page).getByLabel('Your own number').fill('202 555 0100')
  await dialog(page).getByRole('button', { name: 'Send test' }).click()
  await page.getByText('Test sent to +12025550100.').waitFor()
  const [m] = await batch(page, 'a try')
  check(m.to === '+12025550100' && m.text === 'Hi Paul Parker, a try', 'the test reads as for the first one')
  await becomes(
    async () => (await api(page).get('/v1/me')).body.user.phone === '+12025550100',
    'the number is kept',
  )
  await becomes(async () => (await text(page).inputValue()).includes('a try'), 'the form stays as it is')
}

/** `HH:MM` some hours from now in a zone. */
const clock = (hours, timeZone) =>
  new Date(Date.now() + hours * 3_600_000).toLocaleTimeString('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
  })

/** Whoever is in quiet hours gets it when they end, if the sender wants so; the others get it now. */
async function quiet(world) {
  const page = await compose(world)
  const hours = { from: clock(-1, 'Africa/Nairobi'), to: clock(2, 'Africa/Nairobi') }
  const set = await api(page).patch('/v1/workspace', { quiet_hours: hours })
  check(set.body.quiet_hours?.from === hours.from, 'quiet hours are set')
  await page.reload()
  await to(page).fill('+12025550100, +254712345678')
  await page.keyboard.press('Enter')
  await text(page).fill('Not at night')
  await page.getByText(/have begun where 1 recipient is/).waitFor()
  await page.getByRole('button', { name: 'Send 2 messages' }).click()
  await dialog(page)
    .getByText(/It is \d\d:\d\d in Nairobi/)
    .waitFor()
  await screen(page, 'compose quiet hours 1280')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  check(await eventually(async () => !(await dialog(page).count())), 'it can be left')
  check((await api(page).count('Not at night')) === 0, 'and nothing was sent')
  await page.getByRole('button', { name: 'Send 2 messages' }).click()
  await dialog(page)
    .getByRole('button', { name: /Send to 1 at \d\d:\d\d/ })
    .click()
  await page.waitForURL('**/messages?batch=*')
  const sent = await batch(page, 'Not at night')
  const far = sent.find((m) => m.to === '+254712345678')
  check(far?.status === 'scheduled', 'who would be woken gets it later', far?.status)
  const local = new Date(far.send_at).toLocaleTimeString('en-GB', { timeZone: 'Africa/Nairobi' })
  check(Math.abs(new Date(far.send_at) - Date.now() - 2 * 3_600_000) < 20 * 60_000, 'when they end', local)
  check(sent.find((m) => m.to === '+12025550100')?.status !== 'scheduled', 'the others at once')

  await page.goto(base + '/compose')
  await to(page).fill('+254712345678')
  await page.keyboard.press('Enter')
  await text(page).fill('Wake up')
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page.getByRole('dialog').waitFor()
  await screen(page, 'compose quiet hours of one 1280')
  await dialog(page).getByRole('button', { name: 'Send now anyway' }).click()
  await page.waitForURL('**/messages?id=*')
  await becomes(async () => (await batch(page, 'Wake up'))[0].status !== 'scheduled', 'or now all the same')
  await api(page).patch('/v1/workspace', { quiet_hours: { from: '', to: '' } })
}

/** Nine o'clock is nine o'clock where the recipient is. */
async function clocks(world) {
  const page = await compose(world, { viewport: PHONE })
  await to(page).fill('+12025550100, +254712345678')
  await page.keyboard.press('Enter')
  await text(page).fill('Good morning')
  await page.getByText('Later', { exact: true }).click()
  const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10)
  await page.getByLabel('Date and time').fill(`${day}T09:00`)
  await page.getByText('The recipient’s', { exact: true }).click()
  await screen(page, 'compose clocks 360')
  await page.getByRole('button', { name: 'Schedule 2 messages' }).click()
  await page.waitForURL('**/messages?batch=*')
  const at = (m, timeZone) => new Date(m.send_at).toLocaleTimeString('en-GB', { timeZone })
  const all = await batch(page, 'Good morning')
  const got = [
    at(
      all.find((m) => m.to === '+12025550100'),
      'America/New_York',
    ),
    at(
      all.find((m) => m.to === '+254712345678'),
      'Africa/Nairobi',
    ),
  ]
  check(got.join() === '09:00:00,09:00:00', 'each on the clock of their country', got.join())
}

/** The same form read from right to left, and the settings behind it. */
async function elsewhere(world) {
  const arabic = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await arabic.goto(base + '/compose')
  await arabic.locator('#text').fill('{{name|x}}')
  await arabic.locator('.meter').waitFor()
  await screen(arabic, 'compose 360 Arabic')
  const desk = await open(world.browser, { viewport: DESK, state: world.state })
  await desk.goto(base + '/settings?tab=workspace')
  await desk.getByLabel(/Quiet hours/).check()
  await desk.getByLabel('Until').fill('07:00')
  await screen(desk, 'settings quiet hours 1280')
}

await play({ setup, seed, people, files, test, quiet, clocks, elsewhere })
