import { getMessage, listAttempts, listEvents, listMessages, type MessageQuery } from '$lib/api/messages'
import { asProblem, type Problem } from '$lib/api/problem'
import type { Attempt, Message, MessageStatus, StreamEvent } from '$lib/api/types'
import { stream } from '$lib/realtime/stream.svelte'
import { matches, statusesOf, toQuery, type Filters } from './filters'
import { apply } from './patch'

/** New rows of one burst are shown together: one change of the page however many come. */
const BATCH_MS = 60
const RELOAD_MS = 1000
/** A list left open for days starts again from its first page instead of growing without end. */
const MAX_ROWS = 5000

/**
 * A live list of messages under some filters, newest first. A status change repaints one row and never moves it; new
 * messages join at the top while the reader is there, and wait behind a count while they are not.
 */
export class MessageFeed {
  rows = $state<Message[]>([])
  fresh = $state<Message[]>([])
  /** Messages outside the list that changed so that they now belong to it. */
  changed = $state.raw<ReadonlySet<string>>(new Set())
  loading = $state(false)
  loadingMore = $state(false)
  problem = $state.raw<Problem | undefined>(undefined)
  next = $state<string | undefined>(undefined)
  /** The server stopped its search early: there may be more in the time range. */
  partial = $state(false)
  /** When the rows are a copy from before the network went: of what time. */
  copyOf = $state<string | undefined>(undefined)
  loaded = $state(false)
  pending = $derived(this.fresh.length + this.changed.size)
  /** The view says whether its reader is at the top. */
  atTop = true

  #filters: Filters
  #limit: number
  #byId = new Map<string, Message>()
  #arrived: Message[] = []
  #flush: ReturnType<typeof setTimeout> | undefined
  #reload: ReturnType<typeof setTimeout> | undefined
  #turn = 0
  #underWay = 0
  /** Events that came while a page was on its way: the page may be older than they are. */
  #meanwhile: StreamEvent[] = []

  constructor(filters: Filters, limit = 50) {
    this.#filters = filters
    this.#limit = limit
  }

