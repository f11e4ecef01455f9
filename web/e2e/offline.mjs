// Breaks of every kind: of the socket, of the network, of an answer, of the session.
import {
  PHONE,
  api,
  base,
  becomes,
  check,
  eventually,
  fillCompose,
  live,
  open,
  person,
  screen,
} from './harness.mjs'

/** The socket breaks while messages go on: it reconnects by itself and misses nothing. */
export async function socketDrop(world) {
  const page = await open(world.browser, { state: world.state })
  let down = false
  const sockets = new Set()
  await page.routeWebSocket(/\/v1\/events/, (ws) => {
    if (down) return void ws.close()
    sockets.add(ws)
    const server = ws.connectToServer()
    ws.onMessage((m) => server.send(m))
    server.onMessage((m) => ws.send(m))
  })
  await page.goto(base + '/messages')
  await live(page)
  await page.evaluate(() => (window.sameDocument = true))
  down = true
  for (const ws of sockets) await ws.close()
  await page.locator('.conn:is([data-state=retrying], [data-state=offline])').waitFor()
  check(true, 'a broken socket is said')
  for (let i = 0; i < 5; i++)
    await api(page).post('/v1/messages', { to: '+12025550100', text: `While away ${i}` })
  check(
    await eventually(
      async () =>
        (await api(page).get('/v1/messages?text=While%20away&status=delivered')).body.items.length === 5,
    ),
    'the messages were delivered meanwhile',
  )
  check((await page.getByText('While away').count()) === 0, 'nothing came through the broken socket')
  down = false
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await live(page)
  const rows = page.locator('.message-row', { hasText: 'While away' })
  check(
    await eventually(async () => (await rows.count()) === 5),
    'every missed message is there once',
    `${await rows.count()} rows`,
  )
  check(
    await eventually(async () => (await rows.locator('.pill', { hasText: 'Delivered' }).count()) === 5),
    'and every missed change',
  )
  check(await page.evaluate(() => window.sameDocument === true), 'without a reload')
}

/** Without a network: the app opens, shows what it saw, takes a message, and sends it exactly once when it is back. */
export async function offlineSend(world) {
  const page = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    prefs: { 'smsir.undo': '0' },
  })
  await page.goto(base + '/messages')
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => 1))
  await eventually(() => page.evaluate(() => caches.keys().then((k) => k.some((n) => n.startsWith('app-')))))
  await page.reload()
  await page.locator('.message-row').first().waitFor()
  await eventually(() => page.evaluate(() => navigator.serviceWorker.controller !== null))
  await page.reload()
  await page.locator('.message-row').first().waitFor()
  await page.context().setOffline(true)
  await page.goto(base + '/compose')
  await page.getByLabel('Message', { exact: true }).waitFor()
  check(true, 'the app opens without a network')
  for (const n of [1, 2, 3]) {
    if (n > 1) await page.getByRole('link', { name: 'Compose' }).filter({ visible: true }).first().click()
    await page.getByLabel('Message', { exact: true }).waitFor()
    await fillCompose(page, '+12025550100', `Offline ${n}`)
    await page.getByRole('button', { name: 'Send 1 message' }).click()
    await page
      .getByText('Waiting for network')
      .nth(n - 1)
      .waitFor()
  }
  check(
    await eventually(async () => (await page.locator('.message-row').count()) > 0),
    'history is readable offline',
  )
  check(
    await eventually(async () => (await page.locator('.conn').getAttribute('data-state')) === 'offline'),
    'being offline is said',
  )
  await screen(page, 'offline outbox 360')
  await page.reload()
  await page.getByText('Waiting for network').nth(2).waitFor()
  check(true, 'what waits outlives a reload')
  await page.context().setOffline(false)
  check(
    await eventually(async () => (await page.getByText('Waiting for network').count()) === 0),
    'it goes out by itself',
  )
  const sent = (await api(page).get('/v1/messages?text=Offline')).body.items.map((m) => m.text)
  check(sent.join() === 'Offline 3,Offline 2,Offline 1', 'each exactly once, in order', sent.join())
  const rows = page.locator('.message-row', { hasText: 'Offline' })
  check(
    await eventually(async () => (await rows.locator('.pill', { hasText: 'Delivered' }).count()) === 3),
    'and all are delivered',
  )
}

/** The server accepted, but its answer never came: the repeat with the same key makes no second message. */
export async function lostAnswer(world) {
  const page = await open(world.browser, {
    state: world.state,
    prefs: { 'smsir.undo': '0' },
    serviceWorkers: 'block',
  })
  await page.goto(base + '/compose')
  await live(page)
  let lost = 0
  let goOn
  const seen = new Promise((done) => (goOn = done))
  await page.route('**/v1/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    if (lost++) return seen.then(() => route.continue())
    await route.fetch()
    await route.abort('connectionreset')
  })
  await fillCompose(page, '+12025550100', 'Answer lost')
  await page.getByRole('button', { name: 'Send 1 message' }).click()
  await page.waitForURL('**/messages')
  const waiting = page.getByText('Waiting for network')
  await becomes(async () => lost >= 1 && (await waiting.count()) === 1, 'without an answer it waits')
  goOn()
  await becomes(async () => lost >= 2 && (await waiting.count()) === 0, 'and is repeated')
  check((await api(page).count('Answer lost')) === 1, 'a lost answer makes no second message')
}

/** The session ends in the middle of writing: sign in over the page, and the draft is still there. */
export async function sessionEnds(world) {
  const page = await open(world.browser, {})
  const signIn = async () => {
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.goto(base + '/compose')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await screen(page, 'login 1280')
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  await screen(page, 'login refused')
  await signIn()
  await page.getByRole('heading', { name: 'New message' }).waitFor()
  check(page.url().endsWith('/compose'), 'after signing in one is where one wanted to be')
  await fillCompose(page, '+12025550100', 'Half a sentence')
  await page.getByText('Draft saved').waitFor()
  await api(page).post('/v1/auth/logout')
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await signIn()
  await page.getByRole('heading', { name: 'New message' }).waitFor()
  check(
    await eventually(
      async () => (await page.getByLabel('Message', { exact: true }).inputValue()) === 'Half a sentence',
    ),
    'the draft outlives the session',
  )
  await becomes(async () => (await page.locator('.token').count()) === 1, 'with its recipients')
}
