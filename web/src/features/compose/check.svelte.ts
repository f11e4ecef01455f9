import { preview } from '$lib/api/messages'
import type { Preview } from '$lib/api/types'

const WAIT_MS = 500

/**
 * What the server thinks of a send before it is one. The form counts and normalises by itself and never waits for this;
 * the server knows every numbering plan, the workspace's settings and the national alphabets, so its answer wins.
 * Without a network there is simply no answer.
 */
export class Check {
  /** By recipient, why a send would refuse it. */
  refused = $state.raw<ReadonlyMap<string, string>>(new Map())
  #text = $state.raw<{ of: string; answer: Preview } | undefined>(undefined)
  #timers: { to?: ReturnType<typeof setTimeout>; text?: ReturnType<typeof setTimeout> } = {}

  recipients(to: string[]) {
    clearTimeout(this.#timers.to)
    if (!to.length) {
      this.refused = new Map()
      return
    }
    this.#timers.to = setTimeout(() => {
      preview({ to: to.slice(0, 1000) }).then(
        (answer) => {
          const bad = answer.recipients.filter((r) => r.problem)
          this.refused = new Map(bad.map((r) => [r.raw, r.problem!.detail]))
        },
        () => undefined,
      )
    }, WAIT_MS)
  }

  text(text: string, from: string) {
    clearTimeout(this.#timers.text)
    if (!text) return
    this.#timers.text = setTimeout(() => {
      preview({ text, ...(from ? { from } : {}) }).then(
        (answer) => (this.#text = { of: text, answer }),
        () => undefined,
      )
    }, WAIT_MS)
  }

  /** The answer for exactly this text, if it is there. */
  of(text: string): Preview | undefined {
    return this.#text?.of === text ? this.#text.answer : undefined
  }

  stop() {
    clearTimeout(this.#timers.to)
    clearTimeout(this.#timers.text)
  }
}
