import { bootstrap } from '$lib/api/account'
import { asProblem, type Problem } from '$lib/api/problem'
import type { Bootstrap, StreamEvent, Workspace } from '$lib/api/types'
import { i18n, t } from '$lib/i18n/index.svelte'
import { stream } from '$lib/realtime/stream.svelte'
import { router } from '$lib/router.svelte'
import { toasts } from './toasts.svelte'

export type SessionState = 'loading' | 'ready' | 'anonymous' | 'setup' | 'failed'

/**
 * Who is signed in, to which workspace, and what they may do: one answer of `/v1/bootstrap`. Owns the beginning and
 * the end of a session: the event stream runs exactly while somebody is signed in.
 */
class Session {
  state = $state<SessionState>('loading')
  boot = $state.raw<Bootstrap | undefined>(undefined)
  problem = $state.raw<Problem | undefined>(undefined)
  permissions = $derived(new Set<string>(this.boot?.me.permissions ?? []))
  #ends = new Set<() => Promise<void> | void>()
  #checking = false
  /** The answer is a copy from before the network went. */
  #copy = false
  #again: ReturnType<typeof setTimeout> | undefined
  #soon = false

  constructor() {
    // A refused connection may mean that the session ended elsewhere. Ask once; a network failure says nothing.
    stream.onRefused(() => void this.check())
    stream.on((e) => this.#heard(e))
  }

  /** Banners tell of providers, credit and unconfirmed messages: an event about them asks again, soon and once. */
  #heard(e: StreamEvent) {
    const soon = /^provider\.|^limit\.|^credit\.|^message\.(unknown|alert)$/.test(e.type)
    if (e.type === 'message.alert')
      toasts.show(t('message.alert'), {
        ms: 0,
        action: { label: t('message.show'), run: () => router.go(`/messages?id=${e.message_id}`) },
      })
    if (!soon && !this.boot?.unconfirmed && !this.boot?.credit) return
    if (soon && !this.#soon) {
      clearTimeout(this.#again) // one that waits longer
      this.#again = undefined
    }
    this.#soon ||= soon
    this.#again ??= setTimeout(
      () => {
        this.#again = undefined
        this.#soon = false
        if (this.state === 'ready') void this.refresh()
      },
      soon ? 1000 : 30_000,
    )
  }

  get user() {
    return this.boot?.me.user
  }
  get workspace() {
    return this.boot?.me.workspace
  }
  get zone() {
    return this.workspace?.time_zone || undefined
  }
  /** Names what this device keeps for this person in this workspace. */
  get owner() {
    return this.workspace && this.user ? `${this.workspace.id}/${this.user.id}` : ''
  }

  /** Nothing has happened since the first answer and nobody has gone anywhere: what it says is of now. */
  get isNew() {
    return !this.#copy && !router.moved && stream.cursor === this.boot?.cursor
  }

  /** Shows a change of the workspace at once, before the server is asked again. */
  setWorkspace(workspace: Workspace) {
    if (this.boot) this.boot = { ...this.boot, me: { ...this.boot.me, workspace } }
    i18n.zone = this.zone
  }

  /** Runs when the session ends, before the next person can sign in: to forget what this one saw. */
  onEnd(f: () => Promise<void> | void) {
    this.#ends.add(f)
  }

  async load() {
    try {
      const boot = await bootstrap(() => (this.#copy = true))
      this.boot = boot
      this.problem = undefined
      i18n.zone = this.zone
      this.state = 'ready'
      if (stream.state === 'idle') stream.start(boot.cursor)
    } catch (e) {
      await this.#failed(asProblem(e))
    }
  }

  /** Asks again without disturbing what is on screen. */
  async refresh() {
    if (this.state !== 'ready') return this.load()
    try {
      const boot = await bootstrap()
      this.boot = boot
      i18n.zone = this.zone
    } catch (e) {
      const problem = asProblem(e)
      if (problem.status === 401) await this.end()
    }
  }

  async check() {
    if (this.#checking || this.state !== 'ready') return
    this.#checking = true
    try {
      await this.refresh()
    } finally {
      this.#checking = false
    }
  }

  /** Forgets everything of this session on this device, except unsent messages, which belong to their writer. */
  async end() {
    stream.stop()
    this.state = 'anonymous'
    this.boot = undefined
    i18n.zone = undefined
    for (const f of this.#ends) await f()
  }

  async #failed(problem: Problem) {
    if (problem.status === 401) await this.end()
    else if (problem.code === 'setup_required') this.state = 'setup'
    else {
      this.problem = problem
      this.state = 'failed'
    }
  }
}

export const session = new Session()
