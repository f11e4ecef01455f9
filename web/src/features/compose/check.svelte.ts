import { preview } from '$lib/api/messages'
import type { Preview } from '$lib/api/types'
import type { Values } from '$lib/sms/personalise'

const WAIT_MS = 500
const MAX = 1000

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
  /** By recipient, what the contact is called and its fields. */
  known = $state.raw<ReadonlyMap<string, Values>>(new Map())
  /** By recipient, the time zone of the country. */
  zones = $state.raw<ReadonlyMap<string, string>>(new Map())
  /** By recipient, when the quiet hours end that it is in. */
  quiet = $state.raw<ReadonlyMap<string, Date>>(new Map())
  /** What the whole send would cost, when prices of earlier messages are known. */
  estimate = $state.raw<Preview['estimate']>(undefined)
  #text = $state.raw<{ of: string; answer: Preview } | undefined>(undefined)
  #timers: { to?: ReturnType<typeof setTimeout>; text?: ReturnType<typeof setTimeout> } = {}

  recipients(to: string[]) {
    clearTimeout(this.#timers.to)
    if (!to.length) {
      this.#heard([])
      return
    }
    this.#timers.to = setTimeout(() => void this.ask(to).catch(() => undefined), WAIT_MS)
  }

  /** Asks about recipients at once; for a time, about the quiet hours then. Rejects without an answer. */
  async ask(to: string[], at?: Date): Promise<ReadonlyMap<string, Date>> {
    const answer = await preview({ to: to.slice(0, MAX), ...(at ? { send_at: at.toISOString() } : {}) })
    return this.#heard(answer.recipients, at)
  }

  #heard(list: Preview['recipients'], at?: Date) {
    const quiet = new Map(
      list.flatMap((r) => (r.quiet_until ? [[r.raw, new Date(r.quiet_until)] as const] : [])),
    )
    this.refused = new Map(list.flatMap((r) => (r.problem ? [[r.raw, r.problem.detail] as const] : [])))
    this.optedOut = list.filter((r) => r.opted_out).map((r) => r.name || r.e164 || r.raw)
    this.known = new Map(
      list.flatMap((r) =>
        r.name || r.fields ? [[r.raw, { ...r.fields, ...(r.name ? { name: r.name } : {}) }] as const] : [],
      ),
    )
    this.zones = new Map(list.flatMap((r) => (r.time_zone ? [[r.raw, r.time_zone] as const] : [])))
    if (!at) this.quiet = quiet
    return quiet
  }

  text(text: string, from: string, to: string[]) {
    clearTimeout(this.#timers.text)
    this.estimate = undefined
    if (!text) return
    this.#timers.text = setTimeout(() => {
      preview({ text, to: to.slice(0, MAX), ...(from ? { from } : {}) }).then(
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
