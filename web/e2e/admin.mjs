// Providers, keys, people and the settings.
import {
  PHONE,
  api,
  base,
  becomes,
  check,
  eventually,
  live,
  open,
  person,
  screen,
  escape,
} from './harness.mjs'

/** The simulator's table, a test send, a second provider, and the way back. */
export async function providers(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/providers')
  await page.getByText('Test numbers and what each does').click()
  await becomes(
    async () => (await page.getByRole('row').count()) === 13,
    'the simulator’s twelve numbers are listed',
  )
  await screen(page, 'providers 360')
  await page.getByRole('link', { name: 'Send a test' }).click()
  await page.getByRole('dialog').waitFor()
  await screen(page, 'provider test 360')
  await page.getByRole('button', { name: 'Send test' }).click()
  await page.getByRole('dialog').locator('.pill', { hasText: 'Delivered' }).waitFor()
  check(true, 'a test send is followed to its end')
  await page.goto(base + '/providers?new=1')
  const form = page.getByRole('dialog')
  await form.getByRole('heading', { name: 'Who carries your messages?' }).waitFor()
  await screen(page, 'provider kinds 360')
  await form.getByRole('link', { name: /^Simulator/ }).click()
  await form.getByLabel('Name', { exact: true }).fill('Second simulator')
  await screen(page, 'provider form 360')
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByLabel('First, before the others').waitFor()
  await page.reload()
  await form.getByLabel('First, before the others').check()
  check(true, 'a reload goes on where the set-up was')
  await screen(page, 'provider place 360')
  await form.getByRole('button', { name: 'Switch on and send a test' }).click()
  await form.getByRole('button', { name: 'Send test' }).waitFor()
  await escape(page)
  const card = page.locator('article', { hasText: 'Second simulator' })
  await card.waitFor()
  await becomes(() => card.getByText('priority 90').isVisible(), 'a provider can be added, before the others')
  await card.getByRole('button', { name: 'Disable' }).click()
  await card.getByText('Disabled').waitFor()
  await card.getByRole('link', { name: 'Edit' }).click()
  await form.getByLabel('Name', { exact: true }).fill('Renamed simulator')
  await form.getByRole('button', { name: 'Save' }).click()
  const renamed = page.locator('article', { hasText: 'Renamed simulator' })
  await renamed.waitFor()
  await renamed.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  check(
    await eventually(async () => (await renamed.count()) === 0),
    'a provider can be changed, disabled and removed',
  )
}

/** A provider that is described in YAML: several lines, and a mistake is told with its line. */
export async function describedProvider(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/providers?new=1')
  const form = page.getByRole('dialog')
  await form.getByRole('link', { name: /^Any HTTP interface/ }).click()
  await form.getByLabel('Name', { exact: true }).fill('Described')
  const description = form.locator('textarea')
  await description.fill('name: Example\nsend:\n  urll: https://api.example.com\nanswer: {id: id}\n')
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByText('Line 3 of the description: send.urll').first().waitFor()
  await becomes(
    async () => (await description.getAttribute('aria-invalid')) === 'true',
    'the mistake stands at the description',
  )
  await screen(page, 'provider described 360')
  await description.fill(
    'name: Example\nsend:\n  url: https://127.0.0.1:9/send\n  form: {to: "{{to}}", text: "{{text}}"}\nanswer: {id: id}\n',
  )
  await form.getByRole('button', { name: 'Next' }).click()
  await form.getByText('Described is stored and switched off').waitFor()
  await form.getByRole('button', { name: 'Check again' }).waitFor()
  await screen(page, 'provider check 360')
  await form.getByRole('link', { name: 'Change the settings' }).click()
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByRole('button', { name: /^(Next|Go on anyway)$/ }).click()
  await form.getByRole('button', { name: 'Leave it off for now' }).click()
  const card = page.locator('article', { hasText: 'Described' })
  await card.getByText('Disabled').waitFor()
  check(true, 'what is set up and left off gets no messages')
  await card.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
}

/** A key is shown once, works, and stops working when it is revoked. */
export async function keys(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/keys?new=1')
  const form = page.getByRole('dialog')
  await form.getByLabel('Name', { exact: true }).fill('Web shop')
  await screen(page, 'key form 360')
  await form.getByRole('button', { name: 'Create key' }).click()
  const secret = (await form.locator('.secret').textContent()).trim()
  check(/^smsir[0-9A-Za-z]{30,}$/.test(secret), 'the secret is shown')
  await screen(page, 'key secret 360')
  const use = async () =>
    (await fetch(base + '/v1/messages?limit=1', { headers: { Authorization: `Bearer ${secret}` } })).status
  check((await use()) === 200, 'and works')
  await form.getByRole('button', { name: 'I have stored it' }).click()
  await page.getByRole('heading', { name: 'Web shop' }).waitFor()
  check(!(await page.content()).includes(secret), 'it is not shown again')
  await screen(page, 'keys 360')
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('1 revoked key').waitFor()
  check((await use()) === 401, 'a revoked key does nothing')
}

