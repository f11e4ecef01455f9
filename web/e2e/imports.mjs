// Tables of contacts on their way in, and back.
import { readFile } from 'node:fs/promises'
import { DESK, PHONE, api, base, becomes, check, open, screen } from './harness.mjs'

const CSV = [
  'Pupil;Mobile No.;Class;Stop',
  'Ann Brown;(202) 555-0130;4B;',
  'Ben Cole;2.02556E+09;4B;',
  'Cat Dean;202 555 0132;5A;no',
  'Ann B.;+1 202 555 0130;5A;',
  'Dee <b>Fox</b>;2025550133;5A;yes',
  '=HYPERLINK("x");2025550134;;',
  'Bob;2025550110;6C;',
].join('\r\n')
const file = (name, text) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(text, 'latin1') })

/** Upload, columns, check, commit: each step a screen, and a reload goes on where it was. */
export async function wizard(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts/import')
  await page.getByText('None in the last 30 days.').waitFor()
  await screen(page, 'import file 360')
  await page.getByLabel('Choose file').first().setInputFiles(file('<b>pupils</b>.csv', CSV))
  await page.getByText('Say what each column is.').waitFor()
  await becomes(
    () => page.getByText('<b>pupils</b>.csv').isVisible(),
    'the name of the file is shown as it is',
  )
  const is = (name) => page.getByLabel(`What ${name} is`)
  await becomes(
    async () => (await is('Mobile No.').inputValue()) === 'phone',
    'the column of numbers is recognised',
  )
  await becomes(async () => (await is('Class').inputValue()) === 'field.class', 'and that of a field')
  await becomes(
    async () => (await is('Pupil').inputValue()) === '' && (await is('Stop').inputValue()) === '',
    'what is not known is left out',
  )
  await screen(page, 'import columns 360')
  await page.reload()
  await is('Pupil').selectOption('name')
  await is('Stop').selectOption({ label: 'Opted out (yes or no)' })
  await is('Class').selectOption('name')
  await page.getByText('Two columns are').waitFor()
  await becomes(
    () => page.getByRole('button', { name: 'Check the rows' }).isDisabled(),
    'two columns cannot be one thing',
  )
  await is('Class').selectOption({ label: 'Class' })
  await page.getByRole('button', { name: 'Check the rows' }).click()
  await page.getByText('Nothing is written yet.').waitFor()
  await page.getByText('A spreadsheet has rounded this number').waitFor()
  await becomes(
    () => page.getByText('Row 3', { exact: true }).isVisible(),
    'a bad row is named with its number',
  )
  await page.getByText('Row 2 has the number +12025550130 already').waitFor()
  await becomes(() => page.getByText('Row 5', { exact: true }).isVisible(), 'and so is a duplicate')
  await page.reload()
  await page.getByText('2 rows are left out').waitFor()
  await screen(page, 'import check 360')
  const [rejects] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download these rows' }).click(),
  ])
  const text = await readFile(await rejects.path(), 'utf8')
  check(/3,"?Mobile No\.: A spreadsheet/.test(text), 'rejected rows come back with the reason', text)
  await page.getByLabel('Parents').check()
  await page.getByRole('button', { name: 'Import 5 contacts' }).click()
  await page.getByText('New: 4. Changed: 1.').waitFor()
  await screen(page, 'import done 360')
  await page.getByRole('link', { name: 'Look at the contacts' }).click()
  await page.getByText('Dee <b>Fox</b>').waitFor()
  const dee = (await api(page).get('/v1/contacts?search=2025550133')).body.items[0]
  check(dee.suppressed && dee.groups.length === 1, 'opt-outs and groups are kept', JSON.stringify(dee))
  const bob = (await api(page).get('/v1/contacts?search=2025550110')).body.items[0]
  check(bob.fields.class === '6C' && bob.name === 'Bob', 'a contact that was there is changed')
}

/** What an import has written is taken back, but for what was changed since. */
export async function undone(world) {
  const page = await open(world.browser, { state: world.state })
  const cat = (await api(page).get('/v1/contacts?search=2025550132')).body.items[0]
  await api(page).patch(`/v1/contacts/${cat.id}`, { notes: 'Called' })
  await page.goto(base + '/contacts/import')
  await page.getByRole('link', { name: /pupils/ }).click()
  await page.getByRole('button', { name: 'Undo import' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Undo import' }).click()
  await page.getByText('4 contacts were taken back').waitFor()
  await becomes(() => page.getByText('1 was changed since, and stays.').isVisible(), 'it says what stays')
  await screen(page, 'import undone 1280')
  const bob = (await api(page).get('/v1/contacts?search=2025550110')).body.items[0]
  const ann = (await api(page).get('/v1/contacts?search=2025550130')).body.items
  check(bob.fields.class === '4B' && ann.length === 0, 'contacts are as before')
  await page.getByRole('button', { name: 'Forget this file' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Forget this file' }).click()
  await page.getByText('None in the last 30 days.').waitFor()
  check(true, 'the file can be forgotten')
}

/** A table that is pasted, without a header. */
export async function pasted(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts/import')
  await page.getByRole('button', { name: 'Paste a table' }).click()
  await page.getByLabel('Table', { exact: true }).fill('Gus Hill\t202 555 0140\nIda Jones\t202 555 0141')
  await page.getByRole('button', { name: 'Next' }).click()
  await page.getByText('Say what each column is.').waitFor()
  await becomes(
    async () => !(await page.getByLabel('The first row has the names').isChecked()),
    'a table without a header is told',
  )
  await page.getByLabel('What A is').selectOption('name')
  await page.getByRole('button', { name: 'Check the rows' }).click()
  await page.getByRole('button', { name: 'Import 2 contacts' }).click()
  await page.getByText('2 contacts are imported').waitFor()
  check(true, 'and comes in')
}

/** Files that are no tables are refused in words that help. */
export async function refused(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts/import')
  const choose = (name, text) => page.getByLabel('Choose file').first().setInputFiles(file(name, text))
  await choose('open.csv', 'name,phone\n"Ada,+12025550100\n')
  await page.getByText('none closes it').waitFor()
  await screen(page, 'import refused 360')
  await choose('old.xls', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')
  await page.getByText('an old kind (.xls)').waitFor()
  await choose('head.csv', 'name,phone\n')
  await page.getByText('no row below them').waitFor()
  check(true, 'with the reason and the way out')
}

/** Every page on a desk and on a phone, light and dark, and once from right to left. */
export async function everywhere(world) {
  const pages = ['', '/groups', '/optouts', '/import', '/duplicates', '/fields']
  for (const [name, options] of [
    ['desk dark', { viewport: DESK, prefs: { 'smsir.theme': 'dark' } }],
    ['phone dark', { viewport: PHONE, prefs: { 'smsir.theme': 'dark' } }],
    ['phone Arabic', { viewport: PHONE, prefs: { 'smsir.lang': 'ar' } }],
  ]) {
    const page = await open(world.browser, { ...options, state: world.state })
    for (const path of pages) {
      await page.goto(base + '/contacts' + path)
      await page.locator('h1').waitFor()
      await page
        .locator('[aria-busy=true]')
        .first()
        .waitFor({ state: 'detached' })
        .catch(() => {})
      await screen(page, `contacts${path.replace('/', ' ')} ${name}`)
    }
  }
}
