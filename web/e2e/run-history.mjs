// The history on a server of its own: the search that is typed, views that are kept, many messages at a time, the file,
// and what a message page tells. Needs and prints the same as run.mjs.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DESK,
  PHONE,
  api,
  base,
  becomes,
  check,
  eventually,
  live,
  open,
  play,
  screen,
  press,
} from './harness.mjs'
import { setup } from './sending.mjs'

const rows = (page) => page.locator('.message-row')
const texts = async (page) => (await rows(page).locator('.text').allTextContents()).sort()

/** Messages of every kind to look for. */
async function seed(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages')
  await live(page)
  for (const [nn, text] of [
    ['00', 'Parcel one'],
    ['00', 'Parcel two'],
    ['04', 'Will fail one'],
    ['04', 'Will fail two'],
    ['02', 'Will not arrive'],
  ])
    await api(page).post('/v1/messages', { to: `+120255501${nn}`, text })
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
  for (const text of ['Later one', 'Later two'])
    await api(page).post('/v1/messages', { to: '+12025550177', text, send_at: tomorrow })
  const count = async (status) => (await api(page).get(`/v1/messages?status=${status}`)).body.items.length
  check(
    await eventually(async () => (await count('failed')) === 2 && (await count('undelivered')) === 1),
    'the messages come to their ends',
  )
}

/** Filters can be typed, together with words; what is no filter is named. */
async function search(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages')
  await rows(page).first().waitFor()
  const field = page.getByRole('searchbox')
  await field.fill('status:failed,undelivered to:555-0104')
  await page.waitForURL(/status=failed%2Cundelivered/)
  check(
    await eventually(async () => (await texts(page)).join() === 'Will fail one,Will fail two'),
    'status: and to: narrow the list together',
    (await texts(page)).join(),
  )
  await becomes(
    async () => (await field.inputValue()) === 'status:failed,undelivered to:555-0104',
    'what was typed stays in the field',
  )
  await becomes(
    async () =>
      (await page.getByRole('button', { name: 'Failed', exact: true }).getAttribute('aria-pressed')) ===
        'true' &&
      (await page.getByRole('button', { name: 'Not delivered' }).getAttribute('aria-pressed')) === 'true',
    'the chips agree',
  )
  await field.fill('parcel by:me')
  check(
    await eventually(async () => (await texts(page)).join() === 'Parcel one,Parcel two'),
    'filters that are no longer in the field are gone',
    (await texts(page)).join(),
  )
  await field.fill('status:lost parcel')
  await page.getByText('Not understood: status:lost').waitFor()
  await screen(page, 'history search with a mistake')
  await field.fill('')
  check(await eventually(async () => (await rows(page).count()) >= 7), 'an empty field shows all')
}

/** A search is kept under a name, for the team, and found again by somebody else. */
async function views(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/messages?status=failed')
  await rows(page).first().waitFor()
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByText('No saved view yet').waitFor()
  await screen(page, 'views empty 360')
  await page.getByLabel('Save these filters as').fill('Failed ones')
  await page.getByText('Everybody of the workspace sees it').click()
  await page.getByRole('button', { name: 'Save view' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Failed ones/ })
    .first()
    .waitFor()
  await page.getByLabel('Save these filters as').fill('failed ONES')
  await page.getByText('Everybody of the workspace sees it').click()
  await page.getByRole('button', { name: 'Save view' }).click()
  check(
    await eventually(async () => (await page.getByRole('dialog').locator('li').count()) === 2),
    'a private view may have the name of the team’s',
  )
  await screen(page, 'views 360')
  await page.goto(base + '/messages')
  await rows(page).first().waitFor()
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Failed ones.*Team/ })
    .click()
  await page.waitForURL('**/messages?status=failed')
  check(
    await eventually(async () => (await texts(page)).join() === 'Will fail one,Will fail two'),
    'a view shows what was kept',
  )
  await page.getByRole('button', { name: 'Saved views' }).click()
  await page.getByRole('button', { name: 'Remove the view failed ONES', exact: true }).click()
  await page.getByText('View “failed ONES” removed.').first().waitFor()
  const left = (await api(page).get('/v1/views')).body.items
  check(left.length === 1 && left[0].team, 'a view is removed', JSON.stringify(left))
}

/** Marked by key on a desk: only what failed goes out again, and each once. */
async function resend(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await page.goto(base + '/messages?text=will+fail')
  await live(page)
  await rows(page).first().waitFor()
  await press(page, 'j', () => page.evaluate(() => document.activeElement?.matches('.message-row')))
  await press(page, 'x', () => page.getByText('1 selected').isVisible())
  await page.getByRole('button', { name: 'Select all 2' }).click()
  await screen(page, 'history selected')
  await page.getByRole('button', { name: 'Send 2 failed messages again' }).click()
  await page.getByRole('dialog').waitFor()
  await screen(page, 'history resend asked')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: 'Send 2 failed messages again' })
    .evaluate((b) => (b.click(), b.click()))
  await page.getByText('2 messages are on their way again.').first().waitFor()
  check(
    await eventually(async () => (await api(page).count('Will fail')) === 4),
    'each failed one is sent again, once',
  )
  const again = (await api(page).get('/v1/messages?text=Will%20fail')).body.items.filter((m) => m.resend_of)
  check(
    again.length === 2 && new Set(again.map((m) => m.resend_of)).size === 2,
    'and names the one it repeats',
  )
}

