// How long texts are kept, and the text of one message removed by hand, on a server of its own. Needs and prints the same as
// run.mjs.
import { DESK, PHONE, api, base, becomes, check, escape, live, open, play, screen } from './harness.mjs'
import { setup } from './sending.mjs'

const settings = '/settings?tab=retention'
const rule = async (page) => (await api(page).get('/v1/retention')).body.rule
const save = (page) => page.getByRole('button', { name: 'Save', exact: true }).click()
const codes = (page) => page.getByLabel('Remove one-time codes at once')

/** Sends something and waits until it has ended. */
async function ended(page, text, more = {}) {
  const { body } = await api(page).post('/v1/messages', { to: '+12025550100', text, ...more })
  const now = async () => (await api(page).get(`/v1/messages/${body.id}`)).body
  await becomes(async () => (await now()).final, `“${text}” has ended`)
  return { id: body.id, now }
}

/** A new workspace has a rule. What is typed is checked, and refused with what would do. */
async function typed(world) {
  for (const [viewport, theme] of [
    [PHONE, 'dark'],
    [DESK, 'light'],
  ]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    const at = (name) => `retention ${name} ${viewport.width} ${theme}`
    await page.goto(base + settings)
    await live(page)
    const texts = page.getByLabel('Days to keep texts')
    const whole = page.getByLabel('Days to keep messages')
    await becomes(
      async () =>
        (await texts.inputValue()) === '30' &&
        (await whole.inputValue()) === '365' &&
        (await codes(page).isChecked()),
      at('the rule of a new workspace'),
    )
    await screen(page, at('rule'))
    await whole.fill('20')
    await page.locator('#main .err').first().waitFor()
    await becomes(
      async () => (await whole.getAttribute('aria-invalid')) === 'true',
      at('too few days are refused'),
    )
    await screen(page, at('refused'))
    await whole.fill('')
    await page.getByText('Nothing that is stored now is old enough to be removed.').waitFor()
    check((await whole.getAttribute('aria-invalid')) !== 'true', at('and no longer when they are changed'))
    await screen(page, at('removes nothing'))
    check((await rule(page)).metadata_days === 365, at('nothing is saved by typing'))
    await save(page)
    await page.getByText('Saved').first().waitFor()
    check((await rule(page)).metadata_days === 0, at('empty keeps for ever'))
    await whole.fill('365')
    await save(page)
    await becomes(async () => (await rule(page)).metadata_days === 365, at('the rule is kept'))
  }
}

/** A rule that removes something says what, and asks; Cancel removes nothing. */
async function removes(world) {
  for (const [viewport, theme] of [
    [PHONE, 'light'],
    [DESK, 'dark'],
  ]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    const at = (name) => `retention ${name} ${viewport.width} ${theme}`
    await page.goto(base + settings)
    await live(page)
    await codes(page).uncheck()
    await save(page)
    await becomes(async () => !(await rule(page)).one_time_codes, at('codes may be kept'))
    const text = `Your code is 4711${viewport.width}`
    const { now } = await ended(page, text, { class: 'otp' })
    await page.reload()
    await codes(page).check()
    await page.getByText('Texts of one-time codes: 1.').waitFor()
    await screen(page, at('says what it removes'))
    await save(page)
    const ask = page.getByRole('dialog', { name: 'Remove these for good?' })
    await ask.getByText('Texts of one-time codes: 1. It begins at once').waitFor()
    await screen(page, at('asks'))
    await ask.getByRole('button', { name: 'Cancel' }).click()
    await ask.waitFor({ state: 'hidden' })
    check(!(await rule(page)).one_time_codes && (await now()).text === text, at('Cancel leaves everything'))
    await save(page)
    await ask.getByRole('button', { name: 'Save and remove' }).click()
    await page.getByText('Saved').first().waitFor()
    check((await rule(page)).one_time_codes, at('the rule is saved'))
    await becomes(async () => (await now()).text_removed_by === 'one_time_code', at('the code is removed'))
    await page.goto(base + '/messages')
    await page
      .getByText(/^Text of a one-time code, removed on /)
      .first()
      .waitFor()
    check((await page.getByText(text).count()) === 0, at('it stands nowhere any more'))
    await screen(page, at('history'))
  }
}

/** The text of one message, from the history: asked first, then gone from the message, the list and the search. */
async function redacted(world) {
  for (const [viewport, theme] of [
    [PHONE, 'light'],
    [DESK, 'dark'],
  ]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    const at = (name) => `redact ${name} ${viewport.width} ${theme}`
    await page.goto(base + '/messages')
    await live(page)
    const text = `Meant for somebody else ${viewport.width}`
    const { now } = await ended(page, text)
    await page.locator('.message-row', { hasText: text }).click()
    const sheet = page.getByRole('dialog', { name: 'Message' }).first()
    const remove = sheet.getByRole('button', { name: 'Remove the text' })
    await remove.click()
    const ask = page.getByRole('dialog', { name: 'Remove the text of this message?' })
    await ask.getByText('It is gone for good, for everybody.').waitFor()
    await screen(page, at('asks'))
    await ask.getByRole('button', { name: 'Cancel' }).click()
    await ask.waitFor({ state: 'hidden' })
    check((await now()).text === text, at('Cancel leaves it'))
    await page.evaluate(() => caches.open('data-v1').then((c) => c.put('/v1/messages', new Response('copy'))))
    await remove.click()
    await ask.getByRole('button', { name: 'Remove the text' }).click()
    await page.getByText('The text is removed.').first().waitFor()
    await sheet.getByText(/^Text removed on request on /).waitFor()
    await becomes(async () => (await remove.count()) === 0, at('it can be removed once'))
    check((await sheet.getByRole('button', { name: 'Copy text' }).count()) === 0, at('and not be copied'))
    const left = await now()
    check(
      left.text === '' && left.text_removed_by === 'request' && left.to === '+12025550100',
      at('the text alone is gone'),
      JSON.stringify(left),
    )
    await screen(page, at('removed'))
    await becomes(
      () => page.evaluate(async () => !(await (await caches.open('data-v1')).match('/v1/messages'))),
      at('this device keeps no copy'),
    )
    await escape(page)
    await becomes(
      async () => (await page.getByText(text).count()) === 0,
      at('the list has it no more either'),
    )
    check((await api(page).count(text)) === 0, at('nor does the search find it'))
    await page.goto(base + '/settings/audit')
    await page.getByText('Ada removed the text of a message').first().waitFor()
    check(true, at('the audit log says who did it'))
  }
}

/** What has not ended keeps its text. */
async function underWay(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages')
  const { body } = await api(page).post('/v1/messages', {
    to: '+12025550100',
    text: 'For tomorrow',
    send_at: new Date(Date.now() + 86_400_000).toISOString(),
  })
  await page.goto(`${base}/messages?id=${body.id}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel message' }).waitFor()
  check(
    (await page.getByRole('button', { name: 'Remove the text' }).count()) === 0,
    'a message that waits has no such button',
  )
  const answer = await api(page).post(`/v1/messages/${body.id}/redact`)
  check(answer.status === 409, 'and the server refuses it', JSON.stringify(answer))
}

await play({ setup, typed, removes, redacted, underWay })
