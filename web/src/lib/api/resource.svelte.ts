import { asProblem, type Problem } from './problem'

/** One thing loaded from the server: its data, whether it is on the way, and what went wrong. */
export class Resource<T> {
  data = $state.raw<T | undefined>(undefined)
  problem = $state.raw<Problem | undefined>(undefined)
  loading = $state(false)
  #load: () => Promise<T>
  #turn = 0

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** Loads, or loads again. The data on screen stays until new data is there; only the last call counts. */
  async load(): Promise<T | undefined> {
    const turn = ++this.#turn
    this.loading = true
    try {
      const data = await this.#load()
      if (turn !== this.#turn) return undefined
      this.data = data
      this.problem = undefined
      return data
    } catch (e) {
      if (turn === this.#turn) this.problem = asProblem(e)
      return undefined
    } finally {
      if (turn === this.#turn) this.loading = false
    }
  }
}
