import { SvelteSet } from 'svelte/reactivity'
import type { Message, MessageStatus } from '$lib/api/types'

const FAILED: MessageStatus[] = ['failed', 'undelivered', 'expired']
const WAITING: MessageStatus[] = ['scheduled', 'queued', 'sending', 'unknown']

/** Ended without having arrived: to send them again makes sense. What a rule blocked, or a person canceled, is not among them. */
export const failedOf = (rows: Message[]) => rows.filter((m) => m.final && FAILED.includes(m.status))
/** What a cancel can still reach. */
export const cancelableOf = (rows: Message[]) =>
  rows.filter((m) => !m.final && !m.cancel_requested && (m.recallable || WAITING.includes(m.status)))

/** The rows that somebody has marked in a list, to do one thing with all of them. */
export class Selection {
  on = $state(false)
  ids = new SvelteSet<string>()

  has = (id: string) => this.ids.has(id)

  toggle(id: string) {
    this.on = true
    if (!this.ids.delete(id)) this.ids.add(id)
  }

  all(rows: Message[]) {
    this.on = true
    rows.forEach((m) => this.ids.add(m.id))
  }

  end() {
    this.on = false
    this.ids.clear()
  }
}
