// Routing rules: written, tried, put in order with the keyboard, and obeyed.
import { DESK, PHONE, api, base, becomes, check, eventually, open, screen } from './harness.mjs'

export async function routing(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const server = api(page)
  for (const name of ['North', 'South']) {
    const made = await server.post('/v1/providers', { kind: 'simulator', name, priority: 500, settings: {} })
    check(made.status === 201, `a provider to route to: ${name}`, JSON.stringify(made.body))
  }
  await page.goto(base + '/routes')
  await page.getByText('No rules yet').waitFor()
  await page.getByRole('heading', { name: 'Who would take a message?' }).waitFor()
  await screen(page, 'routes empty 360')

  // A split with a fallback, from the empty page.
  await page.getByRole('main').getByRole('link', { name: 'Add rule' }).last().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name', { exact: true }).fill('Codes to Britain')
  await form.getByLabel('Countries of the recipient').selectOption('GB')
  await form.getByLabel('one-time codes').check()
  await form.getByLabel('Provider 1', { exact: true }).selectOption({ label: 'North' })
  await form.getByRole('button', { name: 'Split with another provider' }).click()
  await form.getByLabel('Provider 2', { exact: true }).selectOption({ label: 'South' })
  await form.getByLabel('Weight of provider 1').fill('70')
  await form.getByLabel('Weight of provider 2').fill('30')
  await form.getByRole('button', { name: 'Add a fallback' }).click()
  const says = 'Messages to United Kingdom, class one-time codes → 70% North, 30% South, then Simulator'
  await form.getByText(says).waitFor()
  check(true, 'the form reads the rule as a sentence')
  await screen(page, 'route form 360')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.locator('article', { hasText: says }).waitFor()
  check(true, 'a rule can be added')

  // A rule that refuses, and what the server does not like.
  await page.goto(base + '/routes?new=1')
  await form.getByLabel('Name', { exact: true }).fill('No premium')
  await form.getByLabel('Or numbers that begin with').fill('44 900')
  await form.getByText('Do not send them').click()
  await form.getByLabel('Why not').fill('Too dear.')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('is not the begin of a number').first().waitFor()
  check(true, 'what is wrong is said at its field')
  await screen(page, 'route form refused 360')
  await form.getByLabel('Or numbers that begin with').fill('+44 900')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.locator('article', { hasText: 'not sent: Too dear.' }).waitFor()

  // Put in order with the keyboard alone.
  const names = () => page.locator('article h3').allTextContents()
  await page.getByRole('button', { name: 'Move No premium up' }).focus()
  await page.keyboard.press('Enter')
  check(
    await eventually(async () => (await names()).join() === 'No premium,Codes to Britain'),
    'rules change places',
    (await names()).join(),
  )
  await page.getByText('No premium is rule 1 of 2 now.').waitFor()
  await becomes(
    async () =>
      (await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) ===
      'Move No premium down',
    'the focus stays with the rule',
  )
  await screen(page, 'routes 360')

  // The explainer.
  const ask = async (to, kind) => {
    await page.getByLabel('Recipient').fill(to)
    await page.getByLabel('Class', { exact: true }).selectOption(kind)
    await page.getByRole('button', { name: 'Ask' }).click()
  }
  await ask('+44 7700 900123', 'otp')
  await page.getByRole('heading', { name: 'North takes a message to +447700900123' }).waitFor()
  await becomes(
    async () =>
      (await page.locator('.answer').getByText('Codes to Britain: it decides').count()) === 1 &&
      (await page.locator('.answer').getByText('No premium: is for other recipients').count()) === 1,
    'the rules that were asked are told',
  )
  await screen(page, 'routes explained 360')
  await ask('+44 9001 234567', 'bulk')
  await page.getByRole('heading', { name: 'A message to +449001234567 is not sent' }).waitFor()
  check(true, 'a refusal is explained')

  // What it says is what happens.
  const sent = (await server.post('/v1/messages', { to: '+447700900123', text: 'routed', class: 'otp' })).body
  const refused = (await server.post('/v1/messages', { to: '+449001234567', text: 'refused' })).body
  const now = async (m) => (await server.get('/v1/messages/' + m.id)).body
  check(
    await eventually(async () => ['North', 'South'].includes((await now(sent)).provider?.name)),
    'a message goes where its rule says',
  )
  const went = (await now(sent)).provider.name
  await page.goto(base + '/messages?id=' + sent.id)
  await page.getByRole('link', { name: 'Why this provider?' }).click()
  await page.locator('.answer').getByText('Codes to Britain: it decides').waitFor()
  await becomes(
    async () => (await page.locator('.answer').getByText('Had it already').count()) === 1,
    `why it went to ${went} is told from the message`,
  )
  check(
    await eventually(async () => {
      const m = await now(refused)
      return m.status === 'failed' && m.reason === 'no_route' && m.error?.text.includes('Too dear.')
    }),
    'a message that a rule refuses fails, and says why',
  )

  // Switched off, changed by somebody else meanwhile, removed.
  const card = page.locator('article', { hasText: 'Codes to Britain' })
  await card.getByRole('button', { name: 'Disable' }).click()
  await card.getByText('Disabled', { exact: true }).waitFor()
  await page.getByText('The rules have changed since. Ask again.').waitFor()
  await card.getByRole('link', { name: 'Edit' }).click()
  await form.getByLabel('Name', { exact: true }).fill('Too late')
  const [other] = (await server.get('/v1/routes')).body.items.filter((r) => r.name === 'Codes to Britain')
  await server.patch('/v1/routes/' + other.id, { enabled: true })
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('Somebody else has changed this routing rule').first().waitFor()
  check(true, 'a rule that somebody else has changed is not overwritten')
  await page.goto(base + '/routes')
  for (const name of ['No premium', 'Codes to Britain']) {
    const rule = page.locator('article', { hasText: name })
    await rule.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await rule.waitFor({ state: 'detached' })
  }
  await page.getByText('No rules yet').waitFor()
  await page.setViewportSize(DESK)
  await screen(page, 'routes empty 1280')
  for (const p of (await server.get('/v1/providers')).body.items) {
    if (p.name !== 'Simulator') await server.patch('/v1/providers/' + p.id, { enabled: false })
  }
}
