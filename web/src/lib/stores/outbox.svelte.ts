import { send, type SendAnswer, type SendBody } from '$lib/api/messages'
import { asProblem, Problem } from '$lib/api/problem'
import { run } from '$lib/db/idb'
import { stream } from '$lib/realtime/stream.svelte'
import { session } from './session.svelte'

/** One send that the server has not confirmed yet. Body and key never change: a repeat must be the same request. */
export interface OutboxItem {
  /** Idempotency-Key of the send. */
  key: string
  owner: string
  to: string[]
  body: SendBody
  at: string
  tries: number
  /** What the server said when it refused; the item then waits for its writer and is not tried again by itself. */
  refused?: { code: string; title: string; detail: string; fix: string }
}

export type Outcome =
  { kind: 'accepted'; answer: SendAnswer } | { kind: 'waiting' } | { kind: 'refused'; problem: Problem }

const RETRY_MS = 5_000

/**
 * Sends on their way to the server. Each is on disk before the first byte leaves, keeps its Idempotency-Key for life
 * and leaves only when the server has answered: a lost answer, a closed tab or a second tab can delay a send, never
 * double it.
 */
export class Outbox {
  /** Every send on this device; show {@link mine}. */
  #all = $state<OutboxItem[]>([])
  #waiting = new Map<string, (o: Outcome) => void>()
  #busy = false
  #dirty = false
  #again: ReturnType<typeof setTimeout> | undefined
  #started = false

  mine = $derived(this.#all.filter((i) => i.owner === session.owner))

  /** Reads the disk and sends what waits, now and whenever the connection comes back. Call once. */
  async start() {
    if (this.#started) return
    this.#started = true
    await this.#read()
    addEventListener('online', () => void this.flush())
    $effect.root(() => {
      $effect(() => {
        if (stream.state === 'live' && session.owner) void this.flush()
      })
    })
  }

  /**
   * Puts a send on disk and tries it. Resolves `accepted` or `refused` with the server's answer; `waiting` when there
   * is no answer yet: it goes out by itself later. A key that is already here is not added again.
   */
  async submit(key: string, to: string[], body: SendBody): Promise<Outcome> {
    if (this.#all.some((i) => i.key === key)) return { kind: 'waiting' }
    const item: OutboxItem = { key, owner: session.owner, to, body, at: new Date().toISOString(), tries: 0 }
    this.#all.push(item)
    await this.#store(item)
    const outcome = new Promise<Outcome>((resolve) => this.#waiting.set(key, resolve))
    void this.flush()
    return outcome
  }

  /** Tries a refused or waiting send again, unchanged. */
  async retry(key: string) {
    const item = this.#all.find((i) => i.key === key)
    if (!item) return
    delete item.refused
    await this.#store(item)
    await this.flush()
  }

  /** Gives up a send. Only for one that was refused: anything else may already be with the server. */
  async drop(key: string) {
    this.#all = this.#all.filter((i) => i.key !== key)
    this.#settle(key, { kind: 'waiting' })
    await run('outbox', 'readwrite', (s) => s.delete(key)).catch(() => undefined)
  }

  async flush(): Promise<void> {
    if (!session.owner) return
    this.#dirty = true
    if (this.#busy) return
    this.#busy = true
    clearTimeout(this.#again)
    try {
      while (this.#dirty) {
        this.#dirty = false
        if (navigator.locks) await navigator.locks.request('smsir-outbox', () => this.#drain())
        else await this.#drain()
      }
    } finally {
      this.#busy = false
      // Nobody waits in a form for a send that found no network: the form may go on.
      for (const key of [...this.#waiting.keys()]) this.#settle(key, { kind: 'waiting' })
    }
  }

  /** In order, one at a time, each once; the first one without an answer stops the rest. */
  async #drain() {
    await this.#read()
    const tried = new Set<string>()
    for (;;) {
      const item = this.#all.find((i) => i.owner === session.owner && !i.refused && !tried.has(i.key))
      if (!item) return
      tried.add(item.key)
      if (!(await this.#send(item))) return
    }
  }

  async #send(item: OutboxItem): Promise<boolean> {
    try {
      const answer = await send([...item.to], $state.snapshot(item.body), item.key)
      this.#settle(item.key, { kind: 'accepted', answer })
      await this.drop(item.key)
      return true
    } catch (e) {
      const problem = asProblem(e)
      item.tries++
      if (problem.retryable || problem.status === 401) {
        await this.#store(item)
        if (problem.status !== 401) this.#later(problem.retryAfter * 1000 || RETRY_MS)
        return false
      }
      const { code, title, detail, fix } = problem
      if (this.#waiting.has(item.key)) {
        this.#settle(item.key, { kind: 'refused', problem })
        await this.drop(item.key)
      } else {
        item.refused = { code, title, detail, fix }
        await this.#store(item)
      }
      return true
    }
  }

  #later(ms: number) {
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.flush(), Math.min(ms, 60_000))
  }

  #settle(key: string, outcome: Outcome) {
    this.#waiting.get(key)?.(outcome)
    this.#waiting.delete(key)
  }

  async #store(item: OutboxItem) {
    await run('outbox', 'readwrite', (s) => s.put($state.snapshot(item))).catch(() => undefined)
  }

  /** The disk is the truth shared by all tabs; without one (private mode) memory is all there is. */
  async #read() {
    try {
      const stored = await run<OutboxItem[]>('outbox', 'readonly', (s) => s.getAll())
      const unsaved = this.#all.filter(
        (i) => this.#waiting.has(i.key) && !stored.some((x) => x.key === i.key),
      )
      this.#all = [...stored, ...unsaved].sort((a, b) => (a.at < b.at ? -1 : 1))
    } catch {
      // Memory stays as it is.
    }
  }
}

export const outbox = new Outbox()
