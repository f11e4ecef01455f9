// Takes the pictures of the manual: node screenshots.mjs FOLDER. scripts/screenshots.sh starts the server for it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  api,
  base,
  DESK,
  eventually,
  launch,
  live,
  open,
  person,
  PHONE,
  settled,
  setupURL,
} from './harness.mjs'

const folder = process.argv[2]
if (!folder || !base || !setupURL) throw new Error('use scripts/screenshots.sh')
mkdirSync(folder, { recursive: true })

const browser = await launch()

/** Opens the gateway, as the first person does. */
async function register() {
  const page = await open(browser, { viewport: PHONE })
  await page.goto(setupURL)
  await page.getByLabel('Your name').fill(person.name)
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByLabel('Workspace name').fill('Sample workspace')
  await page.getByLabel('Country').selectOption('US')
  await page.getByLabel('Time zone').selectOption('America/New_York')
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Today' }).waitFor()
  return { page, state: await page.context().storageState() }
}

/** Fills the workspace with sample data, which the simulator's numbers make look like a working day. */
async function fill(page) {
  const server = api(page)
  const made = async (path, data) => {
    const answer = await server.post(path, data)
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const group = await made('/v1/groups', { name: 'Sample group' })
  // The last two: refused once and then delivered; replies.
  const people = [120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 105, 111]
  for (const [i, n] of people.entries()) {
    await made('/v1/contacts', {
      phone: `+12025550${n}`,
      name: `Sample contact ${i + 1}`,
      groups: [group.id],
    })
  }
  await made('/v1/templates', {
    name: 'Reminder',
    texts: [
      { language: '', text: 'Hello {{name|friend}}, a reminder of your appointment tomorrow at 9:00.' },
    ],
  })
  const spare = await made('/v1/providers', {
    kind: 'simulator',
    name: 'Second simulator',
    priority: 500,
    settings: {},
  })
  const first = (await server.get('/v1/providers')).body.items.find((p) => p.id !== spare.id)
  await made('/v1/routes', {
    name: 'Codes to Britain',
    when: { countries: ['GB'], classes: ['otp'] },
    then: {
      groups: [
        {
          targets: [
            { provider: first.id, weight: 70 },
            { provider: spare.id, weight: 30 },
          ],
        },
      ],
    },
  })
  await made('/v1/routes', {
    name: 'Everything else',
    then: { groups: [{ targets: [{ provider: first.id }] }] },
  })
  const texts = [
    'Your appointment is tomorrow at 9:00.',
    'The results are here.',
    'Your order can be collected.',
  ]
  for (let i = 0; i < 30; i++) {
    const to = `+12025550${i % 15 === 3 ? 102 : i % 15 === 7 ? 104 : 120 + i}`
    await made('/v1/messages', { to, text: texts[i % texts.length] })
  }
  await made('/v1/messages', { to: '+12025550111', text: 'Would Monday at 9:00 suit you?' })
  const campaign = await made('/v1/campaigns', {
    name: 'Sample reminder',
    plan: {
      groups: [group.id],
      texts: [{ language: '', text: 'Hello {{name|friend}}, we are closed on Monday.' }],
    },
  })
  await made(`/v1/campaigns/${campaign.id}/launch`, {})
  const still = async () => {
    const { items } = (await server.get('/v1/messages?limit=200')).body
    return items.some((m) => ['queued', 'sending', 'sent'].includes(m.status))
  }
  await eventually(async () => !(await still()), 40_000)
}

/** The screens, each with what must stand there before the picture. */
const screens = {
  home: async (page) => page.goto(base + '/'),
  compose: async (page) => {
    await page.goto(base + '/compose')
    await page.getByLabel('To', { exact: true }).fill('+12025550120, +12025550121')
    await page.keyboard.press('Enter')
    await page
      .getByLabel('Message', { exact: true })
      .fill('Your appointment is tomorrow at 9:00. Reply C to confirm.')
  },
  messages: async (page) => page.goto(base + '/messages'),
  message: async (page) => {
    await page.goto(base + '/messages')
    await page.getByText('Sample contact 11').first().click()
    await page.getByRole('dialog').waitFor()
  },
  inbox: async (page) => {
    await page.goto(base + '/inbox')
    await page
      .getByRole('link', { name: /Sample contact 12|0111/ })
      .first()
      .click()
    await page.getByText('Reply to: Would Monday').first().waitFor()
  },
  contacts: async (page) => page.goto(base + '/contacts'),
  campaign: async (page) => {
    await page.goto(base + '/campaigns')
    await page.getByText('Sample reminder').first().click()
    await page.getByRole('dialog').waitFor()
  },
  analytics: async (page) => {
    await page.goto(base + '/analytics')
    await page.getByRole('heading', { name: 'Analytics' }).waitFor()
  },
  routes: async (page) => page.goto(base + '/routes'),
  providers: async (page) => page.goto(base + '/providers'),
}

const { page: first, state } = await register()
await live(first)
await fill(first)
await first.context().close()

for (const [device, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
  for (const theme of ['light', 'dark']) {
    const page = await open(browser, {
      viewport,
      state,
      deviceScaleFactor: 1,
      prefs: { 'smsir.theme': theme },
    })
    const cdp = await page.context().newCDPSession(page)
    for (const [name, show] of Object.entries(screens)) {
      await show(page)
      await live(page)
      await page.waitForLoadState('networkidle')
      await settled(page)
      const { data } = await cdp.send('Page.captureScreenshot', { format: 'webp', quality: 80 })
      writeFileSync(join(folder, `${name}-${device}-${theme}.webp`), Buffer.from(data, 'base64'))
    }
    await page.context().close()
  }
}
await browser.close()
