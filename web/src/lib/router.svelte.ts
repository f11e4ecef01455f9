import { tick, type Component } from 'svelte'
import type { Key } from '$lib/i18n/index.svelte'
import type { Permission } from '$lib/permissions'

/** Who may see a route: `public` needs no session, `anonymous` is left by people who have one. */
export type Access = 'member' | 'public' | 'anonymous'

export interface Route {
  path: string
  load: () => Promise<{ default: Component }>
  title: Key
  /** The folders of texts that the view needs beside those of the whole app, separated by spaces. */
  words?: string
  access?: Access
  permission?: Permission
}

type Compiled = Route & { re: RegExp; keys: string[] }

const compile = (route: Route): Compiled => {
  const keys: string[] = []
  const source = route.path.replace(/:(\w+)/g, (_, key: string) => {
    keys.push(key)
    return '([^/]+)'
  })
  return { ...route, keys, re: new RegExp(`^${source}/?$`) }
}

const decode = (s: string) => {
  try {
    return decodeURIComponent(s)
  } catch {
    return s
  }
}

/** The address bar as state. Every view, filter and open sheet has an address, so Back and links always work. */
export class Router {
  path = $state('/')
  search = $state('')
  hash = $state('')
  /** Somebody went to another address than the one that the app was opened at. */
  moved = false
  #routes = $state.raw<Compiled[]>([])
  #scroll = new Map<number, number>()
  #index = 0

  query = $derived(new URLSearchParams(this.search))
  match = $derived.by(() => {
    for (const route of this.#routes) {
      const m = route.re.exec(this.path)
      if (m) return { route, params: Object.fromEntries(route.keys.map((k, i) => [k, decode(m[i + 1]!)])) }
    }
    return null
  })

  start(routes: Route[]) {
    this.#routes = routes.map(compile)
    this.#read()
    history.scrollRestoration = 'manual'
    this.#index = (history.state as { i?: number } | null)?.i ?? 0
    addEventListener('popstate', (e) => {
      this.moved = true
      this.#remember()
      this.#index = (e.state as { i?: number } | null)?.i ?? 0
      const before = this.path
      this.#read()
      this.#restore()
      if (before !== this.path) this.#focusMain()
    })
    document.addEventListener('click', (e) => this.#click(e))
  }

  /** Goes to an address of this app. `keepScroll` for changes within a page, such as a filter or a sheet. */
  go(url: string, { replace = false, keepScroll = false } = {}) {
    const target = new URL(url, location.href)
    if (target.href === location.href) return
    this.moved = true
    this.#remember()
    if (!replace) this.#index++
    history[replace ? 'replaceState' : 'pushState']({ i: this.#index }, '', target)
    const samePath = target.pathname === this.path
    this.#read()
    if (!keepScroll && !samePath) {
      scrollTo(0, 0)
      this.#focusMain()
    }
  }

  /** Changes parameters of the current address; an empty value removes one. */
  set(params: Record<string, string | null>, options: { replace?: boolean } = {}) {
    const next = new URLSearchParams(this.search)
    for (const [key, value] of Object.entries(params)) {
      if (value) next.set(key, value)
      else next.delete(key)
    }
    const text = next.toString()
    this.go(this.path + (text ? '?' + text : ''), { ...options, keepScroll: true })
  }

  /** Back if this app put the current entry there, else to `fallback`: closing a sheet that a link opened. */
  back(fallback: string) {
    if (this.#index > 0) history.back()
    else this.go(fallback, { replace: true, keepScroll: true })
  }

  #click(e: MouseEvent) {
    const a = e.target instanceof Element ? e.target.closest('a') : null
    if (!a || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
    if (a.origin !== location.origin || a.target || a.hasAttribute('download')) return
    if (!this.#routes.some((r) => r.re.test(a.pathname))) return
    e.preventDefault()
    this.go(a.pathname + a.search)
  }

  #read() {
    this.path = location.pathname
    this.search = location.search
    this.hash = location.hash
  }
  #remember() {
    this.#scroll.set(this.#index, scrollY)
  }
  #restore() {
    const y = this.#scroll.get(this.#index) ?? 0
    requestAnimationFrame(() => requestAnimationFrame(() => scrollTo(0, y)))
  }
  #focusMain() {
    void tick().then(() => document.getElementById('main')?.focus({ preventScroll: true }))
  }
}

export const router = new Router()
