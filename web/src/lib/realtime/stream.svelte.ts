import type { StreamEvent } from '$lib/api/types'

export type ConnectionState = 'idle' | 'connecting' | 'live' | 'retrying' | 'offline'
type Handler = (e: StreamEvent) => void

const SILENCE_MS = 45_000
const MAX_WAIT_MS = 30_000

/**
 * The single event stream. Views never open sockets: they read stores, stores subscribe here.
 *
 * It resumes from the id of the last event it handed out, so a break of any length neither loses nor repeats one;
 * when the server no longer has that point, it says `resync` and the stores fetch again.
 */
export class Stream {
  /** `navigator.onLine` is true on dead networks, so three failed connections also count as offline. */
  state = $state<ConnectionState>('idle')
  retryIn = $state(0)
  cursor = ''
  #url = '/v1/events'
  #socket: WebSocket | null = null
  #tries = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #countdown: ReturnType<typeof setInterval> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined
  #handlers = new Set<Handler>()
  #resync = new Set<() => void>()
  #refused = new Set<() => void>()
  #listening = false

  /** Subscribes to every event of the workspace. Returns how to stop. */
  on(handler: Handler) {
    this.#handlers.add(handler)
    return () => void this.#handlers.delete(handler)
  }

  /** Called when events were missed for good: fetch what you show again. */
  onResync(handler: () => void) {
    this.#resync.add(handler)
    return () => void this.#resync.delete(handler)
  }

  /** Called when a connection was closed before it opened: the session may have ended. */
  onRefused(handler: () => void) {
    this.#refused.add(handler)
    return () => void this.#refused.delete(handler)
  }

  /** Connects and stays connected until `stop`. Events after `cursor` come first; without one, only new events. */
  start(cursor: string) {
    this.stop()
    this.cursor = cursor
    if (!this.#listening) {
      this.#listening = true
      addEventListener('online', () => this.wake())
      addEventListener('offline', () => {
        if (this.state === 'idle') return
        this.state = 'offline'
        this.#socket?.close()
      })
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') this.wake()
      })
    }
    this.state = 'connecting'
    this.#connect()
  }

  stop() {
    this.state = 'idle'
    this.#tries = 0
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    clearInterval(this.#countdown)
    const socket = this.#socket
    this.#socket = null
    socket?.close()
  }

  /** Tries now instead of at the end of the wait: the network came back, or somebody looks again. */
  wake() {
    if (this.state === 'idle' || this.state === 'live') return
    this.#tries = 0
    this.#connect()
  }

  #connect() {
    clearTimeout(this.#retry)
    clearInterval(this.#countdown)
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN) return
    if (!navigator.onLine) {
      this.state = 'offline'
      return
    }
    this.retryIn = 0
    this.state = this.#tries > 2 ? 'offline' : this.#tries ? 'retrying' : 'connecting'
    const url = new URL(this.#url, location.href)
    url.protocol = url.protocol.replace('http', 'ws')
    if (this.cursor) url.searchParams.set('after', this.cursor)
    const socket = new WebSocket(url)
    this.#socket = socket
    let opened = false
    socket.onopen = () => {
      if (this.#socket !== socket) return
      opened = true
      this.#tries = 0
      this.state = 'live'
      this.#beat(socket)
    }
    socket.onmessage = (frame) => {
      if (this.#socket !== socket) return
      this.#beat(socket)
      this.#receive(String(frame.data))
    }
    socket.onclose = () => {
      if (this.#socket !== socket) return
      this.#socket = null
      clearTimeout(this.#silence)
      if (!opened) this.#refused.forEach((h) => h())
      this.#later()
    }
  }

  #receive(frame: string) {
    const e = JSON.parse(frame) as StreamEvent
    if (e.type === 'ping') return
    if (e.type === 'resync') {
      this.cursor = e.id || this.cursor
      this.#resync.forEach((h) => h())
      return
    }
    if (e.id) this.cursor = e.id
    this.#handlers.forEach((h) => h(e))
  }

  /** The server pings every 20 s: 45 s of silence is a dead connection that nobody has reported. */
  #beat(socket: WebSocket) {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => socket.close(), SILENCE_MS)
  }

  #later() {
    if (this.state === 'idle') return
    if (!navigator.onLine) {
      this.state = 'offline'
      return
    }
    const wait = Math.min(MAX_WAIT_MS, 1000 * 2 ** this.#tries++) * (0.7 + Math.random() * 0.6)
    this.state = this.#tries > 2 ? 'offline' : 'retrying'
    this.retryIn = Math.ceil(wait / 1000)
    this.#countdown = setInterval(() => (this.retryIn = Math.max(0, this.retryIn - 1)), 1000)
    this.#retry = setTimeout(() => this.#connect(), wait)
  }
}

export const stream = new Stream()