/** An invited person joins with the link, sees what their role allows, and no more. */
export async function team(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/settings?tab=team')
  await page.getByRole('heading', { name: 'Invite a colleague' }).waitFor()
  await page.getByLabel('Email').fill('grace@example.com')
  await page.getByLabel('Role', { exact: true }).selectOption('viewer')
  await page.getByRole('button', { name: 'Create invitation' }).click()
  const link = page.locator('.made .mono')
  await link.waitFor()
  await screen(page, 'team 360')
  const url = new URL((await link.textContent()).trim())

  const guest = await open(world.browser, { viewport: PHONE })
  await guest.goto(base + url.pathname + url.hash)
  await guest.getByText('You are joining Example Clinic as Viewer.').waitFor()
  await becomes(
    async () => (await guest.getByLabel('Email').inputValue()) === 'grace@example.com',
    'the invitation knows its address',
  )
  await screen(guest, 'register 360')
  await guest.getByLabel('Your name').fill('Grace')
  await guest.getByLabel('Password', { exact: true }).fill('nine brown otters swim')
  await guest.getByRole('button', { name: 'Create account' }).click()
  await guest.getByRole('heading', { name: 'Today' }).waitFor()
  check(
    (await guest.getByRole('link', { name: 'Compose' }).count()) === 0,
    'a viewer is not offered what a viewer may not do',
  )
  await guest.goto(base + '/compose')
  await guest.getByText('You cannot open this page').waitFor()
  await screen(guest, 'forbidden 360')
  check(
    (await api(guest).post('/v1/messages', { to: '+12025550100', text: 'x' })).status === 403,
    'and the server refuses it too',
  )

  await page.reload()
  await page.locator('li', { hasText: 'grace@example.com' }).getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  check(
    await eventually(async () => (await page.locator('li', { hasText: 'grace@example.com' }).count()) === 0),
    'a member can be removed',
  )
}

/** Language, theme, workspace, registration, sessions and password. */
export async function settings(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/settings?tab=appearance')
  await page.getByLabel('Language').selectOption('ar')
  check(
    await eventually(() =>
      page.evaluate(() => document.documentElement.dir === 'rtl' && document.documentElement.lang === 'ar'),
    ),
    'Arabic turns the page',
  )
  await page.reload()
  await becomes(() => page.evaluate(() => document.documentElement.dir === 'rtl'), 'and stays after a reload')
  await page.locator('select').first().selectOption('en')
  await page.getByText('Dark', { exact: true }).click()
  check(
    await eventually(() => page.evaluate(() => document.documentElement.dataset.theme === 'dark')),
    'the theme changes at once',
  )
  await page.goto(base + '/settings?tab=workspace')
  await page.getByLabel('Workspace name').fill('Example Clinic North')
  await page.getByLabel('Time zone').selectOption('UTC')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await becomes(
    () => page.locator('.rail .who').getByText('Example Clinic North').isVisible(),
    'the new name is everywhere',
  )
  await page.goto(base + '/settings?tab=server')
  await page.getByRole('radio', { name: /Nobody/ }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved', { exact: true }).waitFor()
  await becomes(
    async () => (await api(page).get('/v1/info')).body.registration === 'closed',
    'the operator closes registration',
  )

  const other = await open(world.browser, {})
  await other.goto(base + '/login')
  await other.getByLabel('Email').fill(person.email)
  await other.getByLabel('Password', { exact: true }).fill(person.password)
  await other.getByRole('button', { name: 'Sign in' }).click()
  await live(other)
  await page.goto(base + '/settings?tab=security')
  await page.getByText('this session').waitFor()
  await becomes(
    async () => (await page.getByRole('button', { name: 'End' }).count()) >= 1,
    'other sessions are listed',
  )
  await page.getByLabel('Current password').fill(person.password)
  await page.getByLabel('New password').fill('eleven blue whales sing')
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Password changed.').waitFor()
  await other.reload()
  await other.getByRole('heading', { name: 'Sign in' }).waitFor()
  check(true, 'a new password ends the other sessions')
  person.password = 'eleven blue whales sing'
  world.state = await page.context().storageState()
}
