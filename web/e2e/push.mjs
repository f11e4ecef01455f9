// Notifications: the page says what is in the way, turns them on by a click, and the service worker shows and opens them.
// A browser under test has no push service: the page's PushManager is a stand-in, and pushes reach the service worker
// through the browser's own door for tests.
import { DESK, PHONE, api, base, becomes, check, eventually, open, screen } from './harness.mjs'

const THEM = '+12025550111'
const KEY = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4'

/** Stands in for what needs a push service, from the first script of the page on. */
const standIn = (page, { permission = 'default', answer = 'granted' } = {}) =>
  page.addInitScript(
    ([permission, answer, key]) => {
      let subscribed = null
      let state = permission
      Object.defineProperty(Notification, 'permission', { configurable: true, get: () => state })
      Notification.requestPermission = async () => (state = answer)
      const make = (options) => ({
        options,
        endpoint: 'https://push.example.com/one',
        toJSON: () => ({
          endpoint: 'https://push.example.com/one',
          keys: { p256dh: key, auth: 'BTBZMqHH6r4Tts7J_aSIgg' },
        }),
        unsubscribe: async () => ((subscribed = null), true),
      })
      PushManager.prototype.getSubscription = async () => subscribed
      PushManager.prototype.subscribe = async (o) => {
        window.subscribedWith = o
        return (subscribed = make({ ...o, applicationServerKey: o.applicationServerKey.buffer }))
      }
    },
    [permission, answer, KEY],
  )

const settings = async (world, viewport, prefs = {}) => {
  const page = await open(world.browser, { viewport, state: world.state, prefs })
  return page
}

export async function states(world) {
  const blocked = await settings(world, PHONE)
  await standIn(blocked, { permission: 'denied' })
  await blocked.goto(base + '/settings?tab=notifications')
  await blocked.getByText('This browser blocks notifications').waitFor()
  check(
    (await blocked.getByRole('button', { name: 'Turn on notifications' }).count()) === 0,
    'blocked: it says how to undo it, and asks no more',
  )
  await screen(blocked, 'notifications blocked 360')

  const without = await settings(world, PHONE)
  await without.addInitScript(() => delete window.PushManager)
  await without.goto(base + '/settings?tab=notifications')
  await without.getByText('This browser cannot show notifications').waitFor()
  check(true, 'a browser without push is told so')

  const apple = await open(world.browser, {
    viewport: PHONE,
    state: world.state,
    userAgent:
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Version/17.4 Mobile/15E148 Safari/604.1',
  })
  await apple.addInitScript(() => delete window.PushManager)
  await apple.goto(base + '/settings?tab=notifications')
  await apple.getByText('Add to Home Screen').waitFor()
  await screen(apple, 'notifications install 360')
}