  /** Follows the stream until the returned function runs. */
  attach() {
    const off = [stream.on((e) => this.#event(e)), stream.onResync(() => void this.load())]
    return () => {
      off.forEach((f) => f())
      clearTimeout(this.#flush)
      clearTimeout(this.#reload)
      this.#flush = this.#reload = undefined
    }
  }

  /** Rows that are already here, such as those of the bootstrap. */
  seed(rows: Message[]) {
    this.#replace(rows)
    this.loaded = true
  }

  /** Loads the first page. What is on screen stays until the answer is there. */
  async load() {
    const turn = ++this.#turn
    this.loading = true
    this.#underWay++
    try {
      let copy: string | undefined
      const page = await listMessages(this.#query(), (at) => (copy = at))
      if (turn !== this.#turn) return
      this.#replace(page.items)
      this.#catchUp()
      this.next = page.next
      this.partial = page.partial
      this.copyOf = copy
      this.problem = undefined
      this.loaded = true
    } catch (e) {
      if (turn === this.#turn) this.problem = asProblem(e)
    } finally {
      if (turn === this.#turn) this.loading = false
      this.#arrivedPage()
    }
  }

  async more() {
    if (!this.next || this.loadingMore) return
    const turn = this.#turn
    this.loadingMore = true
    this.#underWay++
    try {
      const page = await listMessages({ ...this.#query(), cursor: this.next })
      if (turn !== this.#turn) return
      for (const m of page.items) if (!this.#byId.has(m.id)) this.#push(m)
      this.#catchUp()
      this.next = page.next
      this.partial = page.partial
      this.problem = undefined
    } catch (e) {
      if (turn === this.#turn) this.problem = asProblem(e)
    } finally {
      this.loadingMore = false
      this.#arrivedPage()
    }
  }

  /** Brings in what waits behind the count. */
  async showPending() {
    if (this.changed.size || this.rows.length > MAX_ROWS) {
      await this.load()
      return
    }
    const rows = this.fresh
    this.fresh = []
    this.#unshift(rows)
  }

  /** Shows a message of the list as it is now: of what removes a text no event tells. */
  put(m: Message) {
    const row = this.#byId.get(m.id) ?? this.fresh.find((x) => x.id === m.id)
    if (row) Object.assign(row, m)
  }

  find(id: string): Message | undefined {
    return this.#byId.get(id)
  }

  #query(): MessageQuery {
    return { ...toQuery(this.#filters), limit: this.#limit }
  }

  #event(e: StreamEvent) {
    if (this.#underWay) this.#meanwhile.push(e)
    this.#take(e)
  }

  #catchUp() {
    for (const e of this.#meanwhile) this.#take(e)
  }

  #arrivedPage() {
    if (--this.#underWay === 0) this.#meanwhile = []
  }

  #take(e: StreamEvent) {
    if (e.type === 'message.accepted' && e.data.message) {
      this.#arrived.push(e.data.message)
      this.#flush ??= setTimeout(() => this.#admit(), BATCH_MS)
      return
    }
    if (!e.message_id) return
    const waiting = this.#arrived.find((m) => m.id === e.message_id)
    const row = this.#byId.get(e.message_id) ?? this.fresh.find((m) => m.id === e.message_id) ?? waiting
    if (row) apply(row, e)
    else if (e.data.status && statusesOf(this.#filters).includes(e.data.status as MessageStatus))
      this.#entered(e.message_id)
  }

  #admit() {
    this.#flush = undefined
    const known = (id: string) => this.#byId.has(id) || this.fresh.some((x) => x.id === id)
    const once = [...new Map(this.#arrived.map((m) => [m.id, m])).values()]
    const news = once.filter((m) => !known(m.id) && matches(m, this.#filters)).reverse()
    this.#arrived = []
    if (!news.length) return
    if (this.atTop) this.#unshift(news)
    else this.fresh.unshift(...news)
  }

  #entered(id: string) {
    this.changed = new Set([...this.changed, id])
    if (this.atTop)
      this.#reload ??= setTimeout(() => ((this.#reload = undefined), void this.load()), RELOAD_MS)
  }

  #unshift(rows: Message[]) {
    this.rows.unshift(...rows)
    if (this.rows.length > MAX_ROWS && this.atTop) void this.load()
    else for (let i = 0; i < rows.length; i++) this.#byId.set(this.rows[i]!.id, this.rows[i]!)
  }

  #push(m: Message) {
    this.rows.push(m)
    this.#byId.set(m.id, this.rows[this.rows.length - 1]!)
  }

  #replace(rows: Message[]) {
    this.rows = rows
    this.fresh = []
    this.changed = new Set()
    this.#byId = new Map(this.rows.map((m) => [m.id, m]))
  }
}

/** One message with its timeline, live. */
export class MessageDetail {
  message = $state<Message | undefined>(undefined)
  events = $state.raw<StreamEvent[]>([])
  problem = $state.raw<Problem | undefined>(undefined)
  loading = $state(true)
  /** Every hand-over to a provider. */
  attempts = $state.raw<Attempt[]>([])
  /** What providers say that they charge, an attempt each. */
  prices = $derived(this.attempts.flatMap((a) => a.price ?? []))
  #settle: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly id: string,
    known?: Message,
  ) {
    if (known) this.message = { ...known }
  }

  attach() {
    const off = [
      stream.on((e) => e.message_id === this.id && this.#event(e)),
      stream.onResync(() => void this.load()),
    ]
    void this.load()
    return () => {
      off.forEach((f) => f())
      clearTimeout(this.#settle)
    }
  }

  async load() {
    try {
      const [message, events] = await Promise.all([getMessage(this.id), listEvents(this.id)])
      // What came over the stream meanwhile may be newer than the answer.
      const seen = this.events.filter((e) => !events.items.some((x) => x.id === e.id))
      this.events = inOrder([...events.items, ...seen])
      this.message = message
      for (const e of seen) apply(this.message, e)
      this.problem = undefined
      // Without a network the rest is there, from the copy that this device keeps.
      if (message.provider)
        this.attempts = (await listAttempts(this.id).catch(() => undefined))?.items ?? this.attempts
    } catch (e) {
      this.problem = asProblem(e)
    } finally {
      this.loading = false
    }
  }

  /** Shows the event at once. */
  #event(e: StreamEvent) {
    if (this.events.some((x) => x.id === e.id)) return
    this.events = inOrder([...this.events, e])
    if (this.message) apply(this.message, e)
    // An event says what changed, not every field (attempts, parts): the whole follows once things calm down.
    clearTimeout(this.#settle)
    this.#settle = setTimeout(() => void this.load(), 400)
  }
}

const inOrder = (events: StreamEvent[]) => events.sort((a, b) => (a.seq ?? 0) - (b.seq ?? 0))
