// The pages of an administrator: who changed what, and which senders may be used.
import { DESK, PHONE, api, base, becomes, check, eventually, live, open, screen } from './harness.mjs'

export async function audit(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const server = api(page)
  await server.patch('/v1/workspace', { name: 'Corner shop' })
  const { body: group } = await server.post('/v1/groups', { name: 'Parents' })
  await page.goto(base + '/settings/audit')
  const rows = page.locator('main ol > li')
  await rows.first().waitFor()
  await becomes(
    async () => (await rows.first().textContent()).includes('Ada added the group “Parents”'),
    'the newest change is a sentence',
    async () => await rows.first().textContent(),
  )
  await screen(page, 'audit 360')
  const changed = rows.filter({ hasText: 'Ada changed the workspace' }).first()
  await changed.getByText('Details').click()
  await changed.getByRole('cell', { name: 'Corner shop' }).waitFor()
  check(true, 'what was before and what is now are shown')
  await screen(page, 'audit details 360')

  await rows.first().getByText('Details').click()
  await rows.first().getByRole('link', { name: 'All about this object' }).click()
  await page.waitForURL(/target=grp_/)
  check(
    await eventually(async () => (await rows.count()) === 1),
    'all about one object',
    String(await rows.count()),
  )
  await page.getByRole('button', { name: 'Clear filters' }).click()
  check(await eventually(async () => (await rows.count()) > 2), 'filters can be cleared')
  await page.getByText('Filters', { exact: true }).click()
  await page.getByLabel('What').selectOption('webhook')
  await page.getByText('Nothing fits these filters').waitFor()
  await screen(page, 'audit no match 360')
  await page.getByLabel('What').selectOption('group')
  check(await eventually(async () => (await rows.count()) === 1), 'the filter by noun narrows the list')
  const file = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download' }).click()
  check((await file).suggestedFilename() === 'audit.csv', 'the log downloads')
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await page.reload()
  check(
    await eventually(
      async () => (await rows.filter({ hasText: 'Ada downloaded the audit log' }).count()) === 1,
    ),
    'and the download stands in it, once',
  )
  check(group.id.startsWith('grp_'), 'the group was made')
}

export async function senders(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/settings/senders')
  await page.getByText('No sender yet').waitFor()
  await screen(page, 'senders empty 360')
  await page.getByRole('link', { name: 'Add sender' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Sender', { exact: true }).fill('this is far too long')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('networks carry 11').first().waitFor()
  check(true, 'a name that is too long is refused in words')
  await form.getByLabel('Sender', { exact: true }).fill('SHOP')
  await form.getByRole('button', { name: 'Add a country' }).click()
  await form.getByLabel('Country').first().selectOption('KE')
  await form.getByLabel('Status').first().selectOption('refused')
  await form.getByLabel('Why it was refused').fill('Needs a letter of the brand')
  await form.getByRole('button', { name: 'Add a default' }).click()
  await screen(page, 'sender form 360')
  await form.getByRole('button', { name: 'Save' }).click()
  const row = page.locator('main .list > li', { hasText: 'SHOP' })
  await row.getByText('Refused').waitFor()
  await row.getByText('Needs a letter of the brand').waitFor()
  await screen(page, 'senders 360')

  await page.getByLabel('Only registered senders').check()
  await page.getByText('Saved').first().waitFor()
  const server = api(page)
  const send = (from) => server.post('/v1/messages', { to: '+12025550100', text: 'By rule', from })
  check((await send('ANY')).status === 422, 'another sender is refused')
  await row.getByRole('link', { name: 'Edit' }).click()
  await form.getByRole('button', { name: 'Add a country' }).click()
  await form.getByLabel('Country').nth(1).selectOption('GB')
  await form.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Approved').waitFor()
  const { status } = await server.post('/v1/messages', { to: '+447700900123', text: 'By rule' })
  check(status === 202, 'the default is taken where it is approved', String(status))

  await page.goto(base + '/compose')
  await page.locator('summary').filter({ hasText: 'Sender ID' }).click()
  const from = page.getByLabel('Sender ID')
  check(
    await eventually(
      async () => (await from.locator('option').allTextContents()).join() === 'The default,SHOP',
    ),
    'compose offers the registered senders',
  )
  await screen(page, 'compose registered senders 360')
  await page.goto(base + '/settings/senders')
  await row.getByText('1 message in 30 days').waitFor()
  await row.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('dialog').getByText('New ones from it will be refused').waitFor()
  await screen(page, 'sender removal 360')
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await page.getByLabel('Only registered senders').uncheck()
  await page.getByText('Saved').first().waitFor()
}

/** Every screen of these, in other sizes, themes and directions. */
export async function everywhere(world) {
  for (const [viewport, theme, lang] of [
    [DESK, 'dark', 'en'],
    [PHONE, 'dark', 'ar'],
    [DESK, 'light', 'ar'],
    [PHONE, 'light', 'sw'],
    [PHONE, 'dark', 'fr'],
  ]) {
    const page = await open(world.browser, {
      viewport,
      state: world.state,
      prefs: { 'smsir.theme': theme, 'smsir.lang': lang },
    })
    for (const path of [
      '/settings/audit',
      '/settings/senders',
      '/settings/senders?new=1',
      '/settings?tab=workspace',
    ]) {
      await page.goto(base + path)
      await live(page)
      await page.locator('h1').first().waitFor()
      await page
        .locator('[aria-busy=true]')
        .first()
        .waitFor({ state: 'detached' })
        .catch(() => {})
      await screen(page, `${viewport.width} ${theme} ${lang} ${path}`)
    }
  }
}
