// People, groups of them, and who must not be written to.
import { DESK, PHONE, api, base, becomes, check, eventually, open, screen } from './harness.mjs'

/** An empty list teaches; the first contact is added, seen and changed. */
export async function firstContact(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/more')
  await page.getByRole('link', { name: 'Contacts' }).click()
  await page.getByRole('heading', { name: 'No contacts yet' }).waitFor()
  await screen(page, 'contacts empty 360')
  await page.getByRole('link', { name: 'Add contact' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name', { exact: true }).fill('Ada Lovelace')
  await form.getByLabel('Phone number').fill('call me')
  await screen(page, 'contact form 360')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('A phone number has no letters').first().waitFor()
  check(true, 'a number that is none is explained')
  await form.getByLabel('Phone number').fill('(202) 555-0101')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('+12025550101').waitFor()
  await form.getByText('No messages to this number yet.').waitFor()
  await screen(page, 'contact 360')
  await form.getByRole('link', { name: 'Edit contact' }).click()
  await form.getByLabel('Notes').fill('Prefers the morning')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('Prefers the morning').waitFor()
  check(true, 'a contact is added and changed')
  await form.getByRole('link', { name: 'Write', exact: true }).click()
  await page.getByRole('heading', { name: 'New message' }).waitFor()
  await becomes(
    () => page.getByText('+12025550101').first().isVisible(),
    'its number goes into a new message',
  )

  const other = await api(page).post('/v1/contacts', { phone: '+12025550101', name: 'Twice' })
  check(other.status === 409, 'a number has one contact')
}

/** Fields are added, put in order, filled in, and removed with what stands in them. */
export async function fieldsOfOnesOwn(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/contacts/fields')
  await page.getByRole('heading', { name: 'No fields of your own yet' }).waitFor()
  const add = async (label, type) => {
    await page.getByLabel('Name of the field').fill(label)
    await page.getByLabel('What it holds').selectOption(type)
    await page.getByRole('button', { name: 'Add field' }).click()
    await page.locator('li', { hasText: label }).waitFor()
  }
  await add('Class', 'text')
  await add('Fee', 'number')
  await add('Shoe size', 'number')
  await page.getByRole('button', { name: 'Move Fee up' }).click()
  check(
    await eventually(async () => (await page.locator('.list li strong').first().textContent()) === 'Fee'),
    'fields can be put in order',
  )
  await page.locator('li', { hasText: 'Shoe size' }).getByRole('button', { name: 'Remove field' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Remove field' }).click()
  check(
    await eventually(async () => (await page.locator('li', { hasText: 'Shoe size' }).count()) === 0),
    'a field can be removed',
  )
  await screen(page, 'fields 1280')

  await page.goto(base + '/contacts?q=Ada')
  await page.getByRole('link', { name: /Ada Lovelace/ }).click()
  await page.getByRole('dialog').getByRole('link', { name: 'Edit contact' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Class').fill('4B')
  await form.getByLabel('Fee').fill('much')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('is not a number').first().waitFor()
  await form.getByLabel('Fee').fill('12,50')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.getByText('12.5', { exact: true }).waitFor()
  check(true, 'fields hold what their type allows')
  await screen(page, 'contact with fields 1280')
}

/** A list that people are put into. */
export async function groups(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  const a = api(page)
  for (const [n, name] of ['Bob', 'Carol', 'Dan', 'Eve', 'Élodie'].entries())
    await a.post('/v1/contacts', {
      phone: `+120255501${n + 10}`,
      name,
      fields: { class: n < 3 ? '4B' : '5A' },
    })
  await page.goto(base + '/contacts/groups')
  await page.getByRole('heading', { name: 'No groups yet' }).waitFor()
  await screen(page, 'groups empty 360')
  await page.getByRole('link', { name: 'Add group' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Name of the group').fill('Parents')
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: /Parents/ }).waitFor()
  await page.goto(base + '/contacts/groups?new=1')
  await form.getByLabel('Name of the group').fill('parents')
  await form.getByRole('button', { name: 'Save' }).click()
  check(await eventually(() => form.getByText(/name/i).last().isVisible()), 'a name that is taken is refused')
}

/** A group of whoever matches shows how many do while it is written. */
export async function filtered(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts/groups?new=1')
  const form = page.getByRole('dialog')
  await form.getByLabel('Name of the group').fill('Class 4B')
  await form.getByText('Whoever matches').click()
  await form.getByText('Fill in the conditions').waitFor()
  await form.getByLabel('Condition 1: about what').selectOption({ label: 'Class' })
  await form.getByLabel('Condition 1: how it is compared').selectOption({ label: 'is' })
  await form.getByLabel('Condition 1: with what').fill('4B')
  await form.getByText('4 contacts match').waitFor()
  check(true, 'the count follows the conditions')
  await form.getByRole('button', { name: 'Add condition' }).click()
  await form.getByLabel('Condition 2: about what').selectOption({ label: 'Fee' })
  await form.getByLabel('Condition 2: how it is compared').selectOption({ label: 'is above' })
  await form.getByLabel('Condition 2: with what').fill('10')
  await form.getByText('1 contact matches').waitFor()
  await screen(page, 'group filter 360')
  await form.getByRole('button', { name: 'Remove condition 2' }).click()
  await form.getByText('4 contacts match').waitFor()
  await form.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Class is 4B').waitFor()
  await screen(page, 'groups 360')
  await page.getByRole('link', { name: /Class 4B/ }).click()
  await page.getByText('4 contacts', { exact: true }).waitFor()
  await becomes(
    async () => (await page.locator('.list a.line').count()) === 4,
    'the group shows who is in it',
  )
}

/** Many at once: into a group, out of it, away; and the list as a file. */
export async function selection(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts')
  await page.getByText('6 contacts').waitFor()
  const letters = await page.locator('.letter').allTextContents()
  check(letters.join('') === 'ABCDE', 'the list stands in letters', letters.join(''))
  await screen(page, 'contacts 360')
  await page.getByRole('button', { name: 'Select', exact: true }).click()
  for (const name of ['Bob', 'Carol', 'Dan'])
    await page.getByRole('checkbox', { name: new RegExp(name) }).check()
  await page.getByLabel('Choose a group').selectOption({ label: 'Parents' })
  await screen(page, 'contacts selected 360')
  await page.getByRole('button', { name: 'Add to group' }).click()
  await page.getByText('3 contacts are in Parents now.').waitFor()
  await page
    .getByRole('group', { name: 'Show only' })
    .getByRole('button', { name: /Parents/ })
    .click()
  await page.getByText('3 contacts', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Select', exact: true }).click()
  await page.getByRole('checkbox', { name: /Dan/ }).check()
  await page.getByRole('button', { name: 'Take out of Parents' }).click()
  await page.getByText('2 contacts', { exact: true }).waitFor()
  check(true, 'people go into groups and out of them')
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export CSV' }).click(),
  ])
  const text = await (await import('node:fs/promises')).readFile(await file.path(), 'utf8')
  check(
    file.suggestedFilename() === 'contacts.csv' && /Bob/.test(text) && !/Ada/.test(text),
    'the list is a file',
  )
  await page.goto(base + '/contacts?q=eve')
  await page.getByText('1 contact', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Select', exact: true }).click()
  await page.getByRole('button', { name: 'Select all shown' }).click()
  await page.locator('section').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'Nobody matches' }).waitFor()
  check(true, 'contacts can be deleted')
}

/** A contact is opted out and allowed again; the ledger says who, how and why. */
export async function optOut(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts?q=Carol')
  await page.getByRole('link', { name: /Carol/ }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByRole('button', { name: 'Opt out' }).click()
  await sheet.getByLabel('Who asked for it, and how?').fill('Asked at the desk')
  await sheet.getByRole('button', { name: 'Opt out' }).click()
  await sheet.getByText('No sender may write to this number.').waitFor()
  await sheet.getByText('Asked at the desk').waitFor()
  await screen(page, 'contact opted out 360')
  const sent = await api(page).post('/v1/messages', { to: '+12025550111', text: 'x' })
  check(
    sent.body.status === 'blocked' || sent.status === 422,
    'nothing is sent to the number',
    JSON.stringify(sent.body),
  )
  await sheet.getByRole('button', { name: 'Allow messages again' }).click()
  await becomes(
    () => sheet.getByRole('button', { name: 'Allow messages again' }).last().isDisabled(),
    'without a proof it is not lifted',
  )
  await sheet.getByLabel('How did the person ask for messages again?').fill('Signed the form on 3 May')
  await sheet.getByRole('button', { name: 'Allow messages again' }).click()
  await sheet.getByText('Messages to this number are allowed.').waitFor()
  await sheet.getByText('Signed the form on 3 May').waitFor()
  check(true, 'and the ledger keeps both')
}

/** Numbers on the list of opt-outs: added, found, lifted. */
export async function optOuts(world) {
  const page = await open(world.browser, { state: world.state })
  await page.goto(base + '/contacts/optouts')
  await page.getByRole('heading', { name: 'Nobody has opted out' }).waitFor()
  await page.getByRole('link', { name: 'Opt numbers out' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Numbers').fill('+12025550111\n2025550112, +12025550150')
  await form.getByLabel('Who asked for it, and how?').fill('Letter of 4 May')
  await form.getByRole('button', { name: 'Opt numbers out' }).click()
  await page.getByText('3 numbers are new on the list.').waitFor()
  const row = page.locator('li', { hasText: '+12025550111' }).first()
  await row.getByText('Carol').waitFor()
  check(true, 'the list knows who is behind a number')
  await screen(page, 'opt-outs 1280')
  await page.getByLabel('Search number').fill('0150')
  check(
    await eventually(async () => (await page.locator('section').first().locator('.list li').count()) === 1),
    'numbers are found',
  )
  await page.getByRole('button', { name: 'Allow messages again' }).click()
  await page.getByLabel('How did the person ask').fill('Called on 5 May')
  await page.getByRole('button', { name: 'Allow messages again' }).click()
  await page.getByRole('heading', { name: 'This number is not on the list' }).waitFor()
  await becomes(() => page.getByText('Called on 5 May').isVisible(), 'the proof stands in the ledger')
  await page.goto(base + '/contacts')
  await page.getByRole('button', { name: 'Opted out' }).click()
  await page.getByText('2 contacts', { exact: true }).waitFor()
  await becomes(
    async () => (await page.locator('.list a.line').count()) === 2,
    'contacts are told apart by it',
  )
}

/** Two contacts with one name become one. */
export async function duplicates(world) {
  const page = await open(world.browser, { viewport: PHONE, state: world.state })
  await page.goto(base + '/contacts/duplicates')
  await page.getByRole('heading', { name: 'No duplicates' }).waitFor()
  await api(page).post('/v1/contacts', { phone: '+12025550120', name: 'ada lovelace', notes: 'Second phone' })
  await page.reload()
  await page.getByRole('radio').nth(1).check()
  await screen(page, 'duplicates 360')
  await page.getByRole('button', { name: 'Merge' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Merge' }).click()
  await page.getByRole('heading', { name: 'No duplicates' }).waitFor()
  const found = await api(page).get('/v1/contacts?search=lovelace')
  const left = found.body.items
  check(
    left.length === 1 &&
      left[0].phone === '+12025550120' &&
      left[0].fields.class === '4B' &&
      /0101/.test(left[0].notes),
    'one is left, with what the other had',
    JSON.stringify(left),
  )
}

/** The history calls people by their names. */
export async function named(world) {
  const page = await open(world.browser, { viewport: DESK, state: world.state })
  await api(page).post('/v1/messages', { to: '+12025550110', text: 'To somebody known' })
  await page.goto(base + '/messages?text=somebody')
  const row = page.locator('a.message-row').first()
  await row.getByText('Bob', { exact: true }).waitFor()
  check(true, 'the list shows the name')
  await row.click()
  const sheet = page.getByRole('dialog')
  await sheet.getByText('Bob', { exact: true }).waitFor()
  await becomes(
    () => sheet.getByText('+12025550110').first().isVisible(),
    'the message shows name and number',
  )
  await screen(page, 'message of a contact 1280')
}
