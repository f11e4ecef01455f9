import { asProblem } from '$lib/api/problem'

/** Thrown when the person closed the question for the password: nothing went wrong, nothing was done. */
export class Dismissed extends Error {}

/** Asks for the password again where the server wants it before something sensitive, then goes on. */
class Reauth {
  open = $state(false)
  #answer: ((ok: boolean) => void) | undefined

  /** Runs a call; when the server asks for the password first, asks, and runs it once more. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (e) {
      if (asProblem(e).code !== 'reauth_required') throw e
      if (!(await this.#ask())) throw new Dismissed()
      return work()
    }
  }

  /** The dialog calls this: `true` after the server took the password. */
  answer(ok: boolean) {
    this.open = false
    this.#answer?.(ok)
    this.#answer = undefined
  }

  #ask() {
    this.open = true
    return new Promise<boolean>((resolve) => (this.#answer = resolve))
  }
}

export const reauth = new Reauth()
