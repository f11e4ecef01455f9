import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Router } from './router.svelte'

const load = async () => ({ default: (() => undefined) as never })
const routes = [
  { path: '/', load, title: 'nav.home' as const },
  { path: '/messages', load, title: 'nav.messages' as const },
  { path: '/things/:id', load, title: 'nav.home' as const },
]
const router = new Router()
beforeAll(() => {
  vi.stubGlobal('scrollTo', vi.fn())
  router.start(routes)
})
beforeEach(() => router.go('/'))

describe('Router', () => {
  it('finds routes and their parameters', () => {
    router.go('/things/a%20b')
    expect(router.match?.params).toEqual({ id: 'a b' })
    router.go('/nowhere')
    expect(router.match).toBeNull()
  })
  it('survives an address that cannot be decoded', () => {
    router.go('/things/%E0%A4%A')
    expect(router.match?.params.id).toBe('%E0%A4%A')
  })
  it('puts parameters into the address and takes empty ones out', () => {
    router.go('/messages?status=failed')
    router.set({ id: 'msg_1' })
    expect(location.search).toBe('?status=failed&id=msg_1')
    router.set({ status: null, id: '' })
    expect(location.search).toBe('')
  })
  it('follows links of the app and leaves the others to the browser', () => {
    document.body.innerHTML = '<a id="in" href="/messages?x=1"><b>x</b></a><a id="api" href="/docs">d</a>'
    const click = (selector: string, init = {}) => {
      const e = new MouseEvent('click', { bubbles: true, cancelable: true, ...init })
      document.querySelector(selector)!.dispatchEvent(e)
      return e.defaultPrevented
    }
    expect(click('#in b')).toBe(true)
    expect(router.path + router.search).toBe('/messages?x=1')
    expect(click('#in', { ctrlKey: true })).toBe(false)
    expect(click('#api')).toBe(false)
  })
  it('goes back to where the reader was', async () => {
    router.go('/messages')
    history.back()
    await vi.waitFor(() => expect(router.path).toBe('/'))
  })
})
