import { createPushDevice, getPush, removePushDevice } from '$lib/api/push'
import type { Schemas } from '$lib/api/types'
import { read, write } from '$lib/db/local'
import { i18n } from '$lib/i18n/index.svelte'

/** Whether this browser can show notifications, and if not, what is in the way. */
export type PushState = 'ready' | 'blocked' | 'install' | 'insecure' | 'unsupported'

/** Who turned notifications on in this browser: they go on at that person's next sign-in here, and at nobody else's. */
const OWNER = 'smsir.push'

export function pushState(w: Window & typeof globalThis = window): PushState {
  if (!w.isSecureContext) return 'insecure'
  if ('PushManager' in w && 'Notification' in w && 'serviceWorker' in w.navigator)
    return w.Notification.permission === 'denied' ? 'blocked' : 'ready'
  // Safari on a phone has push for installed apps only (iOS 16.4).
  const apple =
    /iPhone|iPad/.test(w.navigator.userAgent) ||
    (w.navigator as { standalone?: boolean }).standalone === false
  return apple ? 'install' : 'unsupported'
}

/** base64url as the bytes that PushManager takes. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const raw = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(raw, (c) => c.charCodeAt(0))
}

/** The browser's own subscription as the server takes it. Undefined when the browser left a part out. */
export function bodyOf(s: PushSubscription): Schemas['PushSubscribe'] | undefined {
  const { endpoint, keys } = s.toJSON()
  if (!endpoint || !keys?.p256dh || !keys.auth) return undefined
  return { endpoint, p256dh: keys.p256dh, auth: keys.auth, language: i18n.lang }
}

const sameKey = (a: ArrayBuffer | null | undefined, b: Uint8Array) =>
  !!a && a.byteLength === b.length && new Uint8Array(a).every((x, i) => x === b[i])

async function subscribe(key: string): Promise<Schemas['PushDevice']> {
  const { pushManager } = await navigator.serviceWorker.ready
  const applicationServerKey = bytesOf(key)
  let subscription = await pushManager.getSubscription()
  // One that was made with the key of another server can never be used with this one's.
  if (subscription && !sameKey(subscription.options?.applicationServerKey, applicationServerKey)) {
    await subscription.unsubscribe()
    subscription = null
  }
  subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })
  const body = bodyOf(subscription)
  if (!body) throw new TypeError('the browser gave no keys')
  return createPushDevice(body)
}

/** Asks for permission, which only a click may do, and registers this browser. False: the person said no. */
export async function turnOn(key: string, owner: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  await subscribe(key)
  write(OWNER, owner)
  return true
}

/** Ends the browser's subscription too: nothing that somebody still sends would arrive. */
export async function turnOff(id: string): Promise<void> {
  write(OWNER, null)
  await removePushDevice(id)
  const registration = await navigator.serviceWorker.getRegistration()
  await (await registration?.pushManager.getSubscription())?.unsubscribe()
}

/**
 * After a sign-in: whoever had notifications in this browser has them again, in the language of today. What fails here is tried
 * at the next start, and the page of notifications says it.
 */
export async function resume(owner: string): Promise<void> {
  if (!owner || read(OWNER) !== owner || pushState() !== 'ready' || Notification.permission !== 'granted')
    return
  const push = await getPush()
  const mine = push.devices.find((d) => d.current)
  if (!mine || mine.language !== i18n.lang) await subscribe(push.public_key)
}
