import { summary } from '$lib/api/messages'
import { asProblem, type Problem } from '$lib/api/problem'
import type { Summary } from '$lib/api/types'
import { stream } from '$lib/realtime/stream.svelte'

/** Counting is cheap for the server but not free: at most so often while messages move. */
const EVERY_MS = 2000

/** Today's numbers, asked for again while messages move and somebody looks. */
export class TodayStats {
  data = $state.raw<Summary | undefined>(undefined)
  problem = $state.raw<Problem | undefined>(undefined)
  #timer: ReturnType<typeof setTimeout> | undefined
  #last = 0

  constructor(seed?: Summary) {
    this.data = seed
  }

  attach() {
    const off = [stream.on(() => this.#soon()), stream.onResync(() => void this.load())]
    return () => {
      off.forEach((f) => f())
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  async load() {
    this.#last = Date.now()
    try {
      this.data = await summary()
      this.problem = undefined
    } catch (e) {
      this.problem = asProblem(e)
    }
  }

  #soon() {
    const wait = Math.max(300, this.#last + EVERY_MS - Date.now())
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.load()
    }, wait)
  }
}
