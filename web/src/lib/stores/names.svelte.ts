import { call } from '$lib/api/client'
import { can } from '$lib/permissions'
import { session } from '$lib/stores/session.svelte'

/** How long numbers are gathered before they are asked for together, and how many the server takes at once. */
const GATHER_MS = 60
const MOST = 200

/**
 * The names behind numbers, for lists that show numbers: asked for in the background once the rows are on screen, and
 * kept until something about contacts changes. A number without a contact is not asked for again.
 */
class Names {
  #known = $state.raw<Record<string, string>>({})
  #asked = new Set<string>()
  #wanted = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    session.onEnd(() => this.forget())
  }

  /** The name of a number, "" as long as none is known. Reading it in a view asks for it. */
  of(phone: string): string {
    const known = this.#known[phone]
    if (known !== undefined) return known
    if (phone.startsWith('+') && !this.#asked.has(phone) && can('contacts:read')) {
      this.#asked.add(phone)
      this.#wanted.add(phone)
      this.#timer ??= setTimeout(() => void this.#ask(), GATHER_MS)
    }
    return ''
  }

  /** Something about contacts has changed: what is on screen is asked for anew. */
  forget() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#asked.clear()
    this.#wanted.clear()
    this.#known = {}
  }

  async #ask() {
    this.#timer = undefined
    const phones = [...this.#wanted].slice(0, MOST)
    for (const p of phones) this.#wanted.delete(p)
    if (this.#wanted.size) this.#timer = setTimeout(() => void this.#ask(), GATHER_MS)
    try {
      const found = await call('post', '/v1/contacts/lookup', { body: { phones } })
      const named = found.items.filter((c) => c.name).map((c) => [c.phone, c.name])
      if (named.length) this.#known = { ...this.#known, ...Object.fromEntries(named) }
    } catch {
      // A name is a kindness: the number is on screen. It is asked for again with the next list.
      for (const p of phones) this.#asked.delete(p)
    }
  }
}

export const names = new Names()
