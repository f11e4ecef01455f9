// Journeys of templates and campaigns, on a server of their own. See run.mjs.
import { DESK, PHONE, api, base, becomes, check, eventually, open, play, screen, escape } from './harness.mjs'
import { setup } from './sending.mjs'

/** A template is written, previewed, and found again. */
async function templates(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/templates')
  await page.getByText('No template yet').waitFor()
  await screen(page, 'templates empty 360')
  await page.getByRole('link', { name: 'New template' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill('Reminder')
  await form.getByLabel('Text').fill('Hello ')
  await form.getByRole('button', { name: '+ name' }).click()
  await becomes(
    async () => (await form.getByLabel('Text').inputValue()) === 'Hello {{name}}',
    'a button puts a variable into the text',
  )
  await form.getByLabel('Text').fill('Hello {{name|friend}}, see you at 3.')
  await form.getByText('Hello friend, see you at 3.').waitFor()
  await screen(page, 'template form 360')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.locator('article', { hasText: 'Reminder' }).waitFor()
  await screen(page, 'templates 360')
  check(true, 'the template is in the list')
}

/** From a pasted list to every message delivered, on a phone. */
async function campaign(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/campaigns')
  await page.getByText('No campaign yet').waitFor()
  await screen(page, 'campaigns empty 360')
  await page.getByRole('link', { name: 'New campaign' }).first().click()
  await page.getByLabel('Name').fill('Spring open day')
  const list = Array.from({ length: 40 }, (_, i) => `+120255501${String(i % 38).padStart(2, '0')}`)
  await page.getByLabel('Numbers').fill(list.join('\n') + '\nnobody')
  await screen(page, 'campaign who 360')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('38 numbers added.').waitFor()
  await becomes(
    () => page.getByText('2 repeated numbers were merged.').isVisible(),
    'repeated numbers are merged and told',
  )
  await becomes(
    () => page.getByText('1 row has no valid number.').isVisible(),
    'a row without a number is named',
  )
  await page.getByLabel('Template').selectOption({ label: 'Reminder' })
  await screen(page, 'campaign what 360')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('Keep quiet hours').waitFor()
  await screen(page, 'campaign when 360')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('38 recipients', { exact: true }).waitFor()
  await page.getByText('Hello friend, see you at 3.').first().waitFor()
  await screen(page, 'campaign review 360')
  let asked = 0
  page.on(
    'request',
    (r) => (asked += r.method() === 'GET' && r.url().endsWith('/v1/campaigns?limit=50') ? 1 : 0),
  )
  await page.getByRole('button', { name: 'Launch to 38 recipients' }).click()
  const detail = page.getByRole('dialog')
  await detail.getByText('Done', { exact: true }).waitFor()
  check(
    await eventually(async () =>
      detail
        .getByText(/delivered/)
        .first()
        .isVisible(),
    ),
    'the counts are told',
  )
  check(asked <= 3, 'the page is told how far it is, and does not ask', `${asked} requests`)
  await screen(page, 'campaign done 360')
  const call = api(page)
  const all = await call.get('/v1/campaigns')
  const body = all.body
  const messages = await call.get(`/v1/messages?limit=200&batch=${body.items[0].batch_id}`)
  const to = messages.body.items.map((m) => m.to)
  check(to.length === 38 && new Set(to).size === 38, 'everybody got one message', String(to.length))
}

/** A paced campaign is paused, resumed and canceled, on a desk in the dark; in Arabic it reads from right to left. */
async function stopped(world) {
  const page = await open(world.browser, {
    viewport: DESK,
    state: world.state,
    prefs: { 'smsir.theme': 'dark' },
  })
  await page.goto(base + '/campaigns/new')
  await page.getByLabel('Name').fill('Slow')
  await page
    .getByLabel('Numbers')
    .fill(Array.from({ length: 30 }, (_, i) => `+12025550${100 + i}`).join(', '))
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByLabel('Text').fill('Hi')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('Per minute', { exact: true }).click()
  await page.getByLabel('Messages a minute').fill('10')
  await page.getByRole('button', { name: 'Next' }).click()
  await screen(page, 'campaign review 1280 dark')
  await page.getByRole('button', { name: 'Launch to 30 recipients' }).click()
  const detail = page.getByRole('dialog')
  await detail.getByText('Running', { exact: true }).waitFor()
  await detail.getByRole('button', { name: 'Pause' }).click()
  await detail.getByText('Paused', { exact: true }).waitFor()
  await screen(page, 'campaign paused 1280 dark')
  await detail.getByRole('button', { name: 'Resume' }).click()
  await detail.getByRole('button', { name: 'Pause' }).waitFor()
  await detail.getByRole('button', { name: 'Cancel campaign' }).click()
  await page.getByRole('dialog').last().getByRole('button', { name: 'Cancel campaign' }).click()
  check(
    await eventually(async () => detail.first().getByText('Canceled', { exact: true }).isVisible()),
    'it can be canceled',
  )
  await escape(page)
  await screen(page, 'campaigns 1280 dark')
  const arabic = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await arabic.goto(base + '/campaigns')
  await arabic.getByRole('heading', { name: 'الحملات' }).waitFor()
  await screen(arabic, 'campaigns 360 Arabic')
}

/** Whoever matches a filter gets it, from a registered sender, spread over hours; the draft keeps all of it. */
async function filtered(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/campaigns')
  const call = api(page)
  for (const [phone, name] of [
    ['+12025550100', 'Ada Lovelace'],
    ['+12025550110', 'Ada Byron'],
    ['+12025550120', 'Grace Hopper'],
  ])
    await call.post('/v1/contacts', { phone, name })
  await call.post('/v1/senders', {
    value: 'School',
    countries: [{ country: 'US', status: 'approved' }],
  })
  await page.goto(base + '/campaigns/new')
  await page.getByLabel('Name').first().fill('For every Ada')
  await page.getByRole('checkbox', { name: 'People who match a filter' }).check()
  await page.getByLabel('Condition 1: with what').fill('ada')
  await screen(page, 'campaign filter 360')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByLabel('Text').fill('Hello {{name}}')
  await page.getByLabel('Sender ID').fill('School')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('Over hours', { exact: true }).click()
  await page.getByLabel('Spread over hours').fill('4')
  await screen(page, 'campaign hours 360')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('2 recipients', { exact: true }).waitFor()
  await page.getByText(/Last message/).waitFor()
  check(true, 'the dry run counts whoever matches, and says when the last message goes')
  await page.reload()
  check(
    await eventually(async () =>
      page.getByRole('checkbox', { name: 'People who match a filter' }).isChecked(),
    ),
    'the draft keeps the filter',
  )
  const all = await call.get('/v1/campaigns')
  const plan = all.body.items.find((c) => c.name === 'For every Ada')?.plan
  check(
    plan?.spread_hours === 4 && plan?.from === 'School' && plan?.filter?.conditions.length === 1,
    'pace, sender and filter are stored',
    JSON.stringify(plan),
  )
}

await play({ setup, templates, campaign, stopped, filtered })
