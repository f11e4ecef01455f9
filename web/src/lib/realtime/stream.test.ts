import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeSocket } from '../../test/websocket'
import { Stream } from './stream.svelte'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
})
afterEach(() => {
  streams.forEach((s) => s.stop())
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const streams: Stream[] = []
const started = (cursor = 'evt_1') => {
  const stream = new Stream()
  streams.push(stream)
  const seen: string[] = []
  stream.on((e) => seen.push(e.id))
  stream.start(cursor)
  return { stream, seen }
}
const event = (id: string) => ({ id, type: 'message.sent', at: '2026-11-23T09:00:00Z', data: {} })

describe('Stream', () => {
  it('starts after the cursor it is given, and says when it is live', () => {
    const { stream } = started()
    expect(FakeSocket.last.url.href).toMatch(/^ws:.*\/v1\/events\?after=evt_1$/)
    expect(stream.state).toBe('connecting')
    FakeSocket.last.accept()
    expect(stream.state).toBe('live')
  })

  it('resumes after the last event it handed out: none missed, none twice', async () => {
    const { stream, seen } = started()
    FakeSocket.last.accept()
    FakeSocket.last.say(event('evt_2'))
    FakeSocket.last.say(event('evt_3'))
    FakeSocket.last.close()
    expect(stream.state).toBe('retrying')
    await vi.advanceTimersByTimeAsync(2000)
    expect(FakeSocket.all).toHaveLength(2)
    expect(FakeSocket.last.url.searchParams.get('after')).toBe('evt_3')
    FakeSocket.last.accept()
    FakeSocket.last.say(event('evt_4'))
    expect(seen).toEqual(['evt_2', 'evt_3', 'evt_4'])
  })

  it('does not take a ping for an event', () => {
    const { stream, seen } = started()
    FakeSocket.last.accept()
    FakeSocket.last.say({ id: '', type: 'ping' })
    expect(seen).toEqual([])
    expect(stream.cursor).toBe('evt_1')
  })

  it('tells the stores to fetch again when the server has lost the place', () => {
    const { stream, seen } = started()
    const resync = vi.fn()
    stream.onResync(resync)
    FakeSocket.last.accept()
    FakeSocket.last.say({ id: 'evt_90', type: 'resync' })
    expect(resync).toHaveBeenCalledOnce()
    expect(seen).toEqual([])
    expect(stream.cursor).toBe('evt_90')
  })

  it('takes 45 s of silence for a dead connection', async () => {
    const { stream } = started()
    FakeSocket.last.accept()
    await vi.advanceTimersByTimeAsync(44_000)
    expect(stream.state).toBe('live')
    FakeSocket.last.say({ id: '', type: 'ping' })
    await vi.advanceTimersByTimeAsync(44_000)
    expect(stream.state).toBe('live')
    await vi.advanceTimersByTimeAsync(1_001)
    expect(stream.state).toBe('retrying')
  })

  it('calls it offline after three failures, and still tries', async () => {
    const { stream } = started()
    for (let i = 0; i < 3; i++) {
      FakeSocket.last.close()
      await vi.advanceTimersByTimeAsync(40_000)
    }
    expect(stream.state).toBe('offline')
    FakeSocket.last.accept()
    expect(stream.state).toBe('live')
  })

  it('tries at once when the network comes back', () => {
    started()
    FakeSocket.last.accept()
    FakeSocket.last.close()
    window.dispatchEvent(new Event('online'))
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('reports a refused connection, not a broken one', () => {
    const { stream } = started()
    const refused = vi.fn()
    stream.onRefused(refused)
    FakeSocket.last.accept()
    FakeSocket.last.close()
    expect(refused).not.toHaveBeenCalled()
    stream.wake()
    FakeSocket.last.close()
    expect(refused).toHaveBeenCalledOnce()
  })

  it('stays stopped', async () => {
    const { stream, seen } = started()
    const socket = FakeSocket.last
    socket.accept()
    stream.stop()
    socket.say(event('evt_2'))
    await vi.advanceTimersByTimeAsync(60_000)
    expect(FakeSocket.all).toHaveLength(1)
    expect(seen).toEqual([])
    expect(stream.state).toBe('idle')
  })
})
