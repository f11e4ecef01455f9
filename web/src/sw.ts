/// <reference lib="webworker" />
// Service worker: opens the app without a network, and shows the last lists it saw. A classic script without imports;
// the build replaces the three placeholders.
const sw = self as unknown as ServiceWorkerGlobalScope
const FILES = '__FILES__' as unknown as string[]
/** Texts and fonts of each language. Kept is the one that the app says it speaks: the others are a quarter of all bytes. */
const WORDS = '__WORDS__' as unknown as Record<string, string[]>
const APP = 'app-__VERSION__'
const DATA = 'data-v1'

/** Reads that are worth having offline. Secrets, keys and settings are never kept. */
const KEPT = /^\/v1\/(bootstrap|messages(\/(?!export$)[^/]+(\/events)?)?)$/

const OURS = new Set([...FILES, ...Object.values(WORDS).flat()])

/** Where an app's cache notes its language, for the next version of the app. */
const LANG = '/lang'

/** Nothing of it is needed now: whatever the page asks for goes first. */
const request = (f: string) =>
  new Request(f, { cache: f.startsWith('/assets/') ? 'default' : 'reload', priority: 'low' })

sw.addEventListener('install', (e) => e.waitUntil(install()))

async function install() {
  const noted = await (await caches.match(LANG))?.text()
  const cache = await caches.open(APP)
  await cache.addAll(FILES.map(request))
  await keepWords(noted ?? sw.navigator.language.slice(0, 2))
}

async function keepWords(lang: string) {
  const cache = await caches.open(APP)
  const files = WORDS[lang] ?? WORDS.en!
  const there = await Promise.all(files.map((f) => cache.match(f, { ignoreVary: true })))
  await cache.addAll(files.filter((_, i) => !there[i]).map(request))
  await cache.put(LANG, new Response(lang))
}

sw.addEventListener('activate', (e) => {
  const old = (name: string) => name.startsWith('app-') && name !== APP
  e.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((n) => caches.delete(n)))))
})

sw.addEventListener('fetch', (e) => {
  const { request } = e
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== sw.location.origin) return
  if (url.pathname.startsWith('/v1/')) {
    if (KEPT.test(url.pathname)) e.respondWith(network(request))
    return
  }
  if (request.mode === 'navigate') {
    if (isPage(url.pathname)) e.respondWith(cached('/index.html', request))
    return
  }
  if (OURS.has(url.pathname)) e.respondWith(cached(request, request))
})

/** Addresses that the server answers with something else than this app. */
const isPage = (path: string) => !/^\/(v1|docs|openapi|healthz|readyz|metrics)\b/.test(path)

async function cached(key: RequestInfo, request: Request): Promise<Response> {
  return (await caches.match(key, { cacheName: APP, ignoreVary: true })) ?? fetch(request)
}

/** Network first. Without one, the last good copy, marked as such so that the app can say so and ask again later. */
async function network(request: Request): Promise<Response> {
  const cache = await caches.open(DATA)
  try {
    const response = await fetch(request)
    if (response.ok) await cache.put(request, stamped(response.clone()))
    return response
  } catch (error) {
    const copy = await cache.match(request)
    if (copy) return copy
    throw error
  }
}

function stamped(response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('X-SMSir-Copy', new Date().toISOString())
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}

sw.addEventListener('message', (e) => {
  if (e.data?.type === 'update') void sw.skipWaiting()
  // Without a network it is tried at the next start.
  if (e.data?.type === 'lang') e.waitUntil(keepWords(String(e.data.lang)).catch(() => undefined))
  if (e.data?.type === 'forget') e.waitUntil(caches.delete(DATA))
})

/** What the server sends: internal/push/words.go. */
interface Push {
  id: string
  title: string
  body: string
  url: string
  tag: string
  lang: string
  dir: NotificationDirection
}

sw.addEventListener('push', (e) => {
  let push: Partial<Push> = {}
  try {
    push = e.data?.json() as Push
  } catch {
    // A browser that was woken must show something: without words, that there is something.
  }
  e.waitUntil(show(push))
})

/** Shows a notification. The same one again, sent twice because nobody knew, takes its own place without a sound. */
async function show({ id, title = 'SMSir', body = '', url = '/', tag = 'push', lang, dir }: Partial<Push>) {
  const there = await sw.registration.getNotifications({ tag })
  const again = there.some((n) => n.data?.id === id)
  const options = { body, tag, lang, dir, icon: '/icon-192.png', data: { id, url }, renotify: !again }
  await sw.registration.showNotification(title, options)
}

sw.addEventListener('notificationclick', (e) => {
  e.notification.close()
  const url = new URL(String(e.notification.data?.url ?? '/'), sw.location.origin)
  if (url.origin !== sw.location.origin) return
  e.waitUntil(goTo(url.href))
})

/** Uses a window of the app that is there; the page itself goes on, so that what it holds is kept. */
async function goTo(url: string) {
  const windows = await sw.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const window = windows.find((w) => w.visibilityState === 'visible') ?? windows[0]
  if (!window) return void (await sw.clients.openWindow(url))
  const focused = await window.focus().catch(() => window)
  focused.postMessage({ type: 'open', url })
}

/** The push service gave this browser another address: the server is told, by the cookie of the session. */
sw.addEventListener('pushsubscriptionchange', ((e: PushSubscriptionChangeEvent) => {
  const key = e.oldSubscription?.options.applicationServerKey
  e.waitUntil(renewed(e.newSubscription ?? null, key ?? null))
}) as EventListener)

async function renewed(given: PushSubscription | null, applicationServerKey: ArrayBuffer | null) {
  const options = { userVisibleOnly: true, applicationServerKey }
  const subscription =
    given ?? (applicationServerKey && (await sw.registration.pushManager.subscribe(options)))
  if (!subscription) return
  const { endpoint, keys } = subscription.toJSON()
  await fetch('/v1/push/devices', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ endpoint, p256dh: keys?.p256dh, auth: keys?.auth }),
  })
}