export async function turnedOn(world) {
  const page = await settings(world, DESK)
  await standIn(page)
  await page.goto(base + '/settings?tab=notifications')
  const on = page.getByRole('button', { name: 'Turn on notifications' })
  await on.waitFor()
  check(await page.evaluate(() => window.subscribedWith === undefined), 'nothing is asked before a click')
  await screen(page, 'notifications off 1280')
  await on.click()
  await page.getByText('Notifications are on in this browser.').waitFor()
  const push = (await api(page).get('/v1/push')).body
  check(push.devices.length === 1 && push.devices[0].current, 'the server knows the device')
  await becomes(
    () =>
      page.evaluate(
        (key) =>
          window.subscribedWith.userVisibleOnly &&
          btoa(String.fromCharCode(...window.subscribedWith.applicationServerKey))
            .replace(/\+/g, '-')
            .replace(/\//g, '_')
            .replace(/=+$/, '') === key,
        push.public_key,
      ),
    'the browser subscribed with the key of the server',
  )
  await page.locator('label', { hasText: 'Assigned to me' }).click()
  await page.getByLabel('Show the text of replies').check()
  check(
    await eventually(async () => {
      const { preferences: p } = (await api(page).get('/v1/push')).body
      return p.replies === 'mine' && p.show_text && p.failures && p.campaigns
    }),
    'choices are kept at once',
  )
  await screen(page, 'notifications on 1280')
  await page.getByRole('button', { name: 'Turn off' }).click()
  await on.waitFor()
  await becomes(
    async () => (await api(page).get('/v1/push')).body.devices.length === 0,
    'turned off, the server forgets the device',
  )
}

export async function refused(world) {
  const page = await settings(world, PHONE)
  await standIn(page, { answer: 'denied' })
  await page.goto(base + '/settings?tab=notifications')
  await page.getByRole('button', { name: 'Turn on notifications' }).click()
  await page.getByText('This browser blocks notifications').waitFor()
  await becomes(
    async () => (await api(page).get('/v1/push')).body.devices.length === 0,
    'who says no has no device',
  )
}

/** The service worker's own part, without a stand-in. */
export async function shown(world) {
  const page = await settings(world, DESK)
  await page.context().grantPermissions(['notifications'], { origin: base })
  await page.goto(base + '/')
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => 1))
  await api(page).post('/v1/messages', { to: THEM, text: 'Please answer' })
  await page.goto(base + '/')
  const cdp = await page.context().newCDPSession(page)
  const registrations = new Promise((found) =>
    cdp.on(
      'ServiceWorker.workerRegistrationUpdated',
      ({ registrations: [r] }) => r && found(r.registrationId),
    ),
  )
  await cdp.send('ServiceWorker.enable')
  const registrationId = await registrations
  const deliver = (data) =>
    cdp.send('ServiceWorker.deliverPushMessage', {
      origin: base,
      registrationId,
      data: typeof data === 'string' ? data : JSON.stringify(data),
    })
  const visible = () =>
    page.evaluate(async () => {
      const r = await navigator.serviceWorker.ready
      return (await r.getNotifications()).map((n) => ({
        title: n.title,
        body: n.body,
        tag: n.tag,
        dir: n.dir,
        url: n.data?.url,
      }))
    })
  const reply = {
    id: 'evt_1',
    title: 'Reply from Ada',
    body: 'Open the inbox to read it.',
    url: '/inbox?id=x',
    tag: 'reply-x',
    lang: 'en',
    dir: 'ltr',
  }
  await deliver(reply)
  check(await eventually(async () => (await visible()).length === 1), 'a push is shown')
  const [first] = await visible()
  check(
    first?.title === 'Reply from Ada' && first.url === '/inbox?id=x',
    'with its words and its page',
    JSON.stringify(first),
  )
  await deliver(reply)
  await deliver({ ...reply, id: 'evt_2', title: 'Reply from Ada again' })
  check(
    await eventually(async () => {
      const now = await visible()
      return now.length === 1 && now[0].title === 'Reply from Ada again'
    }),
    'the same push again, and a newer one, take its place',
  )
  await deliver('no json')
  check(
    await eventually(async () => (await visible()).some((n) => n.title === 'SMSir')),
    'a push without words still shows',
  )
  // What a press does: the worker is asked as the browser would ask it.
  const worker = page.context().serviceWorkers()[0]
  await worker.evaluate(async () => {
    const [n] = await self.registration.getNotifications({ tag: 'reply-x' })
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification: n }))
  })
  check(
    await eventually(() => new URL(page.url()).pathname === '/inbox'),
    'a press opens its page in the window that is there',
    page.url(),
  )
  check(
    await eventually(async () => (await visible()).every((n) => n.tag !== 'reply-x')),
    'and takes the notification away',
  )
}

export async function installable(world) {
  const page = await settings(world, PHONE)
  await page.goto(base + '/')
  const manifest = await page.evaluate(async () =>
    (await fetch(document.querySelector('link[rel=manifest]').href)).json(),
  )
  check(
    manifest.display === 'standalone' &&
      manifest.id === '/' &&
      manifest.icons.some((i) => i.purpose === 'maskable'),
    'the manifest makes the app installable',
  )
  const urls = manifest.shortcuts.map((s) => s.url)
  check(
    urls.includes('/compose') && urls.includes('/inbox'),
    'with shortcuts to compose and inbox',
    urls.join(),
  )
  const { action, params } = manifest.share_target
  const shared = new URLSearchParams({
    [params.text]: 'See you at nine',
    [params.url]: 'https://example.com/',
  })
  await page.goto(`${base}${action}?${shared}`)
  const text = page.locator('#text')
  check(
    await eventually(async () =>
      /See you at nine[\s\S]*https:\/\/example\.com\//.test(await text.inputValue()),
    ),
    'a shared text opens a new message with it',
  )
}

export async function everywhere(world) {
  for (const [name, viewport, prefs] of [
    ['360', PHONE, {}],
    ['dark 1280', DESK, { 'smsir.theme': 'dark' }],
    ['Arabic 360', PHONE, { 'smsir.lang': 'ar', 'smsir.theme': 'dark' }],
  ]) {
    const page = await settings(world, viewport, prefs)
    await standIn(page, { permission: 'granted' })
    await page.goto(base + '/settings?tab=notifications')
    await page.locator('section .btn').first().click()
    await page.locator('li.row').first().waitFor()
    await screen(page, `notifications ${name}`)
  }
}
