// Conversations: a reply comes in, is read, answered, noted, put away; rules answer; a person decides about an opt-out.
import { api, base, becomes, check, DESK, escape, eventually, live, open, PHONE, screen } from './harness.mjs'

/** The simulator's number that replies what it got. */
const THEM = '+12025550111'

export async function empty(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/inbox')
  await page.getByText('No conversation yet').waitFor()
  await screen(page, 'inbox empty 360')
}

export async function ruled(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/inbox/settings')
  await page.getByText('Nothing is answered by itself').waitFor()
  await page.getByRole('button', { name: 'Add answer' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill('Hours')
  await form.getByLabel('Words').fill('hours, stop')
  await form.getByLabel('Where').selectOption('contains')
  await form.getByLabel('Answer', { exact: true }).fill('We are open from 8 to 5.')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('has its own answer').first().waitFor()
  check(true, 'a word of consent cannot be a keyword')
  await form.getByLabel('Words').fill('hours')
  await screen(page, 'inbox rule 360')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Hours', exact: true }).waitFor()
  await page.getByRole('textbox', { name: 'Try a text' }).fill('What are your hours?')
  await page.getByRole('button', { name: 'Show the answer' }).click()
  await page.getByText('Answered by “Hours”.').waitFor()
  await screen(page, 'inbox rules 360')
  check(true, 'the tester names the rule')
  await page.locator('label', { hasText: 'Canned replies' }).click()
  await page.getByRole('button', { name: 'Add canned reply' }).click()
  await form.getByLabel('Name').fill('Thanks')
  await form.getByLabel('Text').fill('Thank you for writing.')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Thanks' }).waitFor()
  await screen(page, 'inbox canned 360')
  await page.locator('label', { hasText: 'Business hours' }).first().click()
  await page.getByLabel('Monday', { exact: true }).check()
  await screen(page, 'inbox hours 360')
  await page.getByLabel('Monday', { exact: true }).uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).first().waitFor()
  check(true, 'business hours are kept')
}

export async function talked(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await page.goto(base + '/inbox')
  await live(page)
  await api(page).post('/v1/messages', { to: THEM, text: 'Ask for our hours' })
  const row = page.getByRole('link', { name: new RegExp(THEM.slice(1)) })
  await row.waitFor()
  check(await eventually(() => page.locator('.rail .badge').isVisible()), 'the navigation has a badge')
  await screen(page, 'inbox list 1280')
  await row.click()
  await page.getByText('Reply to: Ask for our hours').first().waitFor()
  await page.locator('.out', { hasText: 'Ask for our hours' }).waitFor()
  check(true, 'what was sent before stands above')
  await page.locator('.out', { hasText: 'We are open from 8 to 5.' }).waitFor()
  check(true, 'a rule answered')
  check(
    await eventually(async () => !(await page.locator('.rail .badge').isVisible())),
    'what is open is read',
  )
  await page.getByLabel('Insert a canned reply').selectOption('Thanks')
  await screen(page, 'inbox thread 1280')
  await page.getByRole('button', { name: 'Reply', exact: true }).click()
  const mine = page.locator('.out', { hasText: 'Thank you for writing.' })
  await mine.locator('.pill', { hasText: 'Delivered' }).waitFor()
  check(true, 'a reply shows what became of it')
  const panel = page.getByRole('region', { name: 'Details and notes' })
  await panel.getByText('Not in your contacts yet.').waitFor()
  check(true, 'the person stands beside the conversation')
  await panel.getByLabel('Looked after by').selectOption({ index: 1 })
  await panel.getByLabel('Note', { exact: true }).fill('Calls back on Monday')
  await panel.getByRole('button', { name: 'Add note' }).click()
  await panel.locator('li', { hasText: 'Calls back on Monday' }).waitFor()
  await screen(page, 'inbox details 1280')
  const thread = page.locator('.thread')
  await thread.getByRole('button', { name: 'Archive', exact: true }).click()
  check(await eventually(async () => (await row.count()) === 0), 'an archived conversation leaves the list')
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.waitFor()
  check(true, 'and comes back by Undo')
}

/** Who it is, on a phone and on a desk; a template with what the contact has; a reply that waits for its time. */
export async function known(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const server = api(page)
  await server.put('/v1/contact-fields', { fields: [{ key: 'class', label: 'Class', type: 'text' }] })
  const group = (await server.post('/v1/groups', { name: 'Parents' })).body
  const made = await server.post('/v1/contacts', {
    phone: THEM,
    name: 'Grace Hopper',
    fields: { class: '4B' },
    groups: [group.id],
    notes: 'Prefers the morning',
  })
  check(made.status === 201, 'there is a contact', JSON.stringify(made.body))
  await server.post('/v1/templates', {
    name: 'Invitation',
    texts: [{ text: 'Dear {{name}}, class {{class}} meets on {{day}}.' }],
  })
  await page.goto(base + '/inbox')
  await page.getByRole('link', { name: /Grace Hopper/ }).click()
  await page.getByRole('button', { name: 'Details and notes' }).click()
  const sheet = page.getByRole('dialog')
  for (const text of ['4B', 'Parents', 'Prefers the morning', 'Calls back on Monday'])
    await sheet.getByText(text, { exact: true }).first().waitFor()
  await sheet.locator('a.message-row').first().waitFor()
  await screen(page, 'inbox person 360')
  check(true, 'the sheet knows fields, groups, notes and the latest messages')
  await escape(page)

  await page.getByRole('button', { name: 'Use a template' }).click()
  await sheet.getByRole('button', { name: /class \{\{class/ }).click()
  const field = page.getByRole('textbox', { name: 'Write a reply' })
  await becomes(
    async () => (await field.inputValue()) === 'Dear Grace Hopper, class 4B meets on {{day}}.',
    'a template comes with what the contact has',
    () => field.inputValue(),
  )
  await page.getByText('Write what belongs there, then reply: {{day}}').waitFor()
  check(
    await page.getByRole('button', { name: 'Reply', exact: true }).isDisabled(),
    'what is missing must be written first',
  )
  await screen(page, 'inbox template 360')
  await field.fill('Dear Grace Hopper, class 4B meets on Monday.')
  await page.getByRole('button', { name: 'Later', exact: true }).click()
  await page.getByLabel('Send at').waitFor()
  await screen(page, 'inbox later 360')
  await page.getByRole('button', { name: 'Schedule reply' }).click()
  const waits = page.locator('.out', { hasText: 'meets on Monday' })
  await waits.locator('.pill', { hasText: 'Scheduled' }).waitFor()
  const sent = (await server.get('/v1/messages?text=meets%20on')).body.items
  const ahead = sent.length === 1 ? new Date(sent[0].send_at) - Date.now() : 0
  check(ahead > 30 * 60_000, 'a reply waits for its time', JSON.stringify(sent))
  await server.post(`/v1/messages/${sent[0].id}/cancel`)

  const desk = await open(world.browser, {
    viewport: DESK,
    state: world.state,
    prefs: { 'smsir.theme': 'dark' },
  })
  await desk.goto(base + new URL(page.url()).pathname + new URL(page.url()).search)
  const pane = desk.getByRole('region', { name: 'Details and notes' })
  await pane.getByText('Parents', { exact: true }).waitFor()
  await pane.locator('a.message-row').first().waitFor()
  await screen(desk, 'inbox person 1280 dark')
  check(
    (await desk.getByRole('button', { name: 'Details and notes' }).count()) === 0,
    'on a desk nothing has to be opened for it',
  )
}

export async function decided(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/inbox')
  await live(page)
  await api(page).post('/v1/messages', { to: THEM, text: 'Shall we remove me from the list?' })
  const link = page.getByRole('link', { name: /possible opt-out/ })
  await link.waitFor()
  await screen(page, 'inbox list 360')
  await link.click()
  await page.getByText('Because of: “remove me”').waitFor()
  await screen(page, 'inbox reviews 360')
  await page.getByRole('button', { name: 'Opt out', exact: true }).click()
  await page.getByText('Nothing to decide').waitFor()
  await page.goto(base + '/inbox')
  await page.getByRole('link', { name: /Opted out/ }).click()
  await page.getByText('This number opted out').waitFor()
  await screen(page, 'inbox thread opted out 360')
  check(true, 'an opt-out takes the reply bar away')
}

export async function everywhere(world) {
  for (const [name, viewport, prefs] of [
    ['dark 1280', DESK, { 'smsir.theme': 'dark' }],
    ['Arabic 360', PHONE, { 'smsir.lang': 'ar', 'smsir.theme': 'dark' }],
  ]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs })
    await page.goto(base + '/inbox')
    await page.locator('.item a').first().click()
    await page.locator('.scroll .in').first().waitFor()
    await screen(page, `inbox thread ${name}`)
    await page.goto(base + '/inbox/settings')
    await page.locator('li.card').first().waitFor()
    await screen(page, `inbox settings ${name}`)
  }
}