/** Marked by a long press on a phone: what still waits is canceled, and every outcome is counted. */
async function cancel(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/messages')
  await live(page)
  const row = rows(page).filter({ hasText: 'Later two' })
  await row.waitFor()
  const cdp = await page.context().newCDPSession(page)
  const touch = (type, points) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points })
  const longPress = async () => {
    const box = await row.boundingBox()
    await touch('touchStart', [{ x: box.x + 100, y: box.y + 20 }])
    const marked = await eventually(() => page.getByText('1 selected').isVisible(), 5_000)
    await touch('touchEnd', [])
    return marked
  }
  check(await eventually(longPress), 'a long press marks')
  check(!page.url().includes('id='), 'a long press opens nothing', page.url())
  await rows(page).filter({ hasText: 'Later one' }).click()
  await page.getByText('2 selected').waitFor()
  check(!page.url().includes('id='), 'while rows are marked a tap marks')
  await screen(page, 'history selected 360')
  await page.getByRole('button', { name: 'Cancel 2 messages' }).click()
  await page.getByText('2 messages canceled.').first().waitFor()
  const left = (await api(page).get('/v1/messages?text=Later')).body.items
  check(
    left.every((m) => m.status === 'canceled'),
    'both are canceled',
    JSON.stringify(left.map((m) => m.status)),
  )
}

/** The file has exactly what is filtered. */
async function exported(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/messages?text=Parcel')
  await rows(page).first().waitFor()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ])
  const path = join(mkdtempSync(join(tmpdir(), 'smsir-')), 'messages.csv')
  await file.saveAs(path)
  const lines = readFileSync(path, 'utf8').trim().split('\r\n')
  check(file.suggestedFilename() === 'messages.csv', 'the file has a name', file.suggestedFilename())
  check(
    lines.length === 3 && lines[1].includes('Parcel two') && lines[2].includes('Parcel one'),
    'the file has what is filtered, newest first',
    lines.join('\n'),
  )
}

/** A message tells what the provider said, what it means and what to do. */
async function told(world) {
  for (const [viewport, theme] of [
    [PHONE, 'dark'],
    [DESK, 'light'],
  ]) {
    const page = await open(world.browser, { viewport, state: world.state, prefs: { 'smsir.theme': theme } })
    await page.goto(base + '/messages?text=will+fail')
    await rows(page).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: 'Attempts' }).waitFor()
    await becomes(() => dialog.getByText('What to do:').isVisible(), `${theme}: it says what to do`)
    await becomes(() => dialog.getByText(/^Attempt 1:/).isVisible(), `${theme}: every attempt is there`)
    await screen(page, `history message ${viewport.width} ${theme}`)
  }
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.lang': 'ar' },
  })
  await page.goto(base + '/messages?status=failed')
  await rows(page).first().waitFor()
  await screen(page, 'history 360 arabic')
}

/** Contacts and groups become recipients; who has opted out is named and left out. */
async function people(world) {
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.undo': '0' },
  })
  await page.goto(base + '/compose')
  const { body: group } = await api(page).post('/v1/groups', { name: 'Nurses' })
  for (const [nn, name] of [
    ['60', 'Amina'],
    ['61', 'Bela'],
    ['62', 'Chen'],
  ])
    await api(page).post('/v1/contacts', { phone: `+120255501${nn}`, name, groups: [group.id] })
  await api(page).post('/v1/suppressions', { recipients: ['+12025550162'], note: 'asked' })
  await page.getByLabel('To', { exact: true }).fill('202 555 0160, 202 555 0162')
  await page.keyboard.press('Enter')
  await page.getByText('1 has opted out and gets nothing: Chen.').waitFor()
  check(true, 'who has opted out is named')
  await page.getByRole('button', { name: 'Contacts and groups' }).click()
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Nurses/ })
    .waitFor()
  await page.getByRole('dialog').getByText('Amina').waitFor()
  await screen(page, 'compose people 360')
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /Nurses/ })
    .click()
  await page.getByText('1 person added.').first().waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).first().click()
  await becomes(
    async () => (await page.locator('.token').count()) === 3,
    'a group adds whom it has, each once',
  )
  await page.getByLabel('Message', { exact: true }).fill('To the nurses')
  await screen(page, 'compose with opted out 360')
  await page.getByRole('button', { name: 'Send 3 messages' }).click()
  await page.waitForURL(/batch=bat_/)
  const sent = (await api(page).get('/v1/messages?text=nurses')).body.items
  check(
    sent.length === 3 && sent.filter((m) => m.status === 'blocked').length === 1,
    'the one who has opted out is blocked, the others go',
    JSON.stringify(sent.map((m) => m.status)),
  )
}

await play({ setup, seed, search, views, resend, cancel, exported, told, people })
