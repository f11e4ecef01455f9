import { inboxCounts } from '$lib/api/inbox'
import type { StreamEvent } from '$lib/api/types'
import { can } from '$lib/permissions'
import { stream } from '$lib/realtime/stream.svelte'

const SOON_MS = 300

/** How much waits in the inbox, for the badge in the navigation and the head of the list. */
class InboxBadge {
  unread = $state(0)
  reviews = $state(0)
  #again: ReturnType<typeof setTimeout> | undefined

  /** Follows the stream until the returned function runs. */
  attach() {
    if (!can('inbox:read')) return () => undefined
    const soon = () => {
      this.#again ??= setTimeout(() => ((this.#again = undefined), void this.load()), SOON_MS)
    }
    const off = [stream.on((e) => ofInbox(e) && soon()), stream.onResync(soon)]
    void this.load()
    return () => {
      off.forEach((f) => f())
      this.unread = 0
      this.#icon()
      clearTimeout(this.#again)
      this.#again = undefined
    }
  }

  /** The icon of the installed app shows the same, where the system has room for it. */
  #icon() {
    const done = this.unread ? navigator.setAppBadge?.(this.unread) : navigator.clearAppBadge?.()
    done?.catch(() => undefined) // not installed
  }

  /** A badge is not worth a fault on screen: what was known stays until the next event. */
  async load() {
    try {
      const n = await inboxCounts()
      this.unread = n.unread
      this.reviews = n.reviews
      this.#icon()
    } catch {
      return
    }
  }
}

export const ofInbox = (e: StreamEvent) => e.type === 'inbound.received' || e.type === 'conversation.updated'
export const inboxBadge = new InboxBadge()
