import { asProblem, type Problem } from '$lib/api/problem'
import { router } from '$lib/router.svelte'
import { Personal } from '$lib/sms/personalise'
import { parseRecipients } from '$lib/sms/recipients'
import { drafts, emptyDraft, type Draft, type List } from '$lib/stores/drafts.svelte'
import { session } from '$lib/stores/session.svelte'
import { deviceZone } from '$lib/time/zone'
import { Check } from './check.svelte'
import type { Lengths } from './lengths'
import { everybody, lettersOf } from './letters'

/** What is asked before phones ring at night: nothing (`null`), send all the same, or when the quiet hours end. */
export type Answer = 'now' | 'end' | null

/** The compose form: what it holds, keeps on disk, and sends. Made by the view, with which it lives. */
export class Form {
  owner = session.owner
  draft = $state<Omit<Draft, 'lists'>>(emptyDraft())
  /** Apart from the draft: a thousand people need no proxy each. */
  lists = $state.raw<List[]>([])
  saved = $state(false)
  busy = $state(false)
  problem = $state.raw<Problem | undefined>(undefined)
  whenError = $state('')
  /** Who would be woken, until when; the view asks and calls {@link answer}. */
  asking = $state.raw<ReadonlyMap<string, Date> | undefined>(undefined)
  answer: (a: Answer) => void = () => undefined
  check = new Check()
  #ready = $state(false)
  #timer: ReturnType<typeof setTimeout> | undefined

  zone = $derived(session.zone ?? deviceZone())
  later = $derived(this.draft.sendAt !== '')
  all = $derived(everybody({ to: this.draft.to, lists: this.lists }))
  variables = $derived(new Personal(this.draft.text).variables)
  personal = $derived(this.variables.length > 0)
  letters = $derived(lettersOf(this.draft.text, this.all.people, this.check.known))
  smart = $derived(session.workspace?.smart_encoding ?? false)
  /** Of the letters, when there are variables; told by who counts them. */
  size = $state.raw<Lengths | undefined>(undefined)
  /** What the meter counts: with variables, the longest of all letters. */
  counted = $derived(this.size?.longest?.text ?? this.draft.text)
  max = $derived(session.boot?.limits.batch ?? 1000)

  constructor() {
    $effect(() => this.check.recipients(this.all.people.map((p) => p.to)))
    $effect(() =>
      this.check.text(
        this.counted,
        this.draft.from,
        this.all.people.map((p) => p.to),
      ),
    )
    $effect(() => {
      const { to, text, from, sendAt, clock } = this.draft
      void [to, text, from, sendAt, clock, this.lists]
      this.saved = false
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => void this.save(), 400)
    })
  }

  /** The draft as it stands. */
  hold(): Draft {
    return { ...$state.snapshot(this.draft), lists: this.lists }
  }

  async save() {
    clearTimeout(this.#timer)
    if (!this.#ready || this.busy) return
    const draft = this.hold()
    const some = draft.text !== '' || draft.to.length + draft.lists.length > 0
    this.saved = some ? await drafts.save(this.owner, draft) : (await drafts.clear(this.owner), false)
  }

  /** The draft of this person, then what a link, the palette or another app handed over. */
  async restore() {
    const stored = await drafts.load(this.owner)
    if (stored && !this.draft.text && !this.draft.to.length && !this.lists.length) {
      const { lists, ...draft } = stored
      this.draft = draft
      this.lists = lists
      if (lists.some((l) => l.kind === 'group')) this.#renewed = this.#refresh()
    }
    const given = router.query
    const text = ['title', 'text', 'url']
      .map((k) => given.get(k))
      .filter(Boolean)
      .join('\n')
    if (text) this.draft.text = text
    const to = parseRecipients(given.get('to') ?? '', session.workspace?.country ?? '', this.draft.to)
    if (to.ok.length) this.draft.to = [...this.draft.to, ...to.ok]
    this.#ready = true
    if (given.size) router.go('/compose', { replace: true, keepScroll: true })
  }

  /** Settles when the groups of a restored draft are those of today; a send waits for it. */
  #renewed = Promise.resolve()

  /** A draft may be days old, and its groups other people by now. */
  async #refresh() {
    const { current } = await import('./lists')
    this.lists = await current(this.lists, this.max)
  }

  stop() {
    this.check.stop()
    void this.save()
  }

  /** Sends, when nothing is wrong and the person wants it. What it takes loads after the first view. */
  async submit() {
    if (this.busy) return
    this.busy = true
    this.whenError = ''
    this.problem = undefined
    try {
      await this.#renewed
      await (await import('./submit')).submit(this)
    } catch (e) {
      this.problem = asProblem(e)
    } finally {
      this.busy = false
    }
  }

  /** What is to be kept of the form: nothing any more, since it was sent. */
  async sent() {
    clearTimeout(this.#timer)
    this.#ready = false
    await drafts.clear(this.owner)
  }
}
