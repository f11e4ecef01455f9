/** A WebSocket that a test opens, feeds and breaks by hand. */
export class FakeSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 3
  static all: FakeSocket[] = []
  static get last(): FakeSocket {
    return FakeSocket.all[FakeSocket.all.length - 1]!
  }

  readyState = FakeSocket.CONNECTING
  onopen: (() => void) | null = null
  onmessage: ((e: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  readonly url: URL

  constructor(url: string | URL) {
    this.url = new URL(url)
    FakeSocket.all.push(this)
  }
  accept() {
    this.readyState = FakeSocket.OPEN
    this.onopen?.()
  }
  say(e: object) {
    this.onmessage?.({ data: JSON.stringify(e) })
  }
  close() {
    if (this.readyState === FakeSocket.CLOSED) return
    this.readyState = FakeSocket.CLOSED
    this.onclose?.()
  }
}
