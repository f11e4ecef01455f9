import '@testing-library/jest-dom/vitest'
import { vi } from 'vitest'

// jsdom has no layout and no media queries; the app asks for both at start.
class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal('ResizeObserver', NoObserver)
vi.stubGlobal('IntersectionObserver', NoObserver)
Object.defineProperty(window, 'matchMedia', {
  writable: true,
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }),
})
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
  this.dispatchEvent(new Event('close'))
}

const { i18n } = await import('$lib/i18n/index.svelte')
await i18n.set('en')
const areas = [
  ...[
    'admin',
    'analytics',
    'auth',
    'campaigns',
    'compose',
    'contacts',
    'desk',
    'groups',
    'home',
    'history',
    'imports',
    'inbox',
    'keys',
    'messages',
  ],
  ...['budget', 'providers', 'sending', 'settings', 'setup', 'story', 'webhooks'],
]
for (const area of areas) await i18n.need(area)
