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
  /** Who has opted out: by name where there is one. A send records them as blocked. */
  optedOut = $state.raw<readonly string[]>([])
  /** What the whole send would cost, when prices of earlier messages are known. */
  estimate = $state.raw<Preview['estimate']>(undefined)
  #text = $state.raw<{ of: string; answer: Preview } | undefined>(undefined)
  #timers: { to?: ReturnType<typeof setTimeout>; text?: ReturnType<typeof setTimeout> } = {}

  recipients(to: string[]) {
    clearTimeout(this.#timers.to)
    if (!to.length) {
      this.refused = new Map()
      this.optedOut = []
      return
    }
    this.#timers.to = setTimeout(() => {
      preview({ to: to.slice(0, 1000) }).then(
        (answer) => {
          const bad = answer.recipients.filter((r) => r.problem)
          this.refused = new Map(bad.map((r) => [r.raw, r.problem!.detail]))
          this.optedOut = answer.recipients.filter((r) => r.opted_out).map((r) => r.name || r.e164 || r.raw)
        },
        () => undefined,
      )
    }, WAIT_MS)
  }

  text(text: string, from: string, to: string[]) {
    clearTimeout(this.#timers.text)
    this.estimate = undefined
    if (!text) return
    this.#timers.text = setTimeout(() => {
      preview({ text, to: to.slice(0, 1000), ...(from ? { from } : {}) }).then(
        (answer) => {
          this.#text = { of: text, answer }
          this.estimate = answer.estimate
        },
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
