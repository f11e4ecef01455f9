import { i18n, t } from '$lib/i18n/index.svelte'
import { router } from '$lib/router.svelte'
import { toasts } from '$lib/stores/toasts.svelte'

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(s: string): string },
  ): { createScriptURL(s: string): string }
}

/** How long nothing must have come from the network, and how long that is waited for at most. */
const QUIET_MS = 4000
const LATEST_MS = 60_000

/** Resolves when the first view is there and nothing has come for a while. */
const quiet = () =>
  new Promise<void>((done) => {
    let timer = setTimeout(end, QUIET_MS)
    const latest = setTimeout(end, LATEST_MS)
    const watch = new PerformanceObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(end, QUIET_MS)
    })
    watch.observe({ type: 'resource' })
    function end() {
      clearTimeout(timer)
      clearTimeout(latest)
      watch.disconnect()
      done()
    }
  })

/**
 * Registers the service worker, where there is one: it needs HTTPS or localhost. It fetches the whole app for the time without
 * a network, so it waits until the first view has what it needs. A new version is offered, never forced.
 */
export async function register() {
  if (!('serviceWorker' in navigator)) return
  navigator.serviceWorker.addEventListener('message', opened)
  await quiet()
  // The policy requires trusted script URLs: the one this app ever makes is this one.
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes
  const policy = types?.createPolicy('smsir-sw', {
    createScriptURL: (url) => {
      if (url === '/sw.js') return url
      throw new TypeError(`not a script of this app: ${url}`)
    },
  })
  const url = policy ? policy.createScriptURL('/sw.js') : '/sw.js'
  const registration = await navigator.serviceWorker.register(url, { scope: '/' }).catch(() => null)
  if (!registration) return

  const offer = () =>
    toasts.show(t('pwa.update'), {
      ms: 0,
      action: {
        label: t('pwa.reload'),
        run: () => {
          navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), {
            once: true,
          })
          registration.waiting?.postMessage({ type: 'update' })
        },
      },
    })
  const isUpdate = () => navigator.serviceWorker.controller !== null
  if (registration.waiting && isUpdate()) offer()
  registration.addEventListener('updatefound', () => {
    const next = registration.installing
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && isUpdate()) offer()
    })
  })

  // It keeps the texts of the language that this person reads.
  const { active } = await navigator.serviceWorker.ready
  const tell = () => active?.postMessage({ type: 'lang', lang: i18n.lang })
  tell()
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ['lang'] })
}

/** A notification was pressed: its page opens here, where a draft may be under way. */
function opened(e: MessageEvent<{ type?: string; url?: string }>) {
  const url = e.data?.type === 'open' && e.data.url ? new URL(e.data.url, location.origin) : undefined
  if (url?.origin === location.origin) router.go(url.pathname + url.search)
}

/** Drops the copies of lists that the service worker keeps: on sign-out, before somebody else signs in. */
export async function forget() {
  navigator.serviceWorker?.controller?.postMessage({ type: 'forget' })
  await globalThis.caches?.delete('data-v1').catch(() => false)
}
