import { listContacts, type Contact, type ContactQuery } from '$lib/api/contacts'
import { asProblem, type Problem } from '$lib/api/problem'

/** The contacts of a query, page by page. */
export class ContactFeed {
  rows = $state.raw<Contact[]>([])
  total = $state<number | undefined>(undefined)
  loaded = $state(false)
  loading = $state(false)
  problem = $state.raw<Problem | undefined>(undefined)
  next = $state('')
  #query: ContactQuery
  #turn = 0

  constructor(query: ContactQuery) {
    this.#query = query
  }

  /** Loads from the beginning; what is on screen stays until then. */
  load = () => this.#page('')
  more = async () => {
    if (this.next && !this.loading) await this.#page(this.next)
  }

  async #page(cursor: string) {
    const turn = ++this.#turn
    this.loading = true
    try {
      const page = await listContacts({ ...this.#query, cursor, limit: 50 })
      if (turn !== this.#turn) return
      this.rows = cursor ? [...this.rows, ...page.items] : page.items
      if (!cursor) this.total = page.total
      this.next = page.next ?? ''
      this.loaded = true
      this.problem = undefined
    } catch (e) {
      if (turn === this.#turn) this.problem = asProblem(e)
    } finally {
      if (turn === this.#turn) this.loading = false
    }
  }
}

/** The letter under which a name stands; # for names that begin with none, and for those without a name. */
export function letterOf(name: string, locale: string): string {
  const first = [...name.normalize('NFKD').replace(/\p{M}/gu, '').trim()][0] ?? ''
  return /\p{L}/u.test(first) ? first.toLocaleUpperCase(locale) : '#'
}

/** Calls when the end of a list comes into view. */
export function atEnd(node: Element, more: () => void) {
  const observer = new IntersectionObserver((seen) => seen.some((x) => x.isIntersecting) && more(), {
    rootMargin: '600px',
  })
  observer.observe(node)
  return { destroy: () => observer.disconnect() }
}
