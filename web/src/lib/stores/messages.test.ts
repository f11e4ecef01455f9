import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message } from '$lib/api/types'
import { FakeSocket } from '../../test/websocket'
import { event, message } from '../../test/factories'

const listMessages = vi.fn()
const getMessage = vi.fn()
const listEvents = vi.fn()
vi.mock('$lib/api/messages', () => ({ listMessages, getMessage, listEvents }))

const { stream } = await import('$lib/realtime/stream.svelte')
const { MessageDetail, MessageFeed } = await import('./messages.svelte')

const page = (items: Message[], next?: string) => ({ items, next, partial: false })
const say = (e: ReturnType<typeof event>) => FakeSocket.last.say(e)
const arrives = (m: Message) =>
  say(event({ type: 'message.accepted', message_id: m.id, data: { message: m } }))

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  listMessages.mockReset()
  stream.start('evt_0')
  FakeSocket.last.accept()
})
afterEach(() => {
  stream.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

async function feed(items: Message[], filters = {}) {
  const f = new MessageFeed(filters)
  const detach = f.attach()
  listMessages.mockResolvedValue(page(items))
  await f.load()
  return { f, detach }
}

describe('MessageFeed', () => {
  it('changes the status of a row where it stands', async () => {
    const [a, b] = [message(), message()]
    const { f } = await feed([a, b])
    say(event({ type: 'message.delivered', message_id: b.id, data: { status: 'delivered', final: true } }))
    expect(f.rows.map((m) => [m.id, m.status])).toEqual([
      [a.id, 'queued'],
      [b.id, 'delivered'],
    ])
  })

  it('shows a message as it is now: its own row, and none of others', async () => {
    const [a, b] = [message(), message()]
    const { f } = await feed([a, b])
    f.put({ ...b, text: '', text_removed_by: 'request' })
    f.put({ ...message(), text: 'of no row' })
    expect(f.rows.map((m) => [m.id, m.text])).toEqual([
      [a.id, a.text],
      [b.id, ''],
    ])
  })

  it('puts new messages on top while the reader is there, and behind a count while not', async () => {
    const { f } = await feed([message()])
    const first = message()
    arrives(first)
    await vi.advanceTimersByTimeAsync(100)
    expect(f.rows[0]?.id).toBe(first.id)
    f.atTop = false
    const second = message()
    arrives(second)
    await vi.advanceTimersByTimeAsync(100)
    expect(f.rows).toHaveLength(2)
    expect(f.pending).toBe(1)
    say(event({ type: 'message.sent', message_id: second.id, data: { status: 'sent' } }))
    await f.showPending()
    expect(f.rows.map((m) => m.status)).toEqual(['sent', 'queued', 'queued'])
    expect(f.pending).toBe(0)
  })

  it('shows a burst at once, newest first, each message once', async () => {
    const { f } = await feed([])
    const burst = Array.from({ length: 200 }, () => message())
    burst.forEach(arrives)
    arrives(burst[7]!)
    expect(f.rows).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(100)
    expect(f.rows.map((m) => m.id)).toEqual(burst.map((m) => m.id).reverse())
  })

  it('leaves out what the filters leave out, and counts what comes to match', async () => {
    const { f } = await feed([], { status: 'failed' })
    f.atTop = false
    const m = message()
    arrives(m)
    await vi.advanceTimersByTimeAsync(100)
    expect(f.pending).toBe(0)
    say(event({ type: 'message.failed', message_id: m.id, data: { status: 'failed', final: true } }))
    expect(f.pending).toBe(1)
    listMessages.mockResolvedValue(page([{ ...m, status: 'failed', final: true }]))
    await f.showPending()
    expect(f.rows.map((r) => r.id)).toEqual([m.id])
  })

  it('misses nothing that happens while a page is on its way', async () => {
    const a = message()
    const f = new MessageFeed({})
    f.attach()
    let answer = (_: unknown) => {}
    listMessages.mockReturnValue(new Promise((resolve) => (answer = resolve)))
    const loading = f.load()
    const b = message()
    arrives(b)
    say(event({ type: 'message.delivered', message_id: a.id, data: { status: 'delivered', final: true } }))
    answer(page([{ ...a }]))
    await loading
    await vi.advanceTimersByTimeAsync(100)
    expect(f.rows.map((m) => [m.id, m.status])).toEqual([
      [b.id, 'queued'],
      [a.id, 'delivered'],
    ])
  })

  it('fetches again when events were lost', async () => {
    const { f } = await feed([])
    listMessages.mockResolvedValue(page([message()]))
    FakeSocket.last.say({ id: 'evt_9', type: 'resync' })
    await vi.advanceTimersByTimeAsync(0)
    expect(f.rows).toHaveLength(1)
  })

  it('appends pages without repeating a row', async () => {
    const [a, b, c] = [message(), message(), message()]
    const f = new MessageFeed({})
    listMessages.mockResolvedValueOnce(page([a, b], 'cur_2'))
    await f.load()
    listMessages.mockResolvedValueOnce(page([b, c]))
    await f.more()
    expect(listMessages.mock.calls[1]![0]).toMatchObject({ cursor: 'cur_2' })
    expect(f.rows.map((m) => m.id)).toEqual([a.id, b.id, c.id])
    expect(f.next).toBeUndefined()
  })

  it('keeps what it shows when the network fails', async () => {
    const { f } = await feed([message()])
    listMessages.mockRejectedValue(new TypeError('failed'))
    await f.load()
    expect(f.rows).toHaveLength(1)
    expect(f.problem?.network).toBe(true)
  })

  it('stops following when it is put away', async () => {
    const a = message()
    const { f, detach } = await feed([a])
    detach()
    say(event({ type: 'message.sent', message_id: a.id, data: { status: 'sent' } }))
    expect(f.rows[0]?.status).toBe('queued')
  })
})

describe('MessageDetail', () => {
  it('draws its timeline from the stream, in order and each step once', async () => {
    const m = message()
    const one = event({ type: 'message.accepted', message_id: m.id, seq: 1, data: { status: 'queued' } })
    getMessage.mockResolvedValue(m)
    listEvents.mockResolvedValue({ items: [one] })
    const detail = new MessageDetail(m.id)
    const detach = detail.attach()
    await vi.advanceTimersByTimeAsync(0)
    say(one)
    say(event({ type: 'message.sending', message_id: m.id, seq: 2, data: { status: 'sending' } }))
    say(event({ type: 'message.sending', message_id: 'msg_other', seq: 9, data: { status: 'sending' } }))
    expect(detail.events.map((e) => e.seq)).toEqual([1, 2])
    expect(detail.message?.status).toBe('sending')
    detach()
  })
})
